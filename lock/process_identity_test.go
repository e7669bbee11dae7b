//go:build linux

package lock_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// displacements are what others do to a lock file: backup tools, log rotation, a cleaner of temporary files, a user.
var displacements = []struct {
	name string
	do   func(t *testing.T, path string)
}{
	{"renamed", func(t *testing.T, path string) { must(t, os.Rename(path, path+".aside")) }},
	{"removed", func(t *testing.T, path string) { must(t, os.Remove(path)) }},
	{"replaced", func(t *testing.T, path string) {
		must(t, os.WriteFile(path+".new", nil, 0o666))
		must(t, os.Rename(path+".new", path))
	}},
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func lockPath(t *testing.T) string { return filepath.Join(t.TempDir(), "work.lock") }

// TestFileDisplacedBetweenOpenAndLock is the interleaving W1 of a lock that looks only at the link count, or at nothing: A opens the file, somebody takes its
// name away, A locks it, B locks the file that has the name now, and both are inside.
func TestFileDisplacedBetweenOpenAndLock(t *testing.T) {
	t.Parallel()
	for _, displacement := range displacements {
		t.Run(displacement.name+", then locked by another", func(t *testing.T) {
			t.Parallel()
			path := lockPath(t)
			a := startContender(t, "A", command{Path: path, Gate: "lock"})
			b := startContender(t, "B", command{Path: path})
			a.ask("acquire", "gate")
			displacement.do(t, path)
			b.acquire()
			a.ask("pass", "waiting") // and not acquired
			released := b.release()
			if got := a.expect("acquired"); got.At < released {
				t.Errorf("A was inside %v before B left", released-got.At)
			}
		})
		t.Run(displacement.name+", locked by another later", func(t *testing.T) {
			t.Parallel()
			path := lockPath(t)
			a := startContender(t, "A", command{Path: path, Gate: "lock"})
			b := startContender(t, "B", command{Path: path})
			a.ask("acquire", "gate")
			displacement.do(t, path)
			a.ask("pass", "acquired")
			b.waitFor(path) // on the file that has the name
			released := a.release()
			if got := b.expect("acquired"); got.At < released {
				t.Errorf("B was inside %v before A left", released-got.At)
			}
		})
	}
}

// TestFileDisplacedUnderHolderAndWaiters is A1: the waiters wait for a file that lost its name, and a newcomer opens the one that has it. The holder from before
// does not know; all who acquire afterwards exclude each other, whether it stays or goes.
func TestFileDisplacedUnderHolderAndWaiters(t *testing.T) {
	t.Parallel()
	for _, displacement := range displacements {
		for _, leaves := range []bool{false, true} {
			name := displacement.name + ", the holder stays"
			if leaves {
				name = displacement.name + ", the holder leaves"
			}
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				path := lockPath(t)
				holder := startContender(t, "the holder", command{Path: path})
				contenders := []*peer{
					startContender(t, "the first waiter", command{Path: path}),
					startContender(t, "the second waiter", command{Path: path}),
					startContender(t, "the newcomer", command{Path: path}),
				}
				holder.acquire()
				contenders[0].waitFor(path)
				contenders[1].waitFor(path)
				displacement.do(t, path)
				contenders[2].send(command{Do: "acquire"})
				if leaves {
					holder.release() // one of the waiters gets the file without a name
				}
				var left time.Duration
				inside := map[*peer]bool{}
				for len(inside) < len(contenders) {
					p, r := first(t, contenders...)
					if r.What == "waiting" {
						continue
					}
					if r.What != "acquired" || inside[p] {
						t.Fatalf("%s: %s (%s)", p.name, r.What, r.Err)
					}
					if r.At < left {
						t.Errorf("%s was inside %v before its predecessor left", p.name, left-r.At)
					}
					inside[p] = true
					if holding, _ := owners(t, path); !holding[p.pid()] {
						t.Errorf("%s is inside without having locked the file at the path", p.name)
					}
					left = p.release()
				}
			})
		}
	}
}

// TestDirectoryDisplaced: not the file but its directory is renamed, and another takes its place.
func TestDirectoryDisplaced(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "locks")
	path := filepath.Join(dir, "work.lock")
	holder := startContender(t, "the holder", command{Path: path})
	waiter := startContender(t, "the waiter", command{Path: path})
	newcomer := startContender(t, "the newcomer", command{Path: path})
	holder.acquire() // makes the directory
	waiter.waitFor(path)
	must(t, os.Rename(dir, dir+".aside"))
	// The waiter gets the new file while the holder still has the old one.
	waiter.expect("acquired")
	newcomer.waitFor(path)
	released := waiter.release()
	if got := newcomer.expect("acquired"); got.At < released {
		t.Errorf("the newcomer was inside %v before the waiter left", released-got.At)
	}
}
