//go:build linux

package lock_test

import (
	"slices"
	"testing"
	"time"
)

func TestKilledHolderIsSucceeded(t *testing.T) {
	t.Parallel()
	path := lockPath(t)
	holder := startContender(t, "the holder", command{Path: path})
	waiter := startContender(t, "the waiter", command{Path: path})
	holder.acquire()
	waiter.waitFor(path)
	killed := holder.kill()
	if got := waiter.expect("acquired"); got.At < killed {
		t.Errorf("the waiter was inside %v before the holder was killed", killed-got.At)
	}
	waiter.release()
}

// TestStoppedWaiterHoldsUpNobody: a queue with the stopped one in front would.
func TestStoppedWaiterHoldsUpNobody(t *testing.T) {
	t.Parallel()
	path := lockPath(t)
	holder := startContender(t, "the holder", command{Path: path})
	stopped := startContender(t, "the stopped waiter", command{Path: path})
	waiter := startContender(t, "the waiter", command{Path: path})
	holder.acquire()
	stopped.waitFor(path)
	waiter.waitFor(path)
	stopped.stop()
	holder.release()
	waiter.expect("acquired")
	holder.ask("acquire", "waiting")
	released := waiter.release()
	if got := holder.expect("acquired"); got.At < released {
		t.Errorf("inside %v before the waiter left", released-got.At)
	}
	for range 100 { // its sign that it waits is still up
		holder.release()
		holder.acquire()
	}
	stopped.resume()
	released = holder.release()
	if got := stopped.expect("acquired"); got.At < released {
		t.Errorf("the waiter that was stopped was inside %v before the holder left", released-got.At)
	}
}

func TestKilledWaiterHoldsUpNobody(t *testing.T) {
	t.Parallel()
	path := lockPath(t)
	holder := startContender(t, "the holder", command{Path: path})
	killed := startContender(t, "the killed waiter", command{Path: path})
	waiter := startContender(t, "the waiter", command{Path: path})
	holder.acquire()
	killed.waitFor(path)
	waiter.waitFor(path)
	killed.kill()
	holder.release()
	waiter.expect("acquired")
	waiter.release()
	holder.acquire()
}

func TestCanceledWaiterLeavesTheLockUsable(t *testing.T) {
	t.Parallel()
	path := lockPath(t)
	holder := startContender(t, "the holder", command{Path: path})
	waiter := startContender(t, "the waiter", command{Path: path})
	holder.acquire()
	for range 20 {
		waiter.waitFor(path)
		if r := waiter.ask("cancel", "failed"); !r.is("canceled") || r.is("timeout") {
			t.Fatalf("a canceled acquisition failed with %q", r.Err)
		}
		if _, waiting := owners(t, path); waiting[waiter.pid()] {
			t.Fatal("the kernel still has it waiting")
		}
	}
	// It is not in the way of others, and not inside without knowing it.
	holder.release()
	holder.acquire()
	waiter.waitFor(path)
	holder.release()
	waiter.expect("acquired")
	waiter.release()
}

func TestTimeoutNamesHolderAndWaiters(t *testing.T) {
	t.Parallel()
	path := lockPath(t)
	holder := startContender(t, "the holder", command{Path: path})
	others := []*peer{startContender(t, "a waiter", command{Path: path}), startContender(t, "another waiter", command{Path: path})}
	late := startContender(t, "the late one", command{Path: path})
	holder.acquire()
	for _, p := range others {
		p.waitFor(path)
	}
	for _, cmd := range []command{{Do: "acquire", Timeout: 20 * time.Millisecond}, {Do: "acquire", Once: true}, {Do: "acquire", Once: true, Timeout: time.Hour}} {
		late.send(cmd)
		if !cmd.Once {
			late.expect("waiting")
		}
		r := late.expect("failed")
		if !r.is("timeout") || !r.is("TimeoutError") {
			t.Errorf("%+v: %q is no timeout", cmd, r.Err)
		}
		if !slices.Equal(r.Holders, []int{holder.pid()}) || r.Waiters != len(others) {
			t.Errorf("%+v: %q: holders %d, %d waiters; want %d, %d", cmd, r.Err, r.Holders, r.Waiters, holder.pid(), len(others))
		}
	}
	// A wait that ends well within its bound.
	late.send(command{Do: "acquire", Timeout: patience})
	late.expect("waiting")
	for _, p := range others {
		p.kill()
	}
	holder.release()
	late.expect("acquired")
}

// TestTimeoutCountsWaitersOfTheSameProcess: those that queue in the process are not in the kernel's table.
func TestTimeoutCountsWaitersOfTheSameProcess(t *testing.T) {
	t.Parallel()
	path := lockPath(t)
	holder := startContender(t, "the holder", command{Path: path})
	const waiters = 3
	holder.acquire()
	for range waiters {
		holder.ask("acquire", "waiting")
	}
	eventually(t, "all wait", func() bool {
		holder.send(command{Do: "acquire", Once: true})
		r := holder.expect("failed")
		if r.Waiters > waiters {
			t.Fatalf("%d waiters counted of %d", r.Waiters, waiters)
		}
		return r.Waiters == waiters
	})
}
