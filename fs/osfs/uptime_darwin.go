package osfs

import "golang.org/x/sys/unix"

// uptimeClock counts suspension. CLOCK_MONOTONIC does so too, but follows the adjustments of the wall clock.
const uptimeClock = unix.CLOCK_MONOTONIC_RAW
