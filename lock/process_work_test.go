//go:build linux

package lock_test

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
)

// The work that processes share is a counter, incremented in two steps, and a journal to which each hold adds that it begins and that it ends. The kernel keeps the
// lines of the journal in order, so that two who are inside at once, or read the same number, show in it without any clock.
//
// The same work is done by the Python and shell programs in testdata.
const (
	counterSuffix = ".counter" // 20 digits
	journalSuffix = ".journal" // lines "enter NAME NUMBER" and "leave NAME NUMBER"
)

// progressEvery is how many holds lie between two reports of a worker. It goes on when it is told to.
const progressEvery = 10

// work increments the counter until it is at Target, or Quota times.
func (c *contender) work(cmd command) {
	counter, err := os.OpenFile(c.path+counterSuffix, os.O_RDWR, 0)
	if err != nil {
		panic(err)
	}
	defer counter.Close()
	journal, err := os.OpenFile(c.path+journalSuffix, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		panic(err)
	}
	defer journal.Close()
	for n := 1; ; n++ {
		h, err := c.lock.Acquire(context.Background())
		if err != nil {
			c.answer("worked", 0, err)
			return
		}
		more := n <= cmd.Quota || cmd.Quota == 0
		if more {
			more = increment(counter, journal, cmd.Name, cmd.Target)
		}
		if err := h.Release(); err != nil {
			c.answer("worked", 0, err)
			return
		}
		if !more {
			c.tell(report{What: "worked", N: n - 1})
			return
		}
		if n%progressEvery == 0 {
			c.tell(report{What: "progress"})
			if _, ok := c.next(); !ok {
				return
			}
		}
	}
}

func increment(counter, journal *os.File, name string, target int) bool {
	var digits [20]byte
	if _, err := counter.ReadAt(digits[:], 0); err != nil {
		panic(err)
	}
	n, err := strconv.Atoi(string(digits[:]))
	if err != nil {
		panic(err)
	}
	if n == target && target > 0 {
		return false
	}
	fmt.Fprintf(journal, "enter %s %d\n", name, n)
	if _, err := fmt.Fprintf(counterAt{counter}, "%020d", n+1); err != nil {
		panic(err)
	}
	fmt.Fprintf(journal, "leave %s %d\n", name, n)
	return true
}

// counterAt writes at the beginning of the file.
type counterAt struct{ *os.File }

func (c counterAt) Write(p []byte) (int, error) { return c.WriteAt(p, 0) }

// prepareWork makes the files.
func prepareWork(t *testing.T, path string) {
	t.Helper()
	must(t, os.WriteFile(path+counterSuffix, fmt.Appendf(nil, "%020d", 0), 0o666))
	must(t, os.WriteFile(path+journalSuffix, nil, 0o666))
}

// checkWork reads in the journal whether ever two were inside, and whether an increment was lost. A worker that was killed may have been inside: with or without its increment.
func checkWork(t *testing.T, path string, target int, killed map[string]bool) {
	t.Helper()
	content, err := os.ReadFile(path + journalSuffix)
	must(t, err)
	inside, cut, last := "", false, -1 // cut: the last hold was ended by a kill
	dead := map[string]bool{}
	for line := range strings.Lines(string(content)) {
		var what, name string
		var n int
		if _, err := fmt.Sscanf(line, "%s %s %d\n", &what, &name, &n); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		if dead[name] {
			t.Fatalf("%s has written %q after somebody else was inside in its place", name, line)
		}
		switch what {
		case "enter":
			if inside != "" {
				if !killed[inside] {
					t.Fatalf("%s came in while %s was inside", name, inside)
				}
				dead[inside] = true
				cut = true
			}
			if n != last+1 && !(cut && n == last) {
				t.Fatalf("%s has read %d after somebody else had written %d", name, n, last+1)
			}
			inside, cut, last = name, false, n
		case "leave":
			if inside != name || n != last {
				t.Fatalf("%s left as it had not come: %q", name, line)
			}
			inside = ""
		default:
			t.Fatalf("the journal says %q", line)
		}
	}
	if last != target-1 && !(killed[inside] && last == target) {
		t.Errorf("the last increment was of %d, want %d", last, target-1)
	}
}
