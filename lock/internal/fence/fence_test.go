package fence

import (
	"errors"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/holdfast-lock/holdfast/fs"
	"github.com/holdfast-lock/holdfast/fs/osfs"
)

// disk is a host that remembers what of the number's file would survive a power failure, and on which processes die on their way.
type disk struct {
	fs.Host
	dies    func(step string) bool
	content []byte // as it was synced last
	named   bool   // the name was synced
	pending []write
}

type write struct {
	at int64
	b  []byte
}

var errKilled = errors.New("killed")

func (d *disk) Open(path string, flag fs.OpenFlag, perm fs.FileMode) (fs.File, error) {
	f, err := d.Host.Open(path, flag, perm)
	if err != nil {
		return nil, err
	}
	return &diskFile{f, d, flag&fs.Directory != 0}, nil
}

type diskFile struct {
	fs.File
	disk      *disk
	directory bool
}

func (f *diskFile) WriteAt(b []byte, at int64) (int, error) {
	if f.disk.dies("write") {
		return 0, errKilled
	}
	f.disk.pending = append(f.disk.pending, write{at, slices.Clone(b)})
	return f.File.WriteAt(b, at)
}

func (f *diskFile) Sync() error {
	if f.disk.dies("sync") {
		return errKilled
	}
	if f.directory {
		f.disk.named = true
		return nil
	}
	content, err := os.ReadFile(f.Name())
	f.disk.content, f.disk.pending = content, nil
	return err
}

// fail returns what a power failure leaves of the file: of each write since the last sync so many bytes as kept says.
func (d *disk) fail(kept func(length int) int) []byte {
	content := slices.Clone(d.content)
	for _, w := range d.pending {
		if missing := int(w.at) + len(w.b) - len(content); missing > 0 {
			content = append(content, make([]byte, missing)...)
		}
		copy(content[w.at:], w.b[:kept(len(w.b))])
	}
	return content
}

// TestNumbersSurvivePowerFailures: processes are killed at any step, the power fails at any time, and no number is given twice.
func TestNumbersSurvivePowerFailures(t *testing.T) {
	t.Parallel()
	for seed := range uint64(300) {
		random := rand.New(rand.NewPCG(seed, 1))
		path, id := lockFile(t)
		numbers := path + Suffix
		deadly := []float64{0.1, 0.5, 0.9, 0.97}[random.IntN(4)]
		d := &disk{Host: osfs.Default(), dies: func(string) bool { return random.Float64() < deadly }}
		var given uint64
		for range 120 {
			if random.IntN(20) == 0 {
				content := d.fail(func(length int) int { return []int{length, random.IntN(length), 0}[random.IntN(3)] })
				exists := d.named || random.IntN(2) == 0
				os.Remove(numbers)
				if exists {
					if err := os.WriteFile(numbers, content, 0o600); err != nil {
						t.Fatal(err)
					}
				}
				d.content, d.pending = content, nil
				if !exists {
					d.content = nil
				}
			}
			n, err := Next(t.Context(), d, path, id, nil)
			switch {
			case errors.Is(err, errKilled):
			case errors.Is(err, ErrDamaged) && given == 0:
				os.Remove(numbers) // nobody has been told a number
				d.content, d.pending, d.named = nil, nil, false
			case err != nil:
				t.Fatalf("seed %d: %v", seed, err)
			case n <= given:
				t.Fatalf("seed %d: %d was given after %d", seed, n, given)
			default:
				given = n
			}
		}
	}
}

// TestLastNumberThatWasToldOutlivesAnyThatWereNot: as many processes as there are slots write their numbers, and die before these are on the disk. Though a power failure
// leaves only the digits of them all, the last number that was told is still there.
func TestLastNumberThatWasToldOutlivesAnyThatWereNot(t *testing.T) {
	t.Parallel()
	for told := range uint64(2 * slots) {
		path, id := lockFile(t)
		deadly, before := false, ""
		d := &disk{Host: osfs.Default(), dies: func(step string) bool {
			dies := deadly && before == "write" && step == "sync"
			before = step
			return dies
		}}
		for n := range told + 1 {
			if got, err := Next(t.Context(), d, path, id, nil); got != n+1 || err != nil {
				t.Fatalf("%d is followed by %d, %v", n, got, err)
			}
		}
		deadly = true
		for range slots {
			if _, err := Next(t.Context(), d, path, id, nil); !errors.Is(err, errKilled) {
				t.Fatalf("after %d numbers: a process that dies got %v", told+1, err)
			}
		}
		deadly = false
		if err := os.WriteFile(path+Suffix, d.fail(func(int) int { return len("00000000000000000042") }), 0o600); err != nil {
			t.Fatal(err)
		}
		d.pending = nil
		if n, err := Next(t.Context(), d, path, id, nil); n <= told+1 || err != nil {
			t.Errorf("after %d numbers, a power failure, and those that nobody was told: %d, %v", told+1, n, err)
		}
	}
}

func lockFile(t *testing.T) (path string, id fs.FileID) {
	t.Helper()
	dir, err := os.MkdirTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	path = filepath.Join(dir, "work.lock")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	info, err := osfs.Default().Lstat(path)
	if err != nil {
		t.Fatal(err)
	}
	return path, info.ID
}

func TestThereIsANumberAfterTheOthersButNotAfterTheLast(t *testing.T) {
	t.Parallel()
	path, id := lockFile(t)
	last := uint64(math.MaxUint64)
	if err := os.WriteFile(path+Suffix, slices.Concat(make([]byte, int((last-1)%slots)*slotSize), encode(last-1)), 0o600); err != nil {
		t.Fatal(err)
	}
	if n, err := Next(t.Context(), osfs.Default(), path, id, nil); n != last || err != nil {
		t.Fatalf("after %d: %d, %v", last-1, n, err)
	}
	for range 2 {
		if n, err := Next(t.Context(), osfs.Default(), path, id, nil); n != 0 || err == nil || !strings.Contains(err.Error(), path+Suffix+": there is no larger number") {
			t.Errorf("after the last number: %d, %v", n, err)
		}
	}
	if n, err := Last(osfs.Default(), path); n != last || err != nil {
		t.Errorf("the last number is %d, %v", n, err)
	}
}

func TestFileThatLostTheNameGetsNoNumber(t *testing.T) {
	t.Parallel()
	path, id := lockFile(t)
	if n, err := Next(t.Context(), osfs.Default(), path, id, nil); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	if err := errors.Join(os.Rename(path, path+".aside"), os.WriteFile(path, nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	if n, err := Next(t.Context(), osfs.Default(), path, id, nil); n != 0 || !errors.Is(err, ErrMoved) {
		t.Errorf("with another file in its place: %d, %v", n, err)
	}
}
