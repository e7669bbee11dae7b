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

func (e Engine) start(t *Task) baton {
	if e == Channels {
		c := &channel{run: make(chan struct{}), back: make(chan struct{})}
		go func() {
			<-c.run
			defer func() { c.back <- struct{}{} }() // also when the task ends its goroutine
			t.main()
		}()
		return c
	}
	c := new(coroutine)
	c.next, _ = iter.Pull(func(yield func(struct{}) bool) {
		c.pass = yield
		t.main()
	})
	return c
}

type coroutine struct {
	next func() (struct{}, bool)
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
