package sim

import "iter"

// Engine is how tasks are made to take turns. Which one it is makes no difference to what happens in the world.
type Engine uint8

const (
	// Coroutines runs every task as a coroutine on the goroutine that called [World.Run]. It is the quicker one.
	Coroutines Engine = iota
	// Channels runs every task as a goroutine that waits for a message. The race detector understands it best, and a run of it checks one of the other.
	Channels
)

// baton passes the right to run between a task and the scheduler.
type baton interface {
	// resume runs the task until it yields or ends. The scheduler calls it.
	resume()
	// yield goes back to the scheduler, until it resumes the task.
	yield()
}

func (w *World) start(t *Task) baton {
	if w.config.Engine == Channels {
		c := &channel{run: make(chan struct{}), back: make(chan struct{})}
		go func() {
			<-c.run
			defer func() { c.back <- struct{}{} }() // also when the task ends its goroutine
			t.main()
		}()
		return c
	}
	return w.crew.take(t)
}

// Crew are coroutines that have no task at the moment. Worlds that are given one, one after the other, need no new ones, nor stacks that have to grow first.
type Crew struct{ idle []*coroutine }

// Close ends the coroutines. The crew can be used on.
func (c *Crew) Close() {
	for _, idle := range c.idle {
		idle.stop()
	}
	c.idle = nil
}

func (c *Crew) take(t *Task) *coroutine {
	if n := len(c.idle); n > 0 {
		idle := c.idle[n-1]
		c.idle = c.idle[:n-1]
		idle.task = t
		return idle
	}
	fresh := &coroutine{task: t}
	fresh.next, fresh.stop = iter.Pull(func(yield func(struct{}) bool) {
		fresh.pass = yield
		for {
			crew := fresh.task.world.crew // not the one that made it
			fresh.task.main()             // one that ends its goroutine ends the coroutine
			fresh.task = nil
			crew.idle = append(crew.idle, fresh)
			if !yield(struct{}{}) {
				return
			}
		}
	})
	return fresh
}

type coroutine struct {
	task *Task
	next func() (struct{}, bool)
	stop func()
	pass func(struct{}) bool
}

func (c *coroutine) resume() { c.next() }
func (c *coroutine) yield()  { c.pass(struct{}{}) }

type channel struct{ run, back chan struct{} }

func (c *channel) resume() {
	c.run <- struct{}{}
	<-c.back
}

func (c *channel) yield() {
	c.back <- struct{}{}
	<-c.run
}
