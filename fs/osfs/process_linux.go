package osfs

import (
	"bytes"
	"io"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

func bootID() (string, error) {
	b, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	return strings.TrimSpace(string(b)), err
}

// stat returns the fields of /proc/PID/stat from the third, the state, on. The second is the command in parentheses and may itself contain
// blanks and parentheses.
func stat(pid int) ([]string, error) {
	b, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return nil, err
	}
	end := bytes.LastIndexByte(b, ')')
	fields := strings.Fields(string(b[end+1:]))
	if len(fields) <= 19 {
		return nil, io.ErrUnexpectedEOF
	}
	return fields, nil
}

// startOf returns the start time in clock ticks since boot, field 22 of /proc/PID/stat.
func startOf(pid int) (uint64, error) {
	fields, err := stat(pid)
	if err != nil {
		return 0, err
	}
	return strconv.ParseUint(fields[19], 10, 64)
}

func processExists(pid int) (exists, known bool) {
	if err := unix.Kill(pid, 0); err == unix.ESRCH {
		return false, true
	}
	if fields, err := stat(pid); err == nil && fields[0] == "Z" && fields[17] == "1" {
		return false, true // exited and waiting to be reaped, with no thread left: it holds nothing any more
	}
	return true, true
}
