//go:build linux

package lock_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestWorkIsExclusiveUnderKillsAndStops lets processes work while one after the other is killed and replaced, or stopped and continued. Nobody comes in beside a
// stopped holder; a stopped waiter holds up nobody: the others get on before it is continued.
func TestWorkIsExclusiveUnderKillsAndStops(t *testing.T) {
	t.Parallel()
	for kind := range openers {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			workUnderKillsAndStops(t, kind)
		})
	}
}

func workUnderKillsAndStops(t *testing.T, kind string) {
	const workers, target, disturbEvery = 8, 2000, 6
	path := lockPath(t)
	prepareWork(t, path)
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))

	working := map[string]*peer{}
	started := 0
	start := func() {
		started++
		name := fmt.Sprintf("worker-%d", started)
		p := startContender(t, name, command{Kind: kind, Path: path, Quiet: true})
		p.send(command{Do: "work", Name: name, Target: target})
		working[name] = p
	}
	for range workers {
		start()
	}
	killed := map[string]bool{}
	holdersStopped, waitersStopped := 0, 0
	progress := func(except string) {
		var running []*peer
		for name, p := range working {
			if name != except {
				running = append(running, p)
			}
		}
		switch p, r := first(t, running...); r.What {
		case "progress":
			p.send(command{Do: "go on"})
		case "worked":
			delete(working, p.name)
		default:
			t.Fatalf("%s: %s (%s)", p.name, r.What, r.Err)
		}
	}
	for n := 1; len(working) > 0; n++ {
		progress("")
		if n%disturbEvery != 0 || len(working) < 2 {
			continue
		}
		name := slices.Sorted(maps.Keys(working))[random.IntN(len(working))]
		victim := working[name]
		if random.IntN(2) == 0 {
			victim.kill()
			killed[name] = true
			if kind == "strict" {
				breakClaims(t, path, victim.pid())
			}
			delete(working, name)
			start()
			continue
		}
		victim.stop()
		if holding, _ := owners(t, path); holding[victim.pid()] {
			holdersStopped++
		} else {
			waitersStopped++
			for range workers {
				if len(working) > 1 {
					progress(name)
				}
			}
		}
		victim.resume()
	}
	t.Logf("%d killed, %d stopped as holders and %d otherwise", len(killed), holdersStopped, waitersStopped)
	checkWork(t, path, target, killed)
}
