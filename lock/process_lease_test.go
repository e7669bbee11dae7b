//go:build linux

package lock_test

import (
	"os"
	"testing"
	"time"
)

const shortLease = time.Second

// TestStoppedHolderOfALease: others get in when it has not been refreshed for its duration, and not before; and it is told when it goes on.
func TestStoppedHolderOfALease(t *testing.T) {
	t.Parallel()
	path := lockPath(t)
	holder := startContender(t, "the holder", command{Kind: "lease", Path: path, Lease: shortLease})
	contender := startContender(t, "the contender", command{Kind: "lease", Path: path, Lease: shortLease})
	holder.acquire()
	contender.ask("acquire", "waiting")
	holder.stop()
	before, err := os.Stat(path)
	must(t, err)
	waited := time.Now()
	successor := contender.expect("acquired")
	if since := time.Since(before.ModTime()); since < shortLease {
		t.Errorf("relieved %v after its last heartbeat", since)
	}
	if successor.Evidence == "" {
		t.Errorf("nobody said on what evidence the holder was relieved, after %v", time.Since(waited))
	}
	holder.resume()
	for _, question := range []string{"lost", "context", "cause"} {
		var r report
		if question == "lost" {
			r = holder.ask("look", "failed")
		} else {
			r = holder.expect("failed")
		}
		if question != "context" && !r.is("expired") || question == "context" && !r.is("canceled") {
			t.Errorf("asked for its %s, the old hold says %q", question, r.Err)
		}
	}
	if r := holder.ask("release", "failed"); !r.is("expired") {
		t.Errorf("releasing the old hold: %q", r.Err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Errorf("the successor's marker: %v", err)
	}
	contender.release()
}

// TestKilledHolderOfALease: a process that is proven dead is not waited for.
func TestKilledHolderOfALease(t *testing.T) {
	t.Parallel()
	path := lockPath(t)
	holder := startContender(t, "the holder", command{Kind: "lease", Path: path, Lease: time.Hour})
	contender := startContender(t, "the contender", command{Kind: "lease", Path: path, Lease: time.Hour})
	holder.acquire()
	contender.ask("acquire", "waiting")
	holder.kill()
	contender.expect("acquired")
	contender.release()
}
