package fstest

import (
	"errors"
	"math"
	"reflect"
	"sync/atomic"

	"github.com/holdfast-lock/holdfast/fs"
)

var processChecks = []check{
	{"HostIsComparable", func(p *probe) {
		if !reflect.ValueOf(p.Host).Comparable() {
			p.Errorf("a host of type %T cannot be compared", p.Host)
		}
	}},
	{"PIDIsThatOfSelf", func(p *probe) {
		pid, self := p.PID(), p.Self()
		if pid <= 0 || pid != self.PID || pid != p.PID() {
			p.Errorf("PID() = %d, then %d, that of Self is %d", pid, p.PID(), self.PID)
		}
	}},
	{"SelfStaysTheSame", func(p *probe) {
		self := p.Self()
		p.each(2, func(int) {
			if again := p.Self(); again != self {
				p.Errorf("Self is %+v and %+v", self, again)
			}
		})
		if self.Host == "" {
			p.Errorf("Self has no host name")
		}
	}},
	{"SelfHasAStart", func(p *probe) {
		if p.Self().Start == 0 {
			p.skip(Start, errors.New("it is 0"))
		}
	}},
	{"SelfHasABoot", func(p *probe) {
		if p.Self().Boot == "" {
			p.skip(Boot, errors.New("it is empty"))
		}
	}},
	{"SelfHasAPIDNamespace", func(p *probe) {
		if p.Self().PIDNamespace == 0 {
			p.skip(PIDNamespace, errors.New("it is 0"))
		}
	}},
	{"SelfIsAlive", func(p *probe) {
		p.needsLiveness()
	}},
	{"NumberThatNoProcessHasIsDead", func(p *probe) {
		id := p.needsLiveness()
		id.PID = math.MaxInt32 // more than any platform hands out
		p.wantLiveness("a number that no process has", id, fs.Dead)
	}},
	{"NumberThatWasUsedAgainIsDead", func(p *probe) {
		id := p.needsLiveness()
		if id.Start == 0 {
			p.skip(Start, errors.New("it is 0"))
		}
		id.Start++
		p.wantLiveness("a process that started at another time", id, fs.Dead)
	}},
	{"ProcessOfAnEarlierBootIsDead", func(p *probe) {
		id := p.needsLiveness()
		if id.Boot == "" {
			p.skip(Boot, errors.New("it is empty"))
		}
		id.Boot += "-before"
		p.wantLiveness("a process of an earlier boot", id, fs.Dead)
	}},
	{"NothingIsConcludedOfAnotherHost", func(p *probe) {
		id := p.needsLiveness()
		id.Host += "-other"
		p.wantLiveness("a process of another host", id, fs.Unknown)
		id.Boot += "-other"
		id.Start++
		p.wantLiveness("a process of another host and boot", id, fs.Unknown)
	}},
	{"NothingIsConcludedOfAnotherPIDNamespace", func(p *probe) {
		id := p.needsLiveness()
		if id.PIDNamespace == 0 {
			p.skip(PIDNamespace, errors.New("it is 0"))
		}
		id.PIDNamespace++
		p.wantLiveness("a process of another pid namespace", id, fs.Unknown)
		id.PID = math.MaxInt32
		p.wantLiveness("a number that no process has here, of another pid namespace", id, fs.Unknown)
	}},
	{"NobodyHasANumberThatIsNone", func(p *probe) {
		id := p.needsLiveness()
		id.PID, id.PIDNamespace = math.MaxInt32, 0
		if got := p.Liveness(id); got == fs.Alive {
			p.Errorf("a number that no process has, of a namespace that is not known, is %v", got)
		}
	}},
	{"WhatIsNotKnownProvesNoDeath", func(p *probe) {
		self := p.needsLiveness()
		p.wantLiveness("the zero identity", fs.Identity{}, fs.Unknown)
		for what, forget := range map[string]func(*fs.Identity){
			"its start":     func(id *fs.Identity) { id.Start = 0 },
			"its boot":      func(id *fs.Identity) { id.Boot = "" },
			"its namespace": func(id *fs.Identity) { id.PIDNamespace = 0 },
		} {
			id := self
			forget(&id)
			if got := p.Liveness(id); got == fs.Dead {
				p.Errorf("Liveness of this process without %s is dead", what)
			}
		}
	}},
	{"LocalKeepsWhatWasMadeFirst", func(p *probe) {
		type key int
		var made [2]*int
		for range 3 {
			for k := range made {
				got := p.Local(key(k), func() any {
					if made[k] != nil {
						p.Errorf("what is kept under key %d is made again", k)
					}
					made[k] = new(int)
					return made[k]
				})
				if got != made[k] {
					p.Errorf("key %d keeps %v, want %v", k, got, made[k])
				}
			}
		}
	}},
	{"LocalIsMadeOnce", func(p *probe) {
		type key struct{}
		var made atomic.Int32
		got := make([]any, 8)
		p.each(len(got), func(i int) { got[i] = p.Local(key{}, func() any { return made.Add(1) }) })
		for _, v := range got {
			if v != int32(1) {
				p.Errorf("tasks that ask at once get %v, and it was made %d times", got, made.Load())
				break
			}
		}
	}},
	{"RandomFillsEveryByte", func(p *probe) {
		for _, size := range []int{0, 1, 7, 64, 1000} {
			seen := make([]byte, size)
			for range 32 { // a byte stays 0 by chance once in 2^256
				b := make([]byte, size)
				p.Random(b)
				for i := range b {
					seen[i] |= b[i]
				}
			}
			for i, bits := range seen {
				if bits == 0 {
					p.fatalf("Random leaves byte %d of %d as it was", i, size)
				}
			}
		}
	}},
	{"RandomDoesNotRepeat", func(p *probe) {
		drawn := make([][16]byte, 4)
		p.each(len(drawn), func(i int) { p.Random(drawn[i][:]) })
		seen := make(map[[16]byte]bool)
		for _, b := range drawn {
			if seen[b] {
				p.Errorf("two tasks drew the same random bytes %x", b)
			}
			seen[b] = true
		}
	}},
}

// needsLiveness returns the identity of this process, or skips the check on a host that does not know whether it lives.
func (p *probe) needsLiveness() fs.Identity {
	p.Helper()
	self := p.Self()
	if p.Liveness(self) == fs.Unknown {
		p.skip(Liveness, errors.New("that of this process is unknown"))
	}
	p.wantLiveness("this process", self, fs.Alive)
	return self
}

func (p *probe) wantLiveness(what string, id fs.Identity, want fs.Liveness) {
	p.Helper()
	if got := p.Liveness(id); got != want {
		p.Errorf("Liveness of %s is %v, want %v", what, got, want)
	}
}
