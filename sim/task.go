package sim

import (
	"fmt"
	"runtime/debug"
	"strconv"
	"time"
)

// Task is a thread of a process, or of the world's own [World.God]. Exactly one runs at a time.
type Task struct {
	world *World
	proc  *Process
	name  string
	id    int32 // in the world, in the order of creation
	local int32 // in its process
	state taskState

	readyAt time.Duration // when it can go on; of one that is blocked, nothing
	op      Op            // what it does next
	object  uint64        // to what
	calls   uint32        // see Calls
	woken   bool          // it was woken by somebody, rather than by the clock
	timed   bool          // a timer starts it
	sleeps  bool          // readyAt is on the clock of its machine, which can stand still

	label  string // see String
	f      func()
	baton  baton // nil until it has started
	goexit bool
	lock   lockWait // what it waits for, or has asked for last
}

type taskState uint8

const (
	blocked taskState = iota // until somebody wakes it
	ready                    // from readyAt on
	done
)

// ID returns the task's number in the world. Numbers follow the order of creation, and are not used again.
func (t *Task) ID() int { return int(t.id) }

// Op returns the call that the task makes when it goes on.
func (t *Task) Op() Op { return t.op }

// Object returns what that call is about: a number that is the same for calls on the same path, and 0 for calls that are about no file.
func (t *Task) Object() uint64 { return t.object }

// Pauses reports whether the task has made that call, and goes on by itself when a time has passed.
func (t *Task) Pauses() bool { return t.sleeps }

// Calls returns how often the task has come to a point where another one may run: once for each call, the pending one included, and once more where it waits in it.
func (t *Task) Calls() int { return int(t.calls) }

// Process returns the process that the task belongs to.
func (t *Task) Process() *Process { return t.proc }

// String returns the name by which schedules and traces know the task: that of its process, and for other tasks than its first "." and their number in it.
func (t *Task) String() string {
	if t.label == "" {
		t.label = t.proc.name
		if t.local != 0 {
			t.label += "." + strconv.Itoa(int(t.local))
		}
	}
	return t.label
}

// killed ends a task whose process is gone. What it panics through can do nothing to the world any more: every call of the host panics again.
type killed struct{}

// main runs the task from its start to its end, whatever that is.
func (t *Task) main() {
	returned := false
	defer func() {
		switch r := recover(); {
		case r == killed{}:
		case r != nil:
			t.world.fail(&PanicError{Task: t.String(), Value: r, Stack: string(debug.Stack())})
		case !returned:
			t.goexit = true // t.FailNow
		}
		t.state = done
	}()
	t.world.arrive(t)
	t.f()
	returned = true
}

// PanicError says that a task of the simulated program panicked, which ends the run.
type PanicError struct {
	Task  string
	Value any
	Stack string
}

func (e *PanicError) Error() string { return fmt.Sprintf("task %s panicked: %v", e.Task, e.Value) }
