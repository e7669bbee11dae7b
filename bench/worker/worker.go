package worker

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"sync"
	"time"
)

// Program is the command line of a program that calls [Serve].
type Program []string

// Worker is a process that does tasks. Its methods are for one goroutine, but for those that send signals.
type Worker struct {
	cmd     *exec.Cmd
	in      io.WriteCloser
	answers chan answer
	stderr  tail
	ended   chan struct{} // closed once the process is reaped
}

// Start starts a worker that is killed when ctx ends, so that whoever waits for it goes on.
func Start(ctx context.Context, p Program) (*Worker, error) {
	cmd := exec.CommandContext(ctx, p[0], p[1:]...)
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	w := &Worker{cmd: cmd, in: in, answers: make(chan answer, 4), ended: make(chan struct{})}
	cmd.Stderr = &w.stderr
	if err := startTied(cmd); err != nil {
		return nil, err
	}
	go w.listen(out)
	return w, nil
}

// listen reads the answers and reaps the process after the last one.
func (w *Worker) listen(out io.Reader) {
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 1<<26)
	for lines.Scan() {
		var a answer
		if err := json.Unmarshal(lines.Bytes(), &a); err != nil {
			a = answer{Done: true, Err: fmt.Sprintf("said %q: %v", lines.Text(), err)}
		}
		w.answers <- a
	}
	w.cmd.Wait() // first: then all is there that the process had to say
	close(w.ended)
	close(w.answers)
}

// Call does a task that has nothing to prepare, and puts what it returned into result.
func (w *Worker) Call(do string, args, result any) error {
	if err := w.Begin(do, args); err != nil {
		return err
	}
	return w.Result(result)
}

// Begin tells the worker to prepare a task.
func (w *Worker) Begin(do string, args any) error {
	b, err := json.Marshal(args)
	if err != nil {
		return err
	}
	return w.send(order{Do: do, Args: b})
}

// Ready waits until the task is prepared.
func (w *Worker) Ready() error {
	a, err := w.next()
	if err == nil && !a.Ready {
		err = errors.New("the worker was not ready")
	}
	return err
}

// Go lets a task begin that is ready.
func (w *Worker) Go() error { return w.send(order{Go: true}) }

// Result waits for the end of the task.
func (w *Worker) Result(result any) error {
	a, err := w.next()
	if err != nil || result == nil {
		return err
	}
	return json.Unmarshal(a.Result, result)
}

func (w *Worker) send(o order) error {
	if err := json.NewEncoder(w.in).Encode(o); err != nil {
		return w.explain(err)
	}
	return nil
}

func (w *Worker) next() (answer, error) {
	a, ok := <-w.answers
	switch {
	case !ok:
		return a, w.explain(ErrEnded)
	case a.Err != "":
		return a, errors.New(a.Err)
	}
	return a, nil
}

// explain adds what the process had to say.
func (w *Worker) explain(err error) error {
	if said := w.stderr.String(); said != "" {
		return fmt.Errorf("%w: %s", err, said)
	}
	return err
}

// PID returns the process's number.
func (w *Worker) PID() int { return w.cmd.Process.Pid }

// Kill ends the process without giving it a chance to do anything.
func (w *Worker) Kill() error { return w.cmd.Process.Kill() }

// Close lets the process end, sees to it that it does within the given time, and reports whether it did by itself.
func (w *Worker) Close(patience time.Duration) bool {
	w.in.Close()
	w.Continue()
	late := time.NewTimer(patience)
	defer late.Stop()
	go func() { // nobody waits for these answers any more
		for range w.answers {
		}
	}()
	select {
	case <-w.ended:
		return true
	case <-late.C:
		w.Kill()
		<-w.ended
		return false
	}
}

// tail keeps the end of what is written to it.
type tail struct {
	mu   sync.Mutex
	kept []byte
}

const tailSize = 500

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.kept = append(t.kept, p...)
	t.kept = t.kept[max(0, len(t.kept)-tailSize):]
	return len(p), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.kept)
}
