// Package worker runs parts of a measurement in processes of their own, which are told what to do and answer.
//
// The two sides exchange JSON values, one per line, through the worker's standard input and output. A worker ends when its input does, so that none outlives
// the process that started it.
package worker

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
)

// Task is what a worker can be told to do. It calls ready once, when it is prepared, which returns when all others are prepared too; a task that has
// nothing to prepare need not. What it returns is sent back.
type Task func(args json.RawMessage, ready func()) (result any, err error)

// Tasks are the tasks that a program can do, by name.
type Tasks map[string]Task

// order and answer are what is exchanged.
type order struct {
	Do   string          `json:"do,omitempty"`
	Args json.RawMessage `json:"args,omitempty"`
	Go   bool            `json:"go,omitempty"`
}

type answer struct {
	Ready  bool            `json:"ready,omitempty"`
	Result json.RawMessage `json:"result,omitempty"`
	Err    string          `json:"err,omitempty"`
	Done   bool            `json:"done,omitempty"`
}

// Serve does what it is told until in ends, and then ends the process: a task that is under way, waiting for a lock maybe, is not waited for.
func Serve(tasks Tasks, in io.Reader, out io.Writer) {
	orders := make(chan order)
	go func() {
		lines := bufio.NewScanner(in)
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			var o order
			if err := json.Unmarshal(lines.Bytes(), &o); err != nil {
				fmt.Fprintf(os.Stderr, "worker: %v\n", err)
				os.Exit(2)
			}
			orders <- o
		}
		os.Exit(0)
	}()
	say := func(a answer) {
		b, err := json.Marshal(a)
		if err == nil {
			_, err = out.Write(append(b, '\n'))
		}
		if err != nil {
			os.Exit(0) // nobody listens any more
		}
	}
	for o := range orders {
		say(tasks.do(o, func() {
			say(answer{Ready: true})
			<-orders // says go
		}))
	}
}

func (t Tasks) do(o order, ready func()) answer {
	task, ok := t[o.Do]
	if !ok {
		return answer{Done: true, Err: fmt.Sprintf("this program knows no task %q", o.Do)}
	}
	result, err := task(o.Args, ready)
	if err != nil {
		return answer{Done: true, Err: err.Error()}
	}
	b, err := json.Marshal(result)
	if err != nil {
		return answer{Done: true, Err: err.Error()}
	}
	return answer{Done: true, Result: b}
}

// For makes a Task of a function that takes its arguments as a value.
func For[A, R any](f func(args A, ready func()) (R, error)) Task {
	return func(raw json.RawMessage, ready func()) (any, error) {
		var args A
		if err := json.Unmarshal(raw, &args); err != nil {
			return nil, err
		}
		return f(args, ready)
	}
}

// ErrEnded: the worker has ended, without an answer.
var ErrEnded = errors.New("the worker has ended")
