package osfs

import (
	"bytes"
	"errors"
	iofs "io/fs"
	"os"
	"strconv"

	"golang.org/x/sys/unix"

	"github.com/holdfast-lock/holdfast/fs"
)

func pidNamespace() (uint64, error) {
	var st unix.Stat_t
	err := retryInterrupted(func() error { return unix.Stat("/proc/self/ns/pid", &st) })
	return st.Ino, err
}

// initialPIDNamespace is the inode number of the first pid namespace, from which every process can be seen (PROC_PID_INIT_INO of the kernel).
const initialPIDNamespace = 0xEFFFFFFC

// livenessInside judges a process that this one's own namespace does not have. It may have its number in another one, inside.
func livenessInside(self, id fs.Identity) fs.Liveness {
	if self.PIDNamespace != initialPIDNamespace {
		return fs.Unknown // it may be outside
	}
	if _, err := stat(1); err != nil {
		return fs.Unknown // processes of others are hidden here (hidepid)
	}
	all, err := os.ReadDir("/proc")
	if err != nil {
		return fs.Unknown
	}
	for _, entry := range all {
		pid, err := strconv.Atoi(entry.Name())
		if err != nil || pid == id.PID || numberInside(pid) != id.PID { // its own number has been judged
			continue
		}
		if exists, _ := processExists(pid); !exists {
			continue
		}
		start, err := startOf(pid)
		if errors.Is(err, iofs.ErrNotExist) || err == nil && id.Start != 0 && start != id.Start {
			continue // it has just ended, or is another one
		}
		return fs.Alive
	}
	return fs.Dead
}

// numberInside returns the number that a process has in its own namespace, as the kernel says in the line NSpid; 0 if it is gone.
func numberInside(pid int) int {
	b, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/status")
	if err != nil {
		return 0
	}
	_, numbers, _ := bytes.Cut(b, []byte("\nNSpid:"))
	numbers, _, _ = bytes.Cut(numbers, []byte("\n"))
	fields := bytes.Fields(numbers)
	if len(fields) == 0 {
		return pid // a kernel without namespaces
	}
	inside, _ := strconv.Atoi(string(fields[len(fields)-1]))
	return inside
}
