//go:build linux

package lock_test

import (
	"fmt"
	"os"
	"syscall"
	"testing"
)

// TestChildDoesNotKeepTheLock: a program that was started while the lock was held must not inherit it, or the lock would stay held for as long as that program runs.
func TestChildDoesNotKeepTheLock(t *testing.T) {
	t.Parallel()
	for _, end := range []string{"killed", "released"} {
		t.Run(end, func(t *testing.T) {
			t.Parallel()
			path := lockPath(t)
			holder := startContender(t, "the holder", command{Path: path, Fencing: true, Lifetime: longLifetime})
			waiter := startContender(t, "the waiter", command{Path: path})
			// The child reads from a FIFO that stays open for writing until the test ends.
			fifo := path + ".fifo"
			must(t, syscall.Mkfifo(fifo, 0o600))
			writer, err := os.OpenFile(fifo, os.O_RDWR, 0)
			must(t, err)
			defer writer.Close()

			holder.acquire()
			holder.send(command{Do: "spawn", Path: fifo})
			child := holder.expect("spawned").PID
			waiter.waitFor(path)
			if end == "killed" {
				holder.kill()
			} else {
				holder.release()
			}
			waiter.expect("acquired")
			if !alive(child) {
				t.Fatal("the child has ended, so that this shows nothing")
			}
			names, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", child))
			must(t, err)
			for _, n := range names {
				target, _ := os.Readlink(fmt.Sprintf("/proc/%d/fd/%s", child, n.Name()))
				if len(target) >= len(path) && target[:len(path)] == path && target != fifo {
					t.Errorf("the child has %s open", target)
				}
			}
		})
	}
}
