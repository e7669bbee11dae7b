package worker_test

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/holdfast-lock/holdfast/bench/worker"
)

const roleVariable = "HOLDFAST_TEST_WORKER"

// TestMain lets the test program be the worker as well.
func TestMain(m *testing.M) {
	if os.Getenv(roleVariable) == "" {
		os.Exit(m.Run())
	}
	worker.Serve(worker.Tasks{
		"double": worker.For(func(n int, ready func()) (int, error) {
			ready()
			return 2 * n, nil
		}),
		"fail": worker.For(func(text string, _ func()) (int, error) { return 0, errors.New(text) }),
		"die": worker.For(func(text string, _ func()) (int, error) {
			fmt.Fprint(os.Stderr, text)
			os.Exit(3)
			return 0, nil
		}),
		"hang": worker.For(func(_ string, ready func()) (int, error) {
			ready()
			select {}
		}),
	}, os.Stdin, os.Stdout)
}

func start(t *testing.T) *worker.Worker {
	t.Helper()
	t.Setenv(roleVariable, "1")
	t.Setenv("GORACE", "atexit_sleep_ms=0") // else every process of a race-enabled program stays for a second
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	w, err := worker.Start(t.Context(), worker.Program{self})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.Close(time.Minute) })
	return w
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestTaskBeginsWhenToldTo(t *testing.T) {
	w := start(t)
	for n := range 3 {
		check(t, w.Begin("double", n))
		check(t, w.Ready())
		check(t, w.Go())
		var got int
		check(t, w.Result(&got))
		if got != 2*n {
			t.Errorf("twice %d is %d", n, got)
		}
	}
	if !w.Close(time.Minute) {
		t.Error("the worker did not end by itself")
	}
}

func TestErrorsComeBack(t *testing.T) {
	for _, row := range []struct{ do, args, want string }{
		{"fail", "no luck", "no luck"},
		{"die", "last words", "last words"},
		{"unheard of", "", `"unheard of"`},
	} {
		if err := start(t).Call(row.do, row.args, nil); err == nil || !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: got error %v, want one that says %q", row.do, err, row.want)
		}
	}
}

func TestBusyWorkerEndsWithItsInput(t *testing.T) {
	w := start(t)
	check(t, w.Begin("hang", ""))
	check(t, w.Ready())
	check(t, w.Go())
	if !w.Close(time.Minute) {
		t.Error("the worker had to be killed")
	}
}

func TestStoppedWorkerEnds(t *testing.T) {
	w := start(t)
	switch err := w.Stop(); {
	case errors.Is(err, errors.ErrUnsupported):
		t.Skip(err)
	case err != nil:
		t.Fatal(err)
	}
	if !w.Close(time.Minute) {
		t.Error("the worker had to be killed")
	}
}

func TestKilledWorkerSaysSo(t *testing.T) {
	w := start(t)
	check(t, w.Begin("hang", ""))
	check(t, w.Ready())
	check(t, w.Kill())
	if err := w.Result(nil); !errors.Is(err, worker.ErrEnded) {
		t.Errorf("got error %v", err)
	}
}
