package bench

import (
	"time"

	"github.com/holdfast-lock/holdfast/bench/contend"
	"github.com/holdfast-lock/holdfast/bench/worker"
)

const idleTask = "idle"

// Idle is what waiting costs while nothing happens.
type Idle struct {
	Waiters int     `json:"waiters"` // processes
	CPU     float64 `json:"cpu"`     // of one processor, in percent, of each waiter on average
}

// idle waits for the lock, and returns how much of a processor that takes, in percent.
func idle(subjects contend.Subjects) worker.Task {
	return worker.For(func(a soloArgs, ready func()) (float64, error) {
		l, err := a.open(subjects)
		if err != nil {
			return 0, err
		}
		ready()
		failed := make(chan error, 1)
		go func() { // ends with the process
			if err := l.Lock(); err != nil {
				failed <- err
			}
		}()
		time.Sleep(2 * settle) // the beginning does not count, in which the program is loaded
		cpu, start := contend.CPU(), time.Now()
		select {
		case err := <-failed:
			return 0, err
		case <-time.After(a.For):
		}
		return 100 * float64(contend.CPU()-cpu) / float64(time.Since(start)), nil
	})
}

// idleWaiters is the number of processes that wait.
const idleWaiters = 8

func (r *runner) planIdle() {
	inRounds(r, "idle waiters", r.contestants, r.idle, func(rounds []Idle) Idle {
		return Idle{idleWaiters, medianOf(rounds, func(i Idle) float64 { return i.CPU })}
	}, func(row Row[Idle]) { r.report.Idle = append(r.report.Idle, row) })
}

func (r *runner) idle(c contestant) (Idle, error) {
	path := r.path()
	release, err := r.held(c, path)
	if err != nil {
		return Idle{}, err
	}
	defer release()
	var workers []*worker.Worker
	defer func() {
		for _, w := range workers {
			w.Close(time.Second)
		}
	}()
	for range idleWaiters {
		w, err := worker.Start(r.ctx, c.program)
		if err != nil {
			return Idle{}, err
		}
		workers = append(workers, w)
		if err := w.Begin(idleTask, soloArgs{subjectArgs{c.Name, path}, r.For}); err != nil {
			return Idle{}, err
		}
	}
	for _, do := range []func(*worker.Worker) error{(*worker.Worker).Ready, (*worker.Worker).Go} {
		for _, w := range workers {
			if err := do(w); err != nil {
				return Idle{}, err
			}
		}
	}
	sum := 0.0
	for _, w := range workers {
		var percent float64
		if err := w.Result(&percent); err != nil {
			return Idle{}, err
		}
		sum += percent
	}
	return Idle{idleWaiters, sum / idleWaiters}, nil
}

// held lets a process of its own hold the lock, and returns what makes it release it.
func (r *runner) held(c contestant, path string) (release func() error, err error) {
	w, err := worker.Start(r.ctx, c.program)
	if err != nil {
		return nil, err
	}
	if err = w.Begin(holdTask, subjectArgs{c.Name, path}); err == nil {
		err = w.Ready()
	}
	if err != nil {
		w.Close(time.Second)
		return nil, err
	}
	return func() error {
		defer w.Close(time.Second)
		if err := w.Go(); err != nil {
			return err
		}
		return w.Result(nil)
	}, nil
}
