package journal

import (
	"errors"
	"os"
	"unsafe"

	"golang.org/x/sys/windows"
)

// mapping is a temporary file, which its maker removes.
type mapping struct {
	file   *os.File
	object windows.Handle
	made   bool
}

func createMapping(size int64) (mapping, []byte, error) {
	f, err := os.CreateTemp("", "holdfast-journal-*")
	if err != nil {
		return mapping{}, nil, err
	}
	err = f.Truncate(size)
	var m mapping
	var memory []byte
	if err == nil {
		m, memory, err = mapFile(f)
	}
	if err != nil {
		f.Close()
		os.Remove(f.Name())
		return mapping{}, nil, err
	}
	m.made = true
	return m, memory, nil
}

func openMapping(name string) (mapping, []byte, error) {
	f, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		return mapping{}, nil, err
	}
	m, memory, err := mapFile(f)
	if err != nil {
		f.Close()
	}
	return m, memory, err
}

func mapFile(f *os.File) (mapping, []byte, error) {
	info, err := f.Stat()
	if err != nil {
		return mapping{}, nil, err
	}
	if info.Size() < headerSize {
		return mapping{}, nil, &os.PathError{Op: "map", Path: f.Name(), Err: errForeign}
	}
	object, err := windows.CreateFileMapping(windows.Handle(f.Fd()), nil, windows.PAGE_READWRITE, 0, 0, nil)
	if err != nil {
		return mapping{}, nil, os.NewSyscallError("CreateFileMapping", err)
	}
	address, err := windows.MapViewOfFile(object, windows.FILE_MAP_READ|windows.FILE_MAP_WRITE, 0, 0, 0)
	if err != nil {
		windows.CloseHandle(object)
		return mapping{}, nil, os.NewSyscallError("MapViewOfFile", err)
	}
	memory := unsafe.Slice(*(**byte)(unsafe.Pointer(&address)), info.Size())
	return mapping{file: f, object: object}, memory, nil
}

func (m mapping) name() string { return m.file.Name() }

func (m mapping) close(memory []byte) error {
	err := errors.Join(
		os.NewSyscallError("UnmapViewOfFile", windows.UnmapViewOfFile(uintptr(unsafe.Pointer(&memory[0])))),
		os.NewSyscallError("CloseHandle", windows.CloseHandle(m.object)),
		m.file.Close())
	if m.made {
		os.Remove(m.file.Name())
	}
	return err
}
