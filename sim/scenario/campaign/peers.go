package campaign

import (
	"time"

	"github.com/holdfast-lock/holdfast/sim/scenario"
)

// peerVersions are versions of filelock that differ in what they do: the first and the last of each era.
var peerVersions = []string{
	"3.9.0", "3.13.2", "3.20.3", "3.20.4", "3.21.0", "3.22.0", "3.24.3", "3.25.2", "3.28.0", "3.29.0", "3.29.1", "3.29.2", "3.29.3", "3.29.4", "3.29.5", "3.29.7", "3.30.0", "3.32.3",
}

// strictVersions are those whose StrictSoftFileLock is followed.
var strictVersions = []string{"3.31.0", "3.32.3"}

// withLifetimes are those whose contenders can have a lifetime, of soft locks and of native ones.
var withLifetimes = map[string][]string{
	"soft":   {"3.24.3", "3.29.3", "3.29.7", "3.32.3"},
	"native": {"3.25.2", "3.29.7"},
}

// choosePeers makes some of the processes, but not all, such that use filelock, each with a version of its own. In a part of the worlds processes do not see each other.
func (p *plan) choosePeers() {
	if !p.features.Has(Peers) {
		return
	}
	p.peers = make(map[string]scenario.Lock)
	order := p.Perm(len(p.processes))
	for _, i := range order[:p.between(1, len(order)-1)] {
		k := scenario.Lock{Name: "p" + p.processes[i], Path: p.locks[0].Path, Kind: p.lockKind(), Python: among(p.draw, peerVersions...)}
		if p.oneIn(3) {
			k.Poll = p.spread(time.Millisecond, 50*time.Millisecond)
		}
		switch {
		case p.Kind == "lease" && p.oneIn(4): // the same path in another contract
			k.Kind = "soft"
		case p.Kind == "lease":
			k.Python, k.Lease = among(p.draw, "3.30.0", "3.32.3"), p.locks[0].Lease
		case p.Kind == "strict":
			k.Python = among(p.draw, strictVersions...)
		case p.oneIn(12):
			k.Python = among(p.draw, withLifetimes[p.kindName()]...)
			k.Lifetime = p.spread(50*time.Millisecond, 5*time.Second)
		}
		p.peers[p.processes[i]] = k
		p.s.Locks = append(p.s.Locks, k)
	}
	if p.oneIn(4) {
		p.dispersePeers()
	}
}

// dispersePeers has processes run on another machine, whose clock is ahead, or in a container that has the machine's name.
func (p *plan) dispersePeers() {
	const m2 = "m2"
	container := p.oneIn(2)
	for _, name := range p.processes {
		switch {
		case p.oneIn(2):
		case container:
			p.s.Processes = append(p.s.Processes, scenario.Process{Name: name, Container: "c" + name, Hostname: scenario.DefaultMachine})
		default:
			p.s.Processes = append(p.s.Processes, scenario.Process{Name: name, Machine: m2})
		}
	}
	if !container {
		p.s.Machines = append(p.s.Machines, scenario.Machine{Name: m2, Skew: p.spread(time.Millisecond, 10*time.Second)})
	}
}

// peerCycle acquires a lock of filelock, does something and releases it. Every wait is bounded: what others have left in the way may stay there.
func (w *worker) peerCycle(k scenario.Lock) {
	s := scenario.Step{Verb: scenario.VerbLock, Lock: k.Name, Hold: w.hold + k.Name}
	if s.Try = w.oneIn(6); !s.Try {
		s.For = w.spread(10*time.Millisecond, 8*time.Second)
	}
	w.do(s)
	w.pause(w.spread(10*time.Microsecond, 200*time.Millisecond))
	w.release(k, w.hold+k.Name)
}
