package aferofs

import (
	"runtime"
	"testing"

	"github.com/spf13/afero"
	"github.com/spf13/afero/mem"
)

// TestNothingIsKeptOfWhatIsGone: neither an Fs nor a file in memory stays because a host once saw it.
func TestNothingIsKeptOfWhatIsGone(t *testing.T) {
	count := func() (fs, files int) {
		volumes.Lock()
		defer volumes.Unlock()
		memory.mu.Lock()
		defer memory.mu.Unlock()
		return len(volumes.of), len(memory.of)
	}
	fsBefore, filesBefore := count()
	const many = 100
	for range many {
		v := volumeOf(afero.NewMemMapFs())
		if volumeOf(v.Fs) != v {
			t.Fatal("an Fs has two volumes")
		}
		data := mem.CreateFile("/file")
		if number := memory.number(data); memory.number(data) != number {
			t.Fatal("a file has two numbers")
		}
	}
	var fs, files int
	for range 1000 { // cleanups run some time after a collection
		runtime.GC()
		if fs, files = count(); fs <= fsBefore && files <= filesBefore {
			return
		}
	}
	t.Errorf("%d volumes and %d files in memory are known, want %d and %d", fs, files, fsBefore, filesBefore)
}
