package fstest

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/holdfast-lock/holdfast/fs"
)

// processes is a host on another process.
type processes struct {
	fs.Host
	pid      func() int
	self     func() fs.Identity
	liveness func(fs.Identity) fs.Liveness
	random   func(p []byte)
	local    func(key any, create func() any) any
}

func (h *processes) PID() int                            { return h.pid() }
func (h *processes) Self() fs.Identity                   { return h.self() }
func (h *processes) Liveness(id fs.Identity) fs.Liveness { return h.liveness(id) }
func (h *processes) Random(p []byte)                     { h.random(p) }
func (h *processes) Local(key any, create func() any) any {
	return h.local(key, create)
}

func processing(change func(h fs.Host, p *processes)) func(fs.Host) fs.Host {
	return func(h fs.Host) fs.Host {
		p := &processes{h, h.PID, h.Self, h.Liveness, h.Random, h.Local}
		change(h, p)
		return p
	}
}

func judging(judge func(h fs.Host, id fs.Identity) fs.Liveness) func(fs.Host) fs.Host {
	return processing(func(h fs.Host, p *processes) { p.liveness = func(id fs.Identity) fs.Liveness { return judge(h, id) } })
}

func keeping(local func(h fs.Host, key any, create func() any) any) func(fs.Host) fs.Host {
	return processing(func(h fs.Host, p *processes) {
		p.local = func(key any, create func() any) any { return local(h, key, create) }
	})
}

// incomparable is a host whose value cannot be compared.
type incomparable struct {
	fs.Host
	_ []int
}

var processFaults = []fault{
	{"the host cannot be compared", func(h fs.Host) fs.Host { return incomparable{Host: h} }, []string{"HostIsComparable"}},
	{"PID is 0", processing(func(_ fs.Host, p *processes) { p.pid = func() int { return 0 } }), []string{"PIDIsThatOfSelf"}},
	{"Self changes", processing(func(h fs.Host, p *processes) {
		var calls atomic.Uint64
		p.self = func() fs.Identity {
			id := h.Self()
			id.Start = calls.Add(1)
			return id
		}
	}), []string{"SelfStaysTheSame", "SelfIsAlive"}},
	{"Self is the zero identity", processing(func(h fs.Host, p *processes) { p.self = func() fs.Identity { return fs.Identity{} } }),
		[]string{"PIDIsThatOfSelf", "SelfStaysTheSame", "SelfHasAStart", "SelfHasABoot", "SelfHasAPIDNamespace"}},
	{"everybody is alive", judging(func(fs.Host, fs.Identity) fs.Liveness { return fs.Alive }),
		[]string{"NumberThatNoProcessHasIsDead", "NumberThatWasUsedAgainIsDead", "ProcessOfAnEarlierBootIsDead", "NobodyHasANumberThatIsNone"}},
	{"everybody but oneself is dead", judging(func(h fs.Host, id fs.Identity) fs.Liveness {
		if id == h.Self() {
			return fs.Alive
		}
		return fs.Dead
	}), []string{"NothingIsConcludedOfAnotherHost", "NothingIsConcludedOfAnotherPIDNamespace", "WhatIsNotKnownProvesNoDeath"}},
	{"a process is its number", judging(func(h fs.Host, id fs.Identity) fs.Liveness {
		self := h.Self()
		self.PID = id.PID
		return h.Liveness(self)
	}), []string{"NumberThatWasUsedAgainIsDead", "ProcessOfAnEarlierBootIsDead", "NothingIsConcludedOfAnotherHost", "NothingIsConcludedOfAnotherPIDNamespace"}},
	{"Local keeps nothing", keeping(func(_ fs.Host, _ any, create func() any) any { return create() }),
		[]string{"LocalKeepsWhatWasMadeFirst", "LocalIsMadeOnce"}},
	{"Local keeps one value for all keys", keeping(func(h fs.Host, _ any, create func() any) any { return h.Local("any", create) }),
		[]string{"LocalKeepsWhatWasMadeFirst"}},
	{"Local makes what others are just making", processing(func(h fs.Host, p *processes) {
		var kept sync.Map
		p.local = func(key any, create func() any) any {
			if v, ok := kept.Load(key); ok {
				return v
			}
			v := create()
			h.Sleep(context.Background(), moment)
			kept.Store(key, v)
			return v
		}
	}), []string{"LocalIsMadeOnce"}},
	{"Random leaves the last byte", processing(func(h fs.Host, p *processes) {
		p.random = func(b []byte) { h.Random(b[:max(len(b), 1)-1]) }
	}), []string{"RandomFillsEveryByte"}},
	{"Random is always the same", processing(func(_ fs.Host, p *processes) {
		p.random = func(b []byte) {
			for i := range b {
				b[i] = 42
			}
		}
	}), []string{"RandomDoesNotRepeat"}},
}
