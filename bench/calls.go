package bench

import (
	"context"

	"github.com/holdfast-lock/holdfast/fs/osfs"
	"github.com/holdfast-lock/holdfast/lock"
)

// Calls are the system calls on files of one acquisition and release of a free lock, on average.
type Calls struct {
	Each float64            `json:"each"`
	By   map[string]float64 `json:"by"`
	// Least is how many cannot be avoided while the lock keeps what it promises.
	Least int `json:"least"`
}

var (
	// leastOfNative: the lock is taken, the path must still lead to the file, and the lock is let go.
	leastOfNative = []string{"flock", "lstat", "flock"}
	// leastOfMarker: the record is written to a file of another name (open, write), so that nobody sees a part of it. The file is locked, for those who are Holdfast to wait for, gets the marker's name only if nobody has
	// that (link), and loses its own (unlink). At the release the path must still lead to it (lstat): the lock may have been broken, and somebody else's marker is not removed. Then the name goes (unlink), and with
	// the file the lock (close).
	leastOfMarker = []string{"open", "write", "flock", "link", "unlink", "lstat", "unlink", "close"}
)

func leastOf(kind string) int {
	if kind == Native {
		return len(leastOfNative)
	}
	return len(leastOfMarker)
}

// countedCycles are enough for what is done only now and then.
const countedCycles = 1000

// countCalls counts the calls of a lock that was used before.
func countCalls(k Kind, path string) (Calls, error) {
	host := &countingHost{Host: osfs.Default(), counts: make(map[string]int)}
	l, err := k.Open(path, lock.Host(host))
	if err != nil {
		return Calls{}, err
	}
	cycles := func() error {
		for range countedCycles {
			h, err := l.Acquire(context.Background())
			if err != nil {
				return err
			}
			if err := h.Release(); err != nil {
				return err
			}
		}
		return nil
	}
	if err := cycles(); err != nil {
		return Calls{}, err
	}
	host.take()
	if err := cycles(); err != nil {
		return Calls{}, err
	}
	c := Calls{By: make(map[string]float64), Least: leastOf(k.Name)}
	total := 0
	for name, n := range host.take() {
		c.By[name] = float64(n) / countedCycles
		total += n
	}
	c.Each = float64(total) / countedCycles
	return c, nil
}
