package aferofs

import (
	"reflect"
	"runtime"
	"sync"
	"sync/atomic"
	"weak"

	"github.com/spf13/afero"

	"github.com/holdfast-lock/holdfast/fs"
)

// volume is an afero.Fs and what all hosts share that were made of it.
type volume struct {
	afero.Fs
	atomic bool // the operating system makes changes of names atomic
	names  turn // taken to look at names and to change them
	// ignoresExclusive says whether an exclusive open succeeded on a file that existed; triedExclusive whether that was tried.
	triedExclusive, ignoresExclusive atomic.Bool
}

// volumes finds the volume of an Fs. It keeps neither alive.
var volumes = struct {
	sync.Mutex
	of map[afero.Fs]weak.Pointer[volume]
}{of: make(map[afero.Fs]weak.Pointer[volume])}

func volumeOf(afs afero.Fs) *volume {
	_, isOS := afs.(*afero.OsFs)
	v := &volume{Fs: afs, atomic: isOS}
	if !reflect.ValueOf(afs).Comparable() {
		return v
	}
	volumes.Lock()
	defer volumes.Unlock()
	if known := volumes.of[afs].Value(); known != nil {
		return known
	}
	volumes.of[afs] = weak.Make(v)
	runtime.AddCleanup(v, forgetVolume, afs)
	return v
}

func forgetVolume(afs afero.Fs) {
	volumes.Lock()
	defer volumes.Unlock()
	if volumes.of[afs].Value() == nil { // else the Fs has been used again since
		delete(volumes.of, afs)
	}
}

// lockNames makes several operations on names one, and returns what ends it.
func (v *volume) lockNames(tasks fs.Tasks) func() {
	if v.atomic {
		return func() {}
	}
	v.names.take(tasks)
	return v.names.give
}
