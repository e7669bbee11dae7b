package lock

import (
	"context"
	"runtime"
	"testing"
	"time"

	"github.com/spf13/afero"

	"github.com/holdfast-lock/holdfast/fs"
	"github.com/holdfast-lock/holdfast/fs/aferofs"
	"github.com/holdfast-lock/holdfast/fs/osfs"
)

// kept returns how many sites and singletons a process keeps.
func kept(h fs.Host) (open, singletons int) {
	r := sitesOf(h)
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.open), len(r.singletons)
}

func TestProcessKeepsNothingOfLocksThatAreClosed(t *testing.T) {
	t.Parallel()
	h, path := osfs.New(), t.TempDir()+"/work.lock"
	var locks []*Lock
	for _, opts := range [][]Option{nil, nil, {Singleton()}, {Singleton()}} {
		l, err := New(path, append(opts, Host(h))...)
		if err != nil {
			t.Fatal(err)
		}
		locks = append(locks, l)
	}
	hold, err := locks[0].Acquire(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if open, singletons := kept(h); open != 1 || singletons != 1 {
		t.Errorf("%d sites and %d singletons, want one of each", open, singletons)
	}
	for _, l := range locks {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	}
	if open, _ := kept(h); open != 1 {
		t.Errorf("%d sites while a hold is out, want 1", open)
	}
	if err := hold.Release(); err != nil {
		t.Error(err)
	}
	if open, singletons := kept(h); open != 0 || singletons != 0 {
		t.Errorf("%d sites and %d singletons after the last lock was closed", open, singletons)
	}
}

func TestProcessKeepsNothingOfLocksThatAreDropped(t *testing.T) {
	t.Parallel()
	h, path := osfs.New(), t.TempDir()+"/work.lock"
	for _, opts := range [][]Option{nil, {Singleton()}, {Singleton()}} {
		if _, err := New(path, append(opts, Host(h))...); err != nil {
			t.Fatal(err)
		}
	}
	for deadline := time.Now().Add(time.Minute); ; runtime.Gosched() {
		runtime.GC()
		open, singletons := kept(h)
		if open == 0 && singletons == 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d sites and %d singletons are kept", open, singletons)
		}
	}
}

// TestHostsThatShareAProcessShareNoSite: each has its own idea of what the path names.
func TestHostsThatShareAProcessShareNoSite(t *testing.T) {
	t.Parallel()
	base, path := osfs.New(), t.TempDir()+"/work.lock"
	seen := make(map[*site]fs.Host)
	for _, h := range []fs.Host{base, osfs.New(), aferofs.Host(afero.NewMemMapFs(), base), aferofs.Host(afero.NewMemMapFs(), base)} {
		l, err := New(path, Host(h), Singleton())
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		if other := seen[l.site]; other != nil {
			t.Errorf("%v and %v share a site", h, other)
		}
		seen[l.site] = h
	}
}
