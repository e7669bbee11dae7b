// Package lifetime keeps the record by which contenders of a native lock know when a hold expires.
//
// The record lies in a file of its own next to the lock file, because other programs truncate the lock file and refresh its times while they
// wait for it. It is read and written only under an exclusive lock on the record's file, the guard, which is held for a few system calls at a time.
package lifetime

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"time"

	"github.com/holdfast-lock/holdfast/fs"
	"github.com/holdfast-lock/holdfast/lock/internal/sidecar"
)

// Suffix is what the name of the file adds to that of the lock file.
const Suffix = ".lifetime"

// Record says whose hold of which file expires when.
type Record struct {
	Holder  fs.Identity   `json:"holder"`
	File    fs.FileID     `json:"file"`       // the lock file that is held
	Expires time.Duration `json:"expires_ns"` // on the clock of fs.Clock.Uptime
	Hold    uint64        `json:"hold"`       // tells the holds of one process apart
}

// maxSize is more than any record needs. What is longer is none.
const maxSize = 4096

// Guard is the record's file, open and locked. Not safe for concurrent use.
type Guard struct{ file fs.File }

// Lock opens and locks the record's file of the lock file at path, and creates it if needed. It waits for a short time for another process that is inside, see [sidecar.Lock].
func Lock(ctx context.Context, host fs.Host, path string, mode *fs.FileMode) (*Guard, error) {
	f, err := sidecar.Lock(ctx, host, path+Suffix, mode)
	if err != nil {
		return nil, err
	}
	return &Guard{file: f}, nil
}

// Unlock ends the access. The guard must not be used afterwards.
func (g *Guard) Unlock() error { return sidecar.Unlock(g.file) }

// Read returns the record, or false if there is none: the last hold ended in order, or had no lifetime, or its record was not
// written completely. In each case nobody may be taken to have expired.
func (g *Guard) Read() (Record, bool, error) { return read(g.file) }

func read(f fs.File) (Record, bool, error) {
	var buf [maxSize]byte
	n, err := f.ReadAt(buf[:], 0)
	if err != nil && err != io.EOF {
		return Record{}, false, err
	}
	if n == 0 || n == maxSize || buf[n-1] != '\n' {
		return Record{}, false, nil
	}
	var r Record
	d := json.NewDecoder(bytes.NewReader(buf[:n]))
	d.DisallowUnknownFields()
	if d.Decode(&r) != nil || d.InputOffset() != int64(n-1) {
		return Record{}, false, nil
	}
	return r, true, nil
}

// Write replaces the record.
func (g *Guard) Write(r Record) error {
	b, err := json.Marshal(r)
	if err != nil {
		return err
	}
	// Emptied first: a process that dies in between leaves no record rather than a mixture of two.
	if err := g.file.Truncate(0); err != nil {
		return err
	}
	_, err = g.file.WriteAt(append(b, '\n'), 0)
	return err
}

// Clear removes the record.
func (g *Guard) Clear() error { return g.file.Truncate(0) }

// Peek returns the record without the guard, so that a waiter can tell when it is worth looking closer. It may be out of date.
func Peek(host fs.Host, path string) (Record, bool, error) {
	f, err := sidecar.Read(host, path+Suffix)
	if f == nil || err != nil {
		return Record{}, false, err
	}
	defer f.Close()
	return read(f)
}
