package sim

// Happening is something that befalls a process.
type Happening uint8

// What can befall a process.
const (
	Died   Happening = iota // it exited, was killed, or its machine has lost power
	Froze                   // it was stopped, or its machine suspended
	Thawed                  // it can go on
	Struck                  // a fault happens in one of its calls
)

// happened tells [Config.Watch].
func (p *Process) happened(h Happening) {
	if watch := p.world.config.Watch; watch != nil {
		watch(p, h)
	}
}

// Current returns the task that runs, nil before and after the run.
func (w *World) Current() *Task { return w.current }

// Blocked reports whether the task waits for somebody to wake it.
func (t *Task) Blocked() bool { return t.state == blocked }
