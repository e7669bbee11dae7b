// Package fence keeps a number that grows with every acquisition of a lock.
//
// The number lies in a file of its own next to the lock file, because other programs truncate the lock file itself. It is synced before the
// acquisition is told to anybody, so that no number is given twice, not even after a power failure.
package fence

import (
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	iofs "io/fs"
	"math"
	"path/filepath"

	"github.com/holdfast-lock/holdfast/fs"
	"github.com/holdfast-lock/holdfast/lock/internal/sidecar"
)

// Suffix is what the name of the file adds to that of the lock file.
const Suffix = ".fence"

// The file is a ring of slots. The number n lies in slot n modulo slots, as 20 decimal digits and the CRC-32 (IEEE) of these digits in 8 hexadecimal ones:
//
//	00000000000000000042 5a1c09e3\n
//
// A number is written while the file is locked, and synced afterwards: a sync takes long, and a process that is stopped in it must not keep the others out. So
// several numbers can be on their way to the disk, and a power failure may tear the slots of them all. Therefore the first number of each half of the ring is
// written only when all before it are on the disk: then the other half still holds the last of these. So is the second number of all: a file in which no slot is whole is one that
// nobody was told a number of, if there are but remains of the first. The first number also waits for the name of the file, and those of the directories that lead to it, to be on the disk, and
// with it do all that follow.
const (
	slotSize = 20 + 1 + 8 + 1
	slots    = 16
	half     = slots / 2
)

var (
	// ErrDamaged says that the file has content, no slot of it is whole, and a number may have been told.
	ErrDamaged = errors.New("the fencing number cannot be read")
	// ErrMoved says that the lock file has lost its name.
	ErrMoved = errors.New("the lock file has lost its name")
)

// Next returns a number that is larger than every one that was returned before, in any process, for the lock file at path. The caller has locked the file id under that name. It blocks for
// a sync of the number's file.
//
// It returns ErrMoved, and no number, if another file has the name: then somebody may have the lock who was not kept from it, and the numbers must grow in the order in which the lock was
// held. It waits for a short time while another process is inside Next, see [sidecar.Lock]: one that was relieved of the lock, or whose lock file was moved.
func Next(ctx context.Context, host fs.Host, path string, id fs.FileID, mode *fs.FileMode) (uint64, error) {
	for settled := uint64(0); ; {
		f, err := sidecar.Lock(ctx, host, path+Suffix, mode)
		if err != nil {
			return 0, err
		}
		n, written, err := advance(host, f, path, id, settled)
		if unlockErr := f.Unlock(fs.Whole); err == nil {
			err = unlockErr
		}
		if err == nil {
			err = settle(host, f, n)
		}
		if closeErr := f.Close(); err == nil {
			err = closeErr
		}
		switch {
		case err != nil:
			return 0, err
		case written:
			return n, nil
		}
		settled = n
	}
}

// Last returns the number that was given last, 0 if none was. It takes no lock, so that it may be that of an acquisition which has not been told yet.
func Last(host fs.Host, lockPath string) (uint64, error) {
	f, err := sidecar.Read(host, lockPath+Suffix)
	if f == nil || err != nil {
		return 0, err
	}
	defer f.Close()
	return read(f)
}

// advance writes the next number into the file, which is locked, and returns it. If all before it must be on the disk first, and only those up to settled are known to be, it
// writes nothing and returns the last one.
func advance(host fs.Host, f fs.File, path string, id fs.FileID, settled uint64) (n uint64, written bool, err error) {
	// Looked at while the file is locked, so that the order of the numbers is that in which the lock was held.
	if same, err := sidecar.InPlace(host, path, id); err != nil {
		return 0, false, err
	} else if !same {
		return 0, false, fmt.Errorf("%s: %w", path, ErrMoved)
	}
	last, err := read(f)
	switch {
	case err != nil:
		return 0, false, err
	case last == math.MaxUint64:
		return 0, false, fmt.Errorf("%s: there is no larger number: restore the file", f.Name())
	case last > settled && (last == 1 || (last+1)%half == 0):
		return last, false, nil
	}
	n = last + 1
	_, err = f.WriteAt(encode(n), int64(n%slots)*slotSize)
	return n, true, err
}

// settle returns when the numbers up to n are on the disk.
func settle(host fs.Host, f fs.File, n uint64) error {
	if err := f.Sync(); err != nil || n > 1 {
		return err
	}
	dir := filepath.Dir(f.Name())
	if err := syncDir(host, dir); err != nil && !errors.Is(err, fs.ErrUnsupported) {
		return err
	}
	// The directory, and those above it, may have been made a moment ago, by this process or another one. Those that cannot be synced are not for this user to make anything in.
	for parent := filepath.Dir(dir); parent != dir; parent = filepath.Dir(dir) {
		dir = parent
		if err := syncDir(host, dir); err != nil && !errors.Is(err, fs.ErrUnsupported) && !errors.Is(err, iofs.ErrPermission) {
			return err
		}
	}
	return nil
}

func syncDir(host fs.Host, path string) error {
	dir, err := host.Open(path, fs.ReadOnly|fs.Directory, 0)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// read returns the largest number in the file.
func read(f fs.File) (uint64, error) {
	var buf [slots * slotSize]byte
	size, err := f.ReadAt(buf[:], 0)
	if err != nil && err != io.EOF {
		return 0, err
	}
	var n uint64
	for i := range uint64(size / slotSize) {
		if m, ok := decode(buf[i*slotSize : (i+1)*slotSize]); ok && m%slots == i {
			n = max(n, m)
		}
	}
	if n == 0 && !untold(buf[:size]) {
		return 0, fmt.Errorf("%s: %w: restore the file, or remove it if nothing that checks the number remembers an old one", f.Name(), ErrDamaged)
	}
	return n, nil
}

// untold reports whether a file without a whole slot can be what a power failure or a full disk left of the first number before anybody was told it. What was not written reads as
// zeros, or the file ends there.
func untold(content []byte) bool {
	if len(content) == 0 {
		return true
	}
	if len(content) <= slotSize || len(content) > 2*slotSize { // cut off by somebody, or there were more numbers
		return false
	}
	for i, b := range content {
		if b != 0 && (i < slotSize || b != encode(1)[i-slotSize]) {
			return false
		}
	}
	return true
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
