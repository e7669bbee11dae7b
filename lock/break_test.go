//go:build !windows

package lock_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/holdfast-lock/holdfast/fs"
	"github.com/holdfast-lock/holdfast/fs/osfs"
	"github.com/holdfast-lock/holdfast/lock"
	"github.com/holdfast-lock/holdfast/lock/internal/marker"
)

// elsewhere is the record of a holder on a machine of which nothing can be said.
const elsewhere = "4711\nweb-3\n"

func writeFile(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o666); err != nil {
		t.Fatal(err)
	}
}

// judge returns what Status shows of the marker.
func judge(t *testing.T, l *lock.Lock) *lock.Record {
	t.Helper()
	st, err := l.Status()
	if err != nil {
		t.Fatal(err)
	}
	return st.Record
}

// TestBreakOfWhateverIsThere: any marker can be broken, and afterwards the lock is free.
func TestBreakOfWhateverIsThere(t *testing.T) {
	t.Parallel()
	lease, err := marker.Record{Kind: marker.Lease, PID: 7, Host: "web-3", Token: strings.Repeat("a", 32), Duration: 30}.Encode()
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ content, says string }{
		"another machine": {elsewhere, "pid 4711 on web-3 since "},
		"hostile name":    {"1\nweb\x1b[2J\n", `pid 1 on "web\x1b[2J" since `},
		"lease":           {string(lease), "pid 7 on web-3 by a lease of 30s, refreshed "},
		"later mode":      {"filelock/2\npid=7\nhost=web-3\nmode=new\n", "pid 7 on web-3 since "},
		"cut off":         {"filelock/2\nhost=web-3\nmode=new\npid=7", "a holder whose record was cut off, written "},
		"empty":           {"", "an empty marker, made "},
		"no record":       {"garbage", "a marker that is no record (not 2 or 3 lines but 1), written "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "work.lock")
			writeFile(t, path, c.content)
			var told []lock.Event
			l := openSoft(t, path, lock.Observe(observe(func(e lock.Event) { told = append(told, e) })))
			judged := judge(t, l)
			if !strings.HasPrefix(judged.String(), c.says) {
				t.Errorf("the record is %q", judged)
			}
			if err := l.Break(judged); err != nil {
				t.Fatal(err)
			}
			if len(told) != 1 || told[0].Kind != lock.EventBroke || told[0].Evidence != "by force: "+judged.String() {
				t.Errorf("the observer was told %+v", told)
			}
			wantNames(t, filepath.Dir(path))
			h, err := l.TryAcquire(context.Background())
			if err != nil {
				t.Fatal(err)
			}
			h.Release()
		})
	}
}

// TestBreakOfALiveHolder: the holder is told at its release, and its successor is not disturbed by that.
func TestBreakOfALiveHolder(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "work.lock")
	holder, next := openSoft(t, path, lock.Host(osfs.New())), openSoft(t, path, lock.Host(osfs.New()))
	h, err := holder.Acquire(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if pid := next.PID(); pid != os.Getpid() || !next.HeldByThisProcess() {
		t.Errorf("the marker names %d, this process: %t", pid, next.HeldByThisProcess())
	}
	if err := next.Break(judge(t, next)); err != nil {
		t.Fatal(err)
	}
	if !holder.HeldHere() || holder.HeldByThisProcess() || holder.PID() != 0 {
		t.Errorf("of a hold whose marker is gone HeldHere says %t, HeldByThisProcess %t, PID %d", holder.HeldHere(), holder.HeldByThisProcess(), holder.PID())
	}
	n, err := next.TryAcquire(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if err := h.Release(); !errors.Is(err, lock.ErrLost) {
		t.Errorf("Release returned %v, want ErrLost", err)
	}
	if err := n.Release(); err != nil {
		t.Errorf("the successor's marker was touched: %v", err)
	}
	wantNames(t, filepath.Dir(path))
}

// TestBreakLeavesAloneWhatHasChanged since it was looked at.
func TestBreakLeavesAloneWhatHasChanged(t *testing.T) {
	t.Parallel()
	past := time.Now().Add(-time.Hour)
	for name, c := range map[string]struct {
		change func(path string) error
		want   error
	}{
		"removed": {os.Remove, lock.ErrChanged},
		"replaced": {func(path string) error {
			return errors.Join(os.WriteFile(path+".new", []byte(elsewhere), 0o666), os.Chtimes(path+".new", past, past), os.Rename(path+".new", path))
		}, lock.ErrChanged},
		"written": {func(path string) error {
			return errors.Join(os.WriteFile(path, []byte("4712\nweb-3\n"), 0o666), os.Chtimes(path, past, past))
		}, lock.ErrChanged},
		"cut off":   {func(path string) error { return errors.Join(os.Truncate(path, 5), os.Chtimes(path, past, past)) }, lock.ErrChanged},
		"refreshed": {func(path string) error { return os.Chtimes(path, past, past.Add(time.Second)) }, lock.ErrChanged},
		"a link": {func(path string) error {
			return errors.Join(os.Rename(path, path+".old"), os.Symlink(path+".old", path))
		}, fs.ErrSymlink},
		"directory": {func(path string) error { return errors.Join(os.Remove(path), os.Mkdir(path, 0o777)) }, fs.ErrIsDirectory},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "work.lock")
			writeFile(t, path, elsewhere)
			if err := os.Chtimes(path, past, past); err != nil {
				t.Fatal(err)
			}
			l := openSoft(t, path)
			judged := judge(t, l)
			if err := c.change(path); err != nil {
				t.Fatal(err)
			}
			before, _ := os.ReadDir(filepath.Dir(path))
			err := l.Break(judged)
			if !errors.Is(err, c.want) || !strings.Contains(fmt.Sprint(err), path) {
				t.Errorf("Break returned %v, want %v", err, c.want)
			}
			if after, _ := os.ReadDir(filepath.Dir(path)); fmt.Sprint(before) != fmt.Sprint(after) {
				t.Errorf("the directory held %v, and holds %v", before, after)
			}
		})
	}
}

// TestWhatCannotBeBroken, and why.
func TestWhatCannotBeBroken(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	native := open(t, filepath.Join(dir, "native"))
	h, err := native.Acquire(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	defer h.Release()
	for name, content := range map[string]string{"strict": marker.Sentinel, "data": strings.Repeat("a\n", marker.MaxSize)} {
		writeFile(t, filepath.Join(dir, name), content)
	}
	softOn := func(name string) *lock.Lock { return openSoft(t, filepath.Join(dir, name)) }
	for name, c := range map[string]struct {
		lock *lock.Lock
		want error
		says string
	}{
		"a native lock":                {native, fs.ErrUnsupported, "end that process"},
		"a native lock as a soft one":  {softOn("native"), fs.ErrUnsupported, "end that process"},
		"a strict lock as a soft one":  {softOn("strict"), lock.ErrSettings, "claims"},
		"a file that is none of these": {softOn("data"), fs.ErrUnsupported, "longer than any marker"},
		"nothing":                      {softOn("nothing"), lock.ErrNotHeld, "is not held"},
	} {
		if err := c.lock.Break(judge(t, c.lock)); !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: Break returned %v", name, err)
		}
	}
	wantNames(t, dir, "data", "native", "strict")
}

// TestHeldByThisProcess takes the number, the machine and the start for what makes a process.
func TestHeldByThisProcess(t *testing.T) {
	t.Parallel()
	self := osfs.Default().Self()
	here := marker.Record{Kind: marker.Soft, PID: self.PID, Host: self.Host, Start: marker.StartOf(self)}
	elsewhere, later := here, gone(self)
	elsewhere.Host += "-other"
	for name, c := range map[string]struct {
		record marker.Record
		want   bool
	}{
		"this process":                            {here, true},
		"one of this number on another machine":   {elsewhere, false},
		"one of this number that began otherwise": {later, self.Start == 0},
	} {
		content, err := c.record.Encode()
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(t.TempDir(), "work.lock")
		writeFile(t, path, string(content))
		l := openSoft(t, path)
		if got := l.HeldByThisProcess(); got != c.want || l.PID() != self.PID || l.HeldHere() {
			t.Errorf("%s: HeldByThisProcess says %t, PID %d, HeldHere %t", name, got, l.PID(), l.HeldHere())
		}
	}
	native := open(t, filepath.Join(t.TempDir(), "work.lock"))
	if native.HeldByThisProcess() || native.PID() != 0 {
		t.Errorf("of a free lock HeldByThisProcess says %t, PID %d", native.HeldByThisProcess(), native.PID())
	}
	h, err := native.Acquire(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	defer h.Release()
	if !native.HeldByThisProcess() {
		t.Error("of a native lock that is held HeldByThisProcess says false")
	}
}

// interferedHost lets something happen right before the next renaming, and may have no hard links.
type interferedHost struct {
	fs.Host
	before  func()
	noLinks bool
}

func (h *interferedHost) Rename(from, to string) error {
	if before := h.before; before != nil {
		h.before = nil
		before()
	}
	return h.Host.Rename(from, to)
}

func (h *interferedHost) Link(from, to string) error {
	if h.noLinks {
		return fs.ErrUnsupported
	}
	return h.Host.Link(from, to)
}

// TestBreakGivesASuccessorItsMarkerBack that took the lock between the last look and the renaming.
func TestBreakGivesASuccessorItsMarkerBack(t *testing.T) {
	t.Parallel()
	const successor = "4712\nweb-4\n"
	for _, noLinks := range []bool{false, true} {
		path := filepath.Join(t.TempDir(), "work.lock")
		writeFile(t, path, elsewhere)
		host := &interferedHost{Host: osfs.New(), noLinks: noLinks}
		l := openSoft(t, path, lock.Host(host))
		judged := judge(t, l)
		host.before = func() {
			if err := os.Rename(path, path+".old"); err != nil { // so that the inode's number is not used again
				t.Error(err)
			}
			writeFile(t, path, successor)
		}
		if err := l.Break(judged); !errors.Is(err, lock.ErrChanged) {
			t.Errorf("Break returned %v, want ErrChanged", err)
		}
		if content, err := os.ReadFile(path); string(content) != successor || err != nil {
			t.Errorf("the marker is %q, %v", content, err)
		}
		wantNames(t, filepath.Dir(path), "work.lock", "work.lock.old")
	}
}
