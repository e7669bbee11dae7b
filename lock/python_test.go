//go:build linux

package lock_test

import (
	"fmt"
	"os"
	"os/exec"
	"slices"
	"testing"
	"time"
)

// requirePeers set to 1 makes a peer that is not installed a failure, so that a machine which is meant to have it does not pass for nothing.
const requirePeers = "HOLDFAST_REQUIRE_PEERS"

func missingPeer(t *testing.T, format string, args ...any) {
	t.Helper()
	if os.Getenv(requirePeers) == "1" {
		t.Fatalf(format, args...)
	}
	t.Skipf(format, args...)
}

// python is the system's own, to which the distribution's package belongs.
const python = "/usr/bin/python3"

// needFilelock skips a test where Python's filelock is not installed.
func needFilelock(t *testing.T) {
	t.Helper()
	if out, err := exec.Command(python, "-c", "import filelock").CombinedOutput(); err != nil {
		missingPeer(t, "%s has no filelock, install it with `apt-get install python3-filelock`: %v\n%s", python, err, out)
	}
}

// startPython starts a process that has a filelock.FileLock on path, or a SoftFileLock.
func startPython(t *testing.T, name, kind, path string) *peer {
	t.Helper()
	p := startPeer(t, name, exec.Command(python, "testdata/filelock_peer.py"))
	p.expect("ready")
	p.send(command{Do: "open", Kind: kind, Path: path})
	p.expect("opened")
	return p
}

// TestPythonAndGoExcludeEachOther lets each side hold while the other one tries, gives up, waits, and succeeds a holder that releases or is killed.
func TestPythonAndGoExcludeEachOther(t *testing.T) {
	t.Parallel()
	needFilelock(t)
	starters := map[string]func(t *testing.T, kind, path string) *peer{
		"Go": func(t *testing.T, kind, path string) *peer {
			return startContender(t, "Go", command{Kind: kind, Path: path})
		},
		"Python": func(t *testing.T, kind, path string) *peer { return startPython(t, "Python", kind, path) },
	}
	for _, c := range []struct{ kind, holder, waiter, end string }{
		{"", "Go", "Python", "released"},
		{"", "Go", "Python", "killed"},
		{"", "Python", "Go", "released"},
		{"", "Python", "Go", "killed"},
		// This version writes no record and looks for none: what a process leaves that is killed stays.
		{"soft", "Go", "Python", "released"},
		{"soft", "Python", "Go", "released"},
		{"soft", "Go", "Go", "released"},
		{"soft", "Go", "Go", "killed"},
	} {
		t.Run(fmt.Sprintf("%s %s holder %s, %s waiter", c.kind, c.holder, c.end, c.waiter), func(t *testing.T) {
			t.Parallel()
			path := lockPath(t)
			holder, waiter := starters[c.holder](t, c.kind, path), starters[c.waiter](t, c.kind, path)
			holder.acquire()
			waiter.send(command{Do: "acquire", Once: true})
			if r := waiter.expect("failed"); !r.is("timeout") {
				t.Errorf("one attempt: %q", r.Err)
			}
			named := []int{holder.pid()}
			if c.kind == "soft" && c.holder == "Python" {
				named = nil
			}
			waiter.send(command{Do: "acquire", Timeout: 60 * time.Millisecond})
			waiter.expect("waiting")
			if r := waiter.expect("failed"); !r.is("timeout") || c.waiter == "Go" && !slices.Equal(r.Holders, named) {
				t.Errorf("a bounded wait: %q", r.Err)
			}
			waiter.ask("acquire", "waiting")
			if c.waiter == "Go" && (c.kind == "" || c.holder == "Go") {
				waiter.waitsInKernel(path)
			}
			var left time.Duration
			if c.end == "killed" {
				left = holder.kill()
			} else {
				left = holder.release()
			}
			if got := waiter.expect("acquired"); got.At < left {
				t.Errorf("%s was inside %v before %s left", c.waiter, left-got.At, c.holder)
			}
			waiter.release()
		})
	}
}

func TestPythonAndGoWorkTogether(t *testing.T) {
	t.Parallel()
	needFilelock(t)
	const each, quota = 4, 100
	for _, kind := range []string{"", "soft"} { // the others came later than this filelock
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			path := lockPath(t)
			prepareWork(t, path)
			var working []*peer
			for i := range each {
				working = append(working, startPython(t, fmt.Sprintf("python-%d", i), kind, path),
					startContender(t, fmt.Sprintf("go-%d", i), command{Kind: kind, Path: path, Quiet: true}))
			}
			for _, p := range working {
				p.send(command{Do: "work", Name: p.name, Quota: quota})
			}
			finishWork(t, working)
			checkWork(t, path, 2*each*quota, nil)
		})
	}
}

// finishWork returns when all have worked their quota.
func finishWork(t *testing.T, working []*peer) {
	t.Helper()
	for len(working) > 0 {
		switch p, r := first(t, working...); r.What {
		case "progress":
			p.send(command{Do: "go on"})
		case "worked":
			working = slices.DeleteFunc(slices.Clone(working), func(w *peer) bool { return w == p })
		default:
			t.Fatalf("%s: %s (%s)", p.name, r.What, r.Err)
		}
	}
}
