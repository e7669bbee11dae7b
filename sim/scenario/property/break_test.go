package property

import (
	"testing"
	"time"
)

func soft(s *Setup) {
	for i := range s.Locks {
		s.Locks[i].Soft = true
	}
}

// publish has a client acquire a lock by a file.
func (w *world) publish(client int32, file uint64) int32 {
	w.call(client, plain)
	w.add(Event{Kind: Published, Client: client, Path: 1, File: file})
	return w.got(client, plain, 1, 0)
}

// breaks has a client break what it has looked at, so that it is about to take something away.
func (w *world) breaks(client int32, judged uint64) {
	w.add(Event{Kind: BreakCalled, Client: client, Lock: plain, File: judged})
}

func (w *world) takes(client int32, file uint64) {
	w.add(Event{Kind: Taken, Client: client, Path: 1, File: file})
}

func (w *world) told(client int32, r Result) {
	w.add(Event{Kind: BreakReturned, Client: client, Lock: plain, Result: r})
}

func TestBreaking(t *testing.T) {
	const first, second = 7, 8
	checkIn(t, soft, []run{
		{"what was looked at", "", func(w *world) {
			h := w.publish(1, first)
			w.breaks(3, first)
			w.takes(3, first)
			w.told(3, OK)
			n := w.publish(5, second)
			w.letGo(1, plain, h)
			w.let(1, plain, h, Expired)
			w.takes(5, second)
			w.release(5, plain, n)
		}},
		{"a hold of one's own process", "", func(w *world) {
			w.publish(1, first)
			w.breaks(2, first)
			w.takes(2, first)
			w.told(2, OK)
			w.publish(5, second)
		}},
		{"what a stranger has put there", "", func(w *world) {
			w.disturb(1)
			w.breaks(3, first)
			w.takes(3, first)
			w.told(3, OK)
		}},
		{"before the acquisition has returned", "", func(w *world) {
			w.call(1, plain)
			w.add(Event{Kind: Published, Client: 1, Path: 1, File: first})
			w.breaks(3, first)
			w.takes(3, first)
			w.told(3, OK)
			w.publish(5, second)
			h := w.got(1, plain, 1, 0)
			w.letGo(1, plain, h)
			w.let(1, plain, h, Expired)
		}},
		{"another one", "P8", func(w *world) {
			w.publish(1, second)
			w.breaks(3, first)
			w.takes(3, second)
		}},
		{"nothing, and is told that it was", "P8", func(w *world) {
			w.publish(1, first)
			w.breaks(3, first)
			w.told(3, OK)
		}},
		{"and is told that nothing was", "P8", func(w *world) {
			w.publish(1, first)
			w.breaks(3, first)
			w.takes(3, first)
			w.told(3, Changed)
		}},
		{"and is told an error", "", func(w *world) {
			w.publish(1, first)
			w.breaks(3, first)
			w.takes(3, first)
			w.told(3, Error)
		}},
		{"nothing, and the next is inside", "P1", func(w *world) {
			w.publish(1, first)
			w.breaks(3, first)
			w.told(3, Changed)
			w.publish(5, second)
		}},
		{"and gives it back", "", func(w *world) {
			h := w.publish(1, first)
			w.breaks(3, first)
			w.takes(3, first)
			w.add(Event{Kind: Published, Client: 3, Path: 1, File: first})
			w.told(3, Changed)
			w.release(1, plain, h)
		}},
		{"and gives it back, and the next is inside", "P1", func(w *world) {
			w.publish(1, first)
			w.breaks(3, first)
			w.takes(3, first)
			w.add(Event{Kind: Published, Client: 3, Path: 1, File: first})
			w.told(3, Changed)
			w.publish(5, second)
		}},
		{"the holder is told that all was well", "P16", func(w *world) {
			h := w.publish(1, first)
			w.breaks(3, first)
			w.takes(3, first)
			w.told(3, OK)
			w.release(1, plain, h)
		}},
		{"the holder was on its way out", "", func(w *world) {
			h := w.publish(1, first)
			w.letGo(1, plain, h)
			w.breaks(3, first)
			w.takes(3, first)
			w.told(3, OK)
			w.let(1, plain, h, OK)
		}},
		{"the holder was on its way out, and learns that it was broken", "", func(w *world) {
			h := w.publish(1, first)
			w.letGo(1, plain, h)
			w.breaks(3, first)
			w.takes(3, first)
			w.told(3, OK)
			w.let(1, plain, h, Expired)
		}},
		{"a holder is told that it was broken, and was not", "P16", func(w *world) {
			h := w.publish(1, first)
			w.letGo(1, plain, h)
			w.let(1, plain, h, Expired)
		}},
		{"whoever waits gets it in time", "P6", func(w *world) {
			w.publish(1, first)
			w.call(5, plain)
			w.breaks(3, first)
			w.takes(3, first)
			w.told(3, OK)
			w.pass(time.Minute)
			w.acquire(6, other)
		}},
		{"whoever waits has to wait for one that is frozen in it", "", func(w *world) {
			w.publish(1, first)
			w.call(5, plain)
			w.breaks(3, first)
			w.takes(3, first)
			w.to(Frozen, 2)
			w.pass(time.Minute)
			w.acquire(6, other)
		}},
		{"whoever waits has to wait for what the holder has left", "", func(w *world) {
			h := w.publish(1, first)
			w.call(5, plain)
			w.breaks(3, first)
			w.files[1] = first
			w.release(1, plain, h)
			w.to(Died, 2)
			w.pass(time.Minute)
			w.acquire(6, other)
		}},
		{"nobody was about to remove what the holder has left", "P6", func(w *world) {
			h := w.publish(1, first)
			w.call(5, plain)
			w.files[1] = first
			w.release(1, plain, h)
			w.pass(time.Minute)
			w.acquire(6, other)
		}},
	})
}
