package fs

// Host is a machine as one process on it sees it. A Host value must be comparable and stands for one process: two values that are equal
// share their in-process queues, two that are not exclude each other only through the files.
type Host interface {
	Files
	Clock
	Tasks
	Process
	Random
}

// Random is the host's source of randomness.
type Random interface {
	// Random fills p with random bytes. It is used for names that must not collide and for jitter, never for secrets.
	Random(p []byte)
}
