package aferofs_test

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/afero"

	"github.com/holdfast-lock/holdfast/fs"
	"github.com/holdfast-lock/holdfast/fs/aferofs"
	"github.com/holdfast-lock/holdfast/fs/osfs"
	"github.com/holdfast-lock/holdfast/lock"
)

func TestNativeLockFailsAndSaysWhatToDo(t *testing.T) {
	dir := t.TempDir()
	for what, afs := range map[string]afero.Fs{"memory": afero.NewMemMapFs(), "the operating system": afero.NewBasePathFs(afero.NewOsFs(), dir)} {
		l, err := lock.New("/work.lock", lock.Host(aferofs.Host(afs, osfs.New())))
		if err != nil {
			t.Fatal(err)
		}
		for name, acquire := range map[string]func() (*lock.Hold, error){
			"Acquire":    func() (*lock.Hold, error) { return l.Acquire(context.Background()) },
			"TryAcquire": func() (*lock.Hold, error) { return l.TryAcquire(context.Background()) },
		} {
			_, err := acquire()
			if _, ok := errors.AsType[*lock.UnsupportedError](err); !ok || !errors.Is(err, fs.ErrNoLocks) || !errors.Is(err, fs.ErrUnsupported) {
				t.Errorf("%s on %s: %v, want an UnsupportedError that is ErrNoLocks and ErrUnsupported", name, what, err)
				continue
			}
			for _, word := range []string{"/work.lock", afs.Name(), "afero", "FallbackTo"} {
				if !strings.Contains(err.Error(), word) {
					t.Errorf("%s on %s: %q does not say %q", name, what, err, word)
				}
			}
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("%s on %s: %q is more than one line", name, what, err)
			}
		}
		if err := l.Close(); err != nil {
			t.Errorf("Close on %s: %v", what, err)
		}
	}
}

func TestNativeLockFallsBack(t *testing.T) {
	path := filepath.Join(t.TempDir(), "work.lock")
	other, err := lock.New(path)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	l, err := lock.New("/work.lock", lock.Host(aferofs.Host(afero.NewMemMapFs(), osfs.New())), lock.FallbackTo(other))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	h, err := l.Acquire(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	beside, err := lock.New(path, lock.Host(osfs.New())) // as another process sees it
	if err != nil {
		t.Fatal(err)
	}
	defer beside.Close()
	if _, err := beside.TryAcquire(context.Background()); !errors.Is(err, lock.ErrTimeout) {
		t.Errorf("beside the hold: %v, want ErrTimeout", err)
	}
	if err := h.Release(); err != nil {
		t.Fatal(err)
	}
	again, err := beside.TryAcquire(context.Background())
	if err != nil {
		t.Fatalf("after the hold: %v", err)
	}
	if err := again.Release(); err != nil {
		t.Error(err)
	}
}
