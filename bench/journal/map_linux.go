package journal

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// mapping is a file that has no name in any directory, so that nothing is left behind however the processes end. Others reach it through /proc.
type mapping struct{ file *os.File }

func createMapping(size int64) (mapping, []byte, error) {
	fd, err := unix.MemfdCreate("holdfast journal", unix.MFD_CLOEXEC)
	if err != nil {
		return mapping{}, nil, os.NewSyscallError("memfd_create", err)
	}
	m := mapping{os.NewFile(uintptr(fd), "journal")}
	if err := m.file.Truncate(size); err != nil {
		m.file.Close()
		return mapping{}, nil, err
	}
	memory, err := mapFile(m.file)
	return m, memory, err
}

func openMapping(name string) (mapping, []byte, error) {
	f, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		return mapping{}, nil, err
	}
	memory, err := mapFile(f)
	return mapping{f}, memory, err
}

func (m mapping) name() string { return fmt.Sprintf("/proc/%d/fd/%d", os.Getpid(), m.file.Fd()) }

func (m mapping) close(memory []byte) error { return unmapFile(m.file, memory) }
