//go:build linux

package lock_test

import (
	"fmt"
	"os/exec"
	"slices"
	"testing"
	"time"
)

func needFlock(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("flock"); err != nil {
		missingPeer(t, "flock(1) is not installed, install it with `apt-get install util-linux`: %v", err)
	}
}

// startFlock starts flock(1) with a command that says when it runs, and runs until the input ends. With -o the command does not inherit the lock.
func startFlock(t *testing.T, path string) *peer {
	t.Helper()
	return startPeer(t, "flock(1)", exec.Command("flock", "-o", path, "sh", "-c", `echo '{"What":"acquired"}'; cat >/dev/null`))
}

func TestFlockHoldsAndGoWaits(t *testing.T) {
	t.Parallel()
	needFlock(t)
	for _, end := range []string{"released", "killed"} {
		t.Run(end, func(t *testing.T) {
			t.Parallel()
			path := lockPath(t)
			holder := startFlock(t, path)
			holder.expect("acquired")
			waiter := startContender(t, "Go", command{Path: path})
			for _, cmd := range []command{{Do: "acquire", Once: true}, {Do: "acquire", Timeout: 30 * time.Millisecond}} {
				waiter.send(cmd)
				if !cmd.Once {
					waiter.expect("waiting")
				}
				if r := waiter.expect("failed"); !r.is("timeout") || !slices.Equal(r.Holders, []int{holder.pid()}) {
					t.Errorf("%+v: %q", cmd, r.Err)
				}
			}
			waiter.waitFor(path)
			left := uptime()
			if end == "killed" {
				holder.kill()
			} else {
				must(t, holder.in.Close())
			}
			if got := waiter.expect("acquired"); got.At < left {
				t.Errorf("inside %v before flock(1) left", left-got.At)
			}
		})
	}
}

func TestGoHoldsAndFlockWaits(t *testing.T) {
	t.Parallel()
	needFlock(t)
	for _, end := range []string{"released", "killed"} {
		t.Run(end, func(t *testing.T) {
			t.Parallel()
			path := lockPath(t)
			holder := startContender(t, "Go", command{Path: path})
			holder.acquire()
			const conflict = 75
			for _, bound := range [][]string{{"-n"}, {"-w", "0.05"}} {
				cmd := exec.Command("flock", append(bound, "-E", fmt.Sprint(conflict), path, "true")...)
				if err := cmd.Run(); cmd.ProcessState == nil || cmd.ProcessState.ExitCode() != conflict {
					t.Errorf("flock %v: %v", bound, err)
				}
			}
			waiter := startFlock(t, path)
			waiter.waitsInKernel(path)
			if end == "killed" {
				holder.kill()
			} else {
				holder.release()
			}
			waiter.expect("acquired")
			if end == "released" {
				holder.waitFor(path)
				must(t, waiter.in.Close())
				holder.expect("acquired")
			}
		})
	}
}

func TestFlockAndGoWorkTogether(t *testing.T) {
	t.Parallel()
	needFlock(t)
	const each, quota = 4, 100
	path := lockPath(t)
	prepareWork(t, path)
	var working []*peer
	for i := range each {
		p := startContender(t, fmt.Sprintf("go-%d", i), command{Path: path, Quiet: true})
		p.send(command{Do: "work", Name: p.name, Quota: quota})
		name := fmt.Sprintf("flock-%d", i)
		working = append(working, p, startPeer(t, name, exec.Command("sh", "testdata/flock_work.sh", path, name, fmt.Sprint(quota))))
	}
	finishWork(t, working)
	checkWork(t, path, 2*each*quota, nil)
}
