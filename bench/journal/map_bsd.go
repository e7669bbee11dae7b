//go:build unix && !linux

package journal

import "os"

// mapping is a temporary file, which its maker removes.
type mapping struct {
	file *os.File
	made bool
}

func createMapping(size int64) (mapping, []byte, error) {
	f, err := os.CreateTemp("", "holdfast-journal-*")
	if err != nil {
		return mapping{}, nil, err
	}
	if err := f.Truncate(size); err != nil {
		f.Close()
		os.Remove(f.Name())
		return mapping{}, nil, err
	}
	memory, err := mapFile(f)
	if err != nil {
		os.Remove(f.Name())
	}
	return mapping{f, true}, memory, err
}

func openMapping(name string) (mapping, []byte, error) {
	f, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		return mapping{}, nil, err
	}
	memory, err := mapFile(f)
	return mapping{f, false}, memory, err
}

func (m mapping) name() string { return m.file.Name() }

func (m mapping) close(memory []byte) error {
	err := unmapFile(m.file, memory)
	if m.made {
		os.Remove(m.file.Name())
	}
	return err
}
