package kind

// soft: there is none on Windows yet, where a marker that is open cannot be removed.
var soft Table
