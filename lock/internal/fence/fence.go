// Package fence keeps a number that grows with every acquisition of a lock.
//
// The number lies in a file of its own next to the lock file, because other programs truncate the lock file itself. It is written before the
// acquisition is told to anybody and synced, so that no number is given twice, not even after a power failure.
package fence

import (
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math"
	"path/filepath"

	"github.com/holdfast-lock/holdfast/fs"
	"github.com/holdfast-lock/holdfast/lock/internal/sidecar"
)

// Suffix is what the name of the file adds to that of the lock file.
const Suffix = ".fence"

// The file consists of two slots. A number goes into the slot that holds the older one, so that a write which a power failure cuts short leaves
// the newer one readable. A slot is the number in 20 decimal digits and the CRC-32 (IEEE) of these digits in 8 hexadecimal ones:
//
//	00000000000000000042 5a1c09e3\n
const slotSize = 20 + 1 + 8 + 1

// ErrDamaged says that the file has content, and no slot of it is whole.
var ErrDamaged = errors.New("the fencing number cannot be read")

// Next returns a number that is larger than every one that was returned before, in any process, for the lock file at path. It blocks for
// a sync of the file. It waits for a short time while another process is inside Next, see [sidecar.Lock]: this happens only to a lock file that was moved under its holder,
// and then the number still grows.
func Next(ctx context.Context, host fs.Host, path string, mode *fs.FileMode) (uint64, error) {
	f, err := sidecar.Lock(ctx, host, path+Suffix, mode)
	if err != nil {
		return 0, err
	}
	n, err := advance(host, f)
	if unlockErr := sidecar.Unlock(f); err == nil {
		err = unlockErr
	}
	return n, err
}

// Last returns the number that was given last, 0 if none was. It takes no lock; beside a concurrent Next it may be one behind.
func Last(host fs.Host, lockPath string) (uint64, error) {
	f, err := sidecar.Read(host, lockPath+Suffix)
	if f == nil || err != nil {
		return 0, err
	}
	defer f.Close()
	n, _, err := read(f)
	return n, err
}

func advance(host fs.Host, f fs.File) (uint64, error) {
	last, slot, err := read(f)
	if err != nil {
		return 0, err
	}
	if last == math.MaxUint64 {
		return 0, fmt.Errorf("%s: there is no larger number: restore the file", f.Name())
	}
	next := last + 1
	if _, err := f.WriteAt(encode(next), int64(1-slot)*slotSize); err != nil {
		return 0, err
	}
	if err := f.Sync(); err != nil || last != 0 {
		return next, err
	}
	return next, syncDir(host, filepath.Dir(f.Name())) // the name of the file is new
}

func syncDir(host fs.Host, path string) error {
	dir, err := host.Open(path, fs.ReadOnly|fs.Directory, 0)
	if err == nil {
		err = dir.Sync()
		dir.Close()
	}
	if errors.Is(err, fs.ErrUnsupported) {
		return nil
	}
	return err
}

// read returns the larger of the numbers in the slots, and its slot.
func read(f fs.File) (n uint64, slot int, err error) {
	var buf [2 * slotSize]byte
	size, err := f.ReadAt(buf[:], 0)
	if err != nil && err != io.EOF {
		return 0, 0, err
	}
	if size == 0 {
		return 0, 1, nil
	}
	whole := false
	for i := range 2 {
		if m, ok := decode(buf[i*slotSize : (i+1)*slotSize]); ok && (!whole || m > n) {
			n, slot, whole = m, i, true
		}
	}
	if !whole {
		return 0, 0, fmt.Errorf("%s: %w: restore the file, or remove it if nothing that checks the number remembers an old one", f.Name(), ErrDamaged)
	}
	return n, slot, nil
}

func encode(n uint64) []byte {
	digits := fmt.Sprintf("%020d", n)
	return fmt.Appendf(nil, "%s %08x\n", digits, crc32.ChecksumIEEE([]byte(digits)))
}

func decode(b []byte) (n uint64, ok bool) {
	for _, d := range b[:20] {
		if d < '0' || d > '9' {
			return 0, false
		}
		n = n*10 + uint64(d-'0')
	}
	return n, string(encode(n)) == string(b)
}
