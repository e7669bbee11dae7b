//go:build linux

package lock_test

import (
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/holdfast-lock/holdfast/lock/internal/fence"
)

func TestTokensIncreaseAcrossProcesses(t *testing.T) {
	t.Parallel()
	path := lockPath(t)
	var last uint64
	peers := []*peer{
		startContender(t, "A", command{Path: path, Fencing: true}),
		startContender(t, "B", command{Path: path, Fencing: true}),
		startContender(t, "C", command{Path: path, Fencing: true}),
	}
	took := func(p *peer) {
		t.Helper()
		r := p.acquire()
		if r.Token <= last {
			t.Errorf("%s has token %d, there was %d before", p.name, r.Token, last)
		}
		last = r.Token
	}
	disturbances := []struct {
		name string
		do   func(i int)
	}{
		{"released", func(i int) { peers[i].release() }},
		{"killed", func(i int) {
			peers[i].kill()
			peers[i] = startContender(t, "the one after "+peers[i].name, command{Path: path, Fencing: true})
		}},
		{"truncated", func(i int) { must(t, os.Truncate(path, 0)); peers[i].release() }},
		{"written", func(i int) { must(t, os.WriteFile(path, []byte("4711\n"), 0o666)); peers[i].release() }},
		{"replaced", func(i int) {
			must(t, os.WriteFile(path+".new", nil, 0o666))
			must(t, os.Rename(path+".new", path))
			peers[i].release()
		}},
		{"removed", func(i int) { must(t, os.Remove(path)); peers[i].release() }},
	}
	for n := range 4 * len(disturbances) {
		i := n % len(peers)
		took(peers[i])
		disturbances[n%len(disturbances)].do(i)
	}
}

// TestTokenOfAKilledAcquisitionIsNotReused kills a process after it wrote a number, and before it has told anybody.
func TestTokenOfAKilledAcquisitionIsNotReused(t *testing.T) {
	t.Parallel()
	path := lockPath(t)
	before := startContender(t, "the holder before", command{Path: path, Fencing: true})
	killed := startContender(t, "the killed one", command{Path: path, Fencing: true, Gate: "sync"})
	before.acquire()
	before.release()
	last := before.acquire().Token // the next number does not wait for another one to be on the disk
	before.release()
	killed.ask("acquire", "gate")
	before.ask("acquire", "waiting")
	killed.kill()
	if got := before.expect("acquired").Token; got <= last {
		t.Errorf("token %d after %d", got, last)
	}
}

// TestHolderStoppedOnTheWayToItsNumberIsRelieved at each step of the way: before it has looked at the numbers it gets none any more, and while its number goes to the disk, which
// takes longest, it is in nobody's way. Only with the number's file locked, for a few system calls, it is waited for.
func TestHolderStoppedOnTheWayToItsNumberIsRelieved(t *testing.T) {
	t.Parallel()
	for _, at := range []string{"number", "write", "sync"} {
		t.Run(at, func(t *testing.T) {
			t.Parallel()
			path := lockPath(t)
			before := startContender(t, "the holder before", command{Path: path, Fencing: true})
			holder := startContender(t, "the holder", command{Path: path, Fencing: true, Lifetime: 200 * time.Millisecond, Gate: at})
			contender := startContender(t, "the contender", command{Path: path, Fencing: true, Lifetime: longLifetime})
			before.acquire()
			before.release()
			last := before.acquire().Token // the next number does not wait for another one to be on the disk
			before.release()
			holder.ask("acquire", "gate")
			holder.stop()
			contender.ask("acquire", "waiting")
			var relieved report
			if at == "write" {
				eventually(t, "the contender has relieved the holder", func() bool { holding, _ := owners(t, path); return holding[contender.pid()] || !holding[holder.pid()] })
				contender.ask("cancel", "failed")
				contender.send(command{Do: "acquire", Timeout: 300 * time.Millisecond})
				contender.expect("waiting")
				if r := contender.expect("failed"); !r.is("TimeoutError") || !strings.Contains(r.Err, path+fence.Suffix) || !slices.Equal(r.Holders, []int{holder.pid()}) {
					t.Errorf("while the holder keeps the number's file locked: %q, %v", r.Err, r.Holders)
				}
				contender.ask("acquire", "waiting")
			} else {
				relieved = contender.expect("acquired")
			}
			holder.resume()
			holder.send(command{Do: "pass"})
			var late report
			if at == "number" {
				holder.expect("waiting")
				contender.release()
				late = holder.expect("acquired")
				if late.Token <= relieved.Token {
					t.Errorf("token %d after %d", late.Token, relieved.Token)
				}
				return
			}
			late = holder.expect("acquired")
			if r := holder.ask("look", "failed"); !r.is("expired") {
				t.Errorf("a hold whose lifetime had passed says %q", r.Err)
			}
			if at == "write" {
				relieved = contender.expect("acquired")
			}
			if late.Token <= last || relieved.Token <= late.Token {
				t.Errorf("tokens %d, %d of the holder that was stopped, %d of who relieved it", last, late.Token, relieved.Token)
			}
			contender.release()
			if r := before.acquire(); r.Token <= relieved.Token {
				t.Errorf("token %d after %d", r.Token, relieved.Token)
			}
		})
	}
}

func TestDamagedFencingNumberIsAnError(t *testing.T) {
	t.Parallel()
	for _, damage := range []string{"zeros", "garbage", "short"} {
		t.Run(damage, func(t *testing.T) {
			t.Parallel()
			path := lockPath(t)
			p := startContender(t, "A", command{Path: path, Fencing: true})
			for range 3 {
				p.acquire()
				p.release()
			}
			whole, err := os.ReadFile(path + fence.Suffix)
			must(t, err)
			var content []byte
			switch damage {
			case "zeros":
				content = make([]byte, len(whole))
			case "garbage":
				content = []byte(strings.Repeat("x", len(whole)))
			case "short":
				content = whole[:10]
			}
			must(t, os.WriteFile(path+fence.Suffix, content, 0o666))
			r := p.ask("acquire", "failed")
			if !strings.Contains(r.Err, path+fence.Suffix) || !strings.Contains(r.Err, fence.ErrDamaged.Error()) {
				t.Errorf("the error names neither the file nor what is wrong with it: %q", r.Err)
			}
			// The lock itself is not left held.
			if holding, _ := owners(t, path); len(holding) != 0 {
				t.Errorf("held by %v", holding)
			}
			must(t, os.WriteFile(path+fence.Suffix, whole, 0o666))
			if got := p.acquire().Token; got <= 3 {
				t.Errorf("token %d after 3", got)
			}
		})
	}
}
