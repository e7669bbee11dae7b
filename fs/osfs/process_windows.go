package osfs

import (
	"time"

	"golang.org/x/sys/windows"
)

// Uptime reads the system's tick count, which counts suspension and is the same for all processes. It advances every 10 to 16 ms.
func (h *Host) Uptime() (time.Duration, error) { return windows.DurationSinceBoot(), nil }

// bootID: the system has no number of its start that holds on every machine. Processes are told apart by the time of their start, also across boots.
func bootID() (string, error) { return "", nil }

// startOf returns the start time in units of 100 ns since 1601, as it was written down at the start.
func startOf(pid int) (uint64, error) {
	process, err := windows.OpenProcess(windows.PROCESS_QUERY_LIMITED_INFORMATION, false, uint32(pid))
	if err != nil {
		return 0, err
	}
	defer windows.CloseHandle(process)
	var created, exited, kernel, user windows.Filetime
	err = windows.GetProcessTimes(process, &created, &exited, &kernel, &user)
	return uint64(created.HighDateTime)<<32 | uint64(created.LowDateTime), err
}

// processExists: a process that has ended can still be opened while somebody has a handle of it.
func processExists(pid int) (exists, known bool) {
	process, err := windows.OpenProcess(windows.SYNCHRONIZE, false, uint32(pid))
	switch err {
	case nil:
	case windows.ERROR_INVALID_PARAMETER:
		return false, true
	case windows.ERROR_ACCESS_DENIED:
		return true, true
	default:
		return false, false
	}
	defer windows.CloseHandle(process)
	ended, err := windows.WaitForSingleObject(process, 0)
	return ended != windows.WAIT_OBJECT_0, err == nil
}
