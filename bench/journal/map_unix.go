//go:build unix

package journal

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// mapFile maps the whole of an open file, and closes the file if it cannot.
func mapFile(f *os.File) ([]byte, error) {
	info, err := f.Stat()
	if err == nil && info.Size() < headerSize {
		err = &os.PathError{Op: "mmap", Path: f.Name(), Err: errForeign}
	}
	var memory []byte
	if err == nil {
		memory, err = unix.Mmap(int(f.Fd()), 0, int(info.Size()), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
		err = os.NewSyscallError("mmap", err)
	}
	if err != nil {
		f.Close()
	}
	return memory, err
}

func unmapFile(f *os.File, memory []byte) error {
	return errors.Join(os.NewSyscallError("munmap", unix.Munmap(memory)), f.Close())
}
