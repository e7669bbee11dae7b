package osfs

const uptimeClock = 3 // CLOCK_MONOTONIC of sys/time.h
