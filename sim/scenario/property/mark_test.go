package property

import (
	"testing"
	"time"
)

// withPeers makes process 3, clients 5 and 6, one of another library.
func withPeers(s *Setup) { s.Peers = []bool{false, false, true} }

func softWithPeers(s *Setup) {
	soft(s)
	withPeers(s)
}

const mine, next = 7, 8

func TestWhoTakesAFileAwayIsToBlame(t *testing.T) {
	checkIn(t, softWithPeers, []run{
		{"a holder, in its release", "", func(w *world) {
			h := w.publish(1, mine)
			w.letGo(1, plain, h)
			w.takes(1, mine)
			w.let(1, plain, h, OK)
			w.publish(5, next)
		}},
		{"nobody, and a peer gets in", "P1", func(w *world) {
			w.publish(1, mine)
			w.acquire(5, plain)
		}},
		{"nobody, and Holdfast gets in beside a peer", "P1", func(w *world) {
			w.publish(5, mine)
			w.acquire(1, plain)
		}},
		{"nobody, and a peer gets in beside a peer", "", func(w *world) {
			w.publish(5, mine)
			w.publish(6, next)
		}},
		{"a peer", "", func(w *world) {
			h := w.publish(1, mine)
			w.takes(5, mine)
			w.publish(5, next)
			w.letGo(1, plain, h)
			w.let(1, plain, h, Expired)
		}},
		{"a peer, and then Holdfast gets in", "", func(w *world) {
			w.publish(1, mine)
			w.takes(5, mine)
			w.publish(3, next)
		}},
		{"a peer, and then Holdfast gets in twice", "P1", func(w *world) {
			w.publish(1, mine)
			w.takes(5, mine)
			w.publish(3, next)
			w.acquire(4, plain)
		}},
		{"a peer, and the holder's process gets in without a look", "P1", func(w *world) {
			h := w.publish(1, mine)
			w.takes(5, mine)
			w.letGo(1, plain, h)
			w.let(1, plain, h, Expired)
			w.publish(3, next)
			w.acquire(2, plain)
		}},
		{"a peer, before the acquisition has returned", "", func(w *world) {
			w.call(1, plain)
			w.add(Event{Kind: Published, Client: 1, Path: 1, File: mine})
			w.takes(5, mine)
			w.publish(3, next)
			w.got(1, plain, 1, 0)
		}},
		{"another task of the peer that holds it", "", func(w *world) {
			w.publish(5, mine)
			w.takes(6, mine)
			w.publish(1, next)
		}},
		{"Holdfast, from a live holder", "P8", func(w *world) {
			w.publish(1, mine)
			w.call(3, plain)
			w.look(3, 1)
			w.takes(3, mine)
		}},
		{"Holdfast, from a live peer", "P8", func(w *world) {
			w.publish(5, mine)
			w.call(3, plain)
			w.look(3, 1)
			w.takes(3, mine)
		}},
		{"Holdfast, before the acquisition of a peer has returned", "P8", func(w *world) {
			w.call(5, plain)
			w.add(Event{Kind: Published, Client: 5, Path: 1, File: mine})
			w.call(3, plain)
			w.look(3, 1)
			w.takes(3, mine)
			w.got(5, plain, 1, 0)
		}},
		{"Holdfast, from a peer that has died", "", func(w *world) {
			w.publish(5, mine)
			w.to(Died, 3)
			w.call(3, plain)
			w.look(3, 1)
			w.takes(3, mine)
		}},
		{"Holdfast, what is no record of a peer", "", func(w *world) {
			w.torn = map[uint64]bool{mine: true}
			w.publish(5, mine)
			w.call(3, plain)
			w.look(3, 1)
			w.pass(malformedGrace)
			w.takes(3, mine)
			w.add(Event{Kind: Published, Client: 3, Path: 1, File: next})
			w.got(3, plain, 1, 0)
		}},
		{"Holdfast, what is no record of a peer, too soon", "P8", func(w *world) {
			w.torn = map[uint64]bool{mine: true}
			w.publish(5, mine)
			w.call(3, plain)
			w.look(3, 1)
			w.pass(malformedGrace - time.Second)
			w.takes(3, mine)
		}},
		{"Holdfast, what is no record of its own", "P8", func(w *world) {
			w.torn = map[uint64]bool{mine: true}
			w.publish(1, mine)
			w.call(3, plain)
			w.look(3, 1)
			w.pass(malformedGrace)
			w.takes(3, mine)
		}},
		{"Holdfast, an empty file of a peer", "P8", func(w *world) {
			w.empty = map[uint64]bool{mine: true}
			w.publish(5, mine)
			w.call(3, plain)
			w.look(3, 1)
			w.pass(malformedGrace)
			w.takes(3, mine)
		}},
		{"Holdfast, what came in the place of what it had looked at", "", func(w *world) {
			w.call(3, plain)
			w.look(3, 1)
			w.publish(5, mine)
			w.takes(3, mine)
			w.publish(1, next) // while it is aside
			w.add(Event{Kind: Published, Client: 3, Path: 1, File: mine})
		}},
		{"Holdfast, a marker of its own that came in the place of what it was to break", "", func(w *world) {
			h := w.publish(5, next)
			w.breaks(2, next)
			w.look(2, 1)
			w.letGo(5, plain, h)
			w.takes(5, next)
			w.let(5, plain, h, OK)
			w.publish(1, mine)
			w.takes(2, mine)
			w.publish(6, next+1) // while it is aside
		}},
		{"Holdfast, and it is put back", "P1", func(w *world) {
			w.call(3, plain)
			w.look(3, 1)
			w.publish(5, mine)
			w.takes(3, mine)
			w.add(Event{Kind: Published, Client: 3, Path: 1, File: mine})
			w.acquire(1, plain)
		}},
		{"a task of Holdfast that is in no call", "P8", func(w *world) {
			w.publish(1, mine)
			w.takes(3, mine)
		}},
	})
	checkIn(t, soft, []run{
		{"Holdfast, what came in the place of what it had looked at, without peers", "P8", func(w *world) {
			w.call(3, plain)
			w.look(3, 1)
			w.publish(5, mine)
			w.takes(3, mine)
		}},
		{"Holdfast, what came in the place of what it had looked at, with a stranger", "", func(w *world) {
			w.disturb(1)
			w.call(3, plain)
			w.look(3, 1)
			w.publish(5, mine)
			w.takes(3, mine)
		}},
	})
}

// TestLeasesOfPeers: who does not refresh one in time has agreed to lose it.
func TestLeasesOfPeers(t *testing.T) {
	const lease = 10 * time.Second
	leased := func(s *Setup) {
		softWithPeers(s)
		s.Locks[plain-1].Lease, s.Locks[plain-1].Heartbeat = lease, lease/3
	}
	refresh := func(w *world) { w.add(Event{Kind: Refreshed, Process: 3, Path: 1}) }
	evict := func(w *world) {
		w.call(3, plain)
		w.look(3, 1)
		w.takes(3, mine)
	}
	checkIn(t, leased, []run{
		{"not refreshed", "", func(w *world) {
			w.publish(5, mine)
			w.pass(lease)
			evict(w)
		}},
		{"not due", "P8", func(w *world) {
			w.publish(5, mine)
			w.pass(lease - time.Second)
			evict(w)
		}},
		{"refreshed in time", "P8", func(w *world) {
			w.publish(5, mine)
			w.pass(lease / 2)
			refresh(w)
			w.pass(lease / 2)
			evict(w)
		}},
		{"refreshed too late, and moved aside", "", func(w *world) {
			w.publish(5, mine)
			w.pass(lease)
			refresh(w)
			evict(w)
			w.add(Event{Kind: Published, Client: 3, Path: 1, File: mine})
		}},
		{"taken away by a task that has looked at another file", "", func(w *world) {
			w.add(Event{Kind: Looked, Process: 1, Path: 1})
			w.publish(5, mine)
			w.add(Event{Kind: Taken, Process: 1, Path: 1, File: mine})
		}},
		{"taken away by a task that has looked at it", "P8", func(w *world) {
			w.publish(5, mine)
			w.add(Event{Kind: Looked, Process: 1, Path: 1})
			w.add(Event{Kind: Taken, Process: 1, Path: 1, File: mine})
		}},
		{"taken away by a task that has not looked", "P8", func(w *world) {
			w.publish(5, mine)
			w.add(Event{Kind: Taken, Process: 1, Path: 1, File: mine})
		}},
	})
}

func TestNativeHoldsOfPeers(t *testing.T) {
	file := func(w *world, client int32, f uint64) int32 {
		w.call(client, plain)
		w.holds++
		w.add(Event{Kind: Acquired, Client: client, Lock: plain, Hold: w.holds, Depth: 1, File: f})
		return w.holds
	}
	checkIn(t, withPeers, []run{
		{"beside a holder", "P1", func(w *world) {
			w.acquire(1, plain)
			file(w, 5, 100)
		}},
		{"by a file without a name", "", func(w *world) {
			w.acquire(1, plain)
			file(w, 5, 0)
		}},
		{"by a file without a name, and Holdfast gets in", "", func(w *world) {
			file(w, 5, 0)
			w.acquire(1, plain)
		}},
		{"and Holdfast gets in", "P1", func(w *world) {
			file(w, 5, 100)
			w.acquire(1, plain)
		}},
		{"that take the file of a holder away", "", func(w *world) {
			w.acquire(1, plain)
			w.takes(5, 100)
			w.files[1] = 101
			w.acquire(3, plain)
		}},
		{"whose file is replaced by a contender that had looked at another", "", func(w *world) {
			w.call(1, lived)
			w.look(1, 1)
			w.add(Event{Kind: Published, Client: 5, Path: 1, File: 101})
			w.files[1] = 101
			file(w, 5, 101)
			w.takes(1, 101)
			w.files[1] = 102
			w.got(1, lived, 1, 0)
		}},
		{"whose file is replaced by a contender that had looked at it", "P8", func(w *world) {
			w.add(Event{Kind: Published, Client: 5, Path: 1, File: 101})
			w.files[1] = 101
			file(w, 5, 101)
			w.call(1, lived)
			w.look(1, 1)
			w.takes(1, 101)
			w.files[1] = 102
			w.got(1, lived, 1, 0)
		}},
		{"that have taken away another file", "P1", func(w *world) {
			w.acquire(1, plain)
			w.takes(5, 99)
			w.acquire(3, plain)
		}},
		{"that take the file away before the acquisition returns", "", func(w *world) {
			w.call(1, plain)
			w.look(1, 1)
			w.takes(5, 100)
			w.files[1] = 101
			w.acquire(3, plain)
			w.got(1, plain, 1, 0)
		}},
	})
}

// TestWhatPeersLeaveIsWaitedFor: whoever waits for what nobody can judge does so with reason, and else not.
func TestWhatPeersLeaveIsWaitedFor(t *testing.T) {
	left := func(change func(w *world)) func(w *world) {
		return func(w *world) {
			w.publish(5, mine)
			change(w)
			w.call(1, plain)
			w.pass(time.Minute)
			w.call(3, plain)
		}
	}
	died := func(w *world) { w.to(Died, 3) }
	checkIn(t, softWithPeers, []run{
		{"a record of the dead", "P7", left(died)},
		{"a record of the dead, who has come back", "P7", left(func(w *world) {
			w.to(Died, 3)
			w.to(Started, 3)
		})},
		{"nothing but an empty file", "", left(func(w *world) {
			w.empty = map[uint64]bool{mine: true}
			died(w)
		})},
		{"no record", "", left(func(w *world) {
			w.torn = map[uint64]bool{mine: true}
			died(w)
		})},
		{"a record of a live process that holds nothing", "", left(func(w *world) { w.release(5, plain, 1) })},
		{"nothing", "P6", left(func(w *world) {
			w.letGo(5, plain, 1)
			w.takes(5, mine)
			w.let(5, plain, 1, OK)
		})},
		{"a peer that waits", "", func(w *world) {
			w.release(1, plain, w.acquire(1, plain))
			w.call(5, plain)
			w.pass(time.Minute)
			w.call(6, plain)
		}},
	})
	checkIn(t, func(s *Setup) {
		softWithPeers(s)
		s.Apart = true
	}, []run{{"a record of the dead who cannot be seen", "", left(died)}})
	checkIn(t, withPeers, []run{{"a lock that was given up and is kept", "", func(w *world) {
		w.release(5, plain, w.acquire(5, plain))
		w.to(Leaked, 3)
		w.call(1, plain)
		w.pass(time.Minute)
		w.call(3, plain)
	}}})
}

// TestErrorsOfPeersAreTheirOwn: what a peer is told, and when, is not judged.
func TestErrorsOfPeersAreTheirOwn(t *testing.T) {
	checkIn(t, softWithPeers, []run{
		{"an error", "", func(w *world) {
			w.call(5, plain)
			w.fail(5, plain, Error)
		}},
		{"an error of Holdfast", "P15", func(w *world) {
			w.call(1, plain)
			w.fail(1, plain, Error)
		}},
		{"another contract", "", func(w *world) {
			w.call(1, plain)
			w.fail(1, plain, Settings)
		}},
	})
	check(t, []run{{"another contract without peers", "P15", func(w *world) {
		w.call(1, plain)
		w.fail(1, plain, Settings)
	}}})
}
