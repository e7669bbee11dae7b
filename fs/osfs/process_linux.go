package osfs

import (
	"bytes"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

func bootID() string {
	b, _ := os.ReadFile("/proc/sys/kernel/random/boot_id")
	return strings.TrimSpace(string(b))
}

func pidNamespace() uint64 {
	var st unix.Stat_t
	if unix.Stat("/proc/self/ns/pid", &st) != nil {
		return 0
	}
	return st.Ino
}

// initialPIDNamespace is the inode number of the first pid namespace, from which every process can be seen (PROC_PID_INIT_INO of the kernel).
const initialPIDNamespace = 0xEFFFFFFC

// stat returns the fields of /proc/PID/stat from the third, the state, on. The second is the command in parentheses and may itself contain
// blanks and parentheses.
func stat(pid int) ([]string, bool) {
	b, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return nil, false
	}
	end := bytes.LastIndexByte(b, ')')
	fields := strings.Fields(string(b[end+1:]))
	return fields, len(fields) > 19
}

// startOf returns the start time in clock ticks since boot, field 22 of /proc/PID/stat.
func startOf(pid int) (uint64, bool) {
	fields, ok := stat(pid)
	if !ok {
		return 0, false
	}
	start, err := strconv.ParseUint(fields[19], 10, 64)
	return start, err == nil
}

func processExists(pid int) (exists, known bool) {
	if err := unix.Kill(pid, 0); err == unix.ESRCH {
		return false, true
	}
	if fields, ok := stat(pid); ok && fields[0] == "Z" && fields[17] == "1" {
		return false, true // exited and waiting to be reaped, with no thread left: it holds nothing any more
	}
	return true, true
}
