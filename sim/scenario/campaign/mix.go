package campaign

import (
	"slices"
	"syscall"
	"time"

	"github.com/holdfast-lock/holdfast/sim"
)

// spoiled is a kind of fault, and the calls in which it can happen.
type spoiled struct {
	feature Features
	kind    sim.FaultKind
	ops     []sim.Op
	errs    []syscall.Errno
}

// anywhere is where a process can be stopped or killed.
var anywhere = []sim.Op{sim.OpOpen, sim.OpLink, sim.OpRename, sim.OpRemove, sim.OpLstat, sim.OpRead, sim.OpWrite, sim.OpStat, sim.OpSync, sim.OpTryLock, sim.OpWaitLock, sim.OpUnlock,
	sim.OpClose, sim.OpLockTable}

// spoilers are what can happen on a local disk. It reports no error for what has taken effect, closes a file also if it says that it could not, and does not read less than there is.
var spoilers = []spoiled{
	{Errors, sim.Error, []sim.Op{sim.OpOpen}, []syscall.Errno{syscall.EMFILE, syscall.ENFILE, syscall.ENOSPC, syscall.EIO, syscall.EACCES}},
	{Errors, sim.Error, []sim.Op{sim.OpLstat, sim.OpStat, sim.OpRead}, []syscall.Errno{syscall.EIO}},
	{Errors, sim.Error, []sim.Op{sim.OpTryLock, sim.OpWaitLock}, []syscall.Errno{syscall.EIO, syscall.ENOLCK}},
	{Errors, sim.Error, []sim.Op{sim.OpUnlock}, []syscall.Errno{syscall.EIO}},
	{Errors, sim.Error, []sim.Op{sim.OpWrite, sim.OpRename, sim.OpLink}, []syscall.Errno{syscall.ENOSPC, syscall.EIO, syscall.EROFS}},
	{Errors, sim.Error, []sim.Op{sim.OpSync, sim.OpRemove, sim.OpMkdir, sim.OpChmod}, []syscall.Errno{syscall.EIO}},
	{Errors, sim.Short, []sim.Op{sim.OpWrite}, nil},
	{Cancels, sim.Spurious, []sim.Op{sim.OpWaitLock}, nil},
	{Delays, sim.Delay, anywhere, nil},
	{Stops, sim.Stop, anywhere, nil},
	{Kills, sim.Kill, anywhere, nil},
	{Power, sim.Power, anywhere, nil},
}

// heartbeats are what can happen to those of a lease beside, and to those who watch them.
var heartbeats = []spoiled{
	{Errors, sim.Error, []sim.Op{sim.OpSetTimes}, []syscall.Errno{syscall.EIO}},
	{Delays, sim.Delay, []sim.Op{sim.OpSetTimes}, nil},
	{Stops, sim.Stop, []sim.Op{sim.OpSetTimes, sim.OpLstat, sim.OpRename, sim.OpLink}, nil}, // in the middle of a look, or of an eviction
	{Kills, sim.Kill, []sim.Op{sim.OpSetTimes}, nil},
}

// faults draws what goes wrong in calls. First it is decided which kinds there are at all, and then how often.
func (p *plan) faults() {
	var possible []spoiled
	all := spoilers
	if p.Kind == "lease" {
		all = slices.Concat(spoilers, heartbeats)
	}
	for _, s := range all {
		if p.features.Has(s.feature) {
			possible = append(possible, s)
		}
	}
	if len(possible) == 0 {
		return
	}
	weights := p.swarm(len(possible))
	refused := 0
	for range p.IntN(5) {
		f := p.fault(possible[p.weighted(weights)])
		if f.Kind == sim.Error && releasing(p.Kind, f.Op) {
			if refused++; refused == releases {
				continue // whoever is refused each time keeps the others from going on
			}
		}
		p.s.Faults = append(p.s.Faults, f)
	}
}

// releasing reports whether a lock of a kind cannot be released if the call fails.
func releasing(kind string, op sim.Op) bool {
	return op == sim.OpUnlock || (kind == "soft" || kind == "lease") && (op == sim.OpRemove || op == sim.OpLstat || op == sim.OpTryLock) || kind == "strict" && op == sim.OpRemove
}

func (p *plan) fault(s spoiled) sim.Fault {
	f := sim.Fault{Op: among(p.draw, s.ops...), Kind: s.kind, Nth: 1}
	for f.Nth < 40 && p.oneIn(2) {
		f.Nth += p.between(1, 8)
	}
	if p.oneIn(2) {
		f.Process = among(p.draw, p.processes...)
	}
	switch p.IntN(3) {
	case 0:
		f.Path = "k.lock"
	case 1:
		f.Path = "k.lock.*"
	}
	switch s.kind {
	case sim.Error:
		f.Err = among(p.draw, s.errs...)
		if f.Err == syscall.EACCES && f.Path == "" {
			f.Path = "k.lock*" // whoever may make something in a directory may open it
		}
		if p.oneIn(8) && !releasing(p.Kind, f.Op) { // whoever can never unlock keeps the others from going on
			f.Nth = 0
			f.Process = among(p.draw, p.processes...) // with everybody's the world is not that of a lock any more
		}
		return f
	case sim.Short:
		f.Bytes = p.IntN(20)
		return f
	case sim.Spurious:
		return f
	case sim.Delay:
		f.For = p.spread(10*time.Microsecond, time.Second)
	case sim.Stop:
		f.For = p.spread(10*time.Microsecond, time.Second)
		if p.life > 0 && !p.oneIn(3) {
			f.For = p.life + p.spread(time.Microsecond, 2*p.life)
		}
	}
	f.After = p.oneIn(2)
	return f
}
