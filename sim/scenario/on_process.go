package scenario

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"slices"
	"sync"
	"time"

	"github.com/holdfast-lock/holdfast/fs"
)

// realProcess is a process of the scenario.
type realProcess struct {
	cmd    *exec.Cmd
	in     io.WriteCloser
	number int                  // in histories
	calls  map[string]*realCall // that have not returned, by client; guarded by the run's mutex
	dead   chan struct{}        // closed when it has ended, and all that it has said is known

	mu  sync.Mutex // guards what follows
	out *json.Encoder
}

// realCall is a step that a client of a process does.
type realCall struct {
	*op
	to     chan answer
	called time.Duration
}

// start starts a process.
func (r *onRun) start(i int) error {
	plan := &r.program.processes[i]
	cmd := exec.Command(r.command[0], r.command[1:]...)
	cmd.Stderr = os.Stderr
	if plan.WorkDir != "" {
		cmd.Dir = r.real(plan.WorkDir)
		if err := os.MkdirAll(cmd.Dir, 0o777); err != nil {
			return err
		}
	}
	in, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	r.lives = append(r.lives, plan.Name)
	p := &realProcess{cmd: cmd, in: in, out: json.NewEncoder(in), number: len(r.lives), dead: make(chan struct{}), calls: make(map[string]*realCall)}
	r.processes[i] = p
	go r.read(i, p, out)
	locks := slices.Clone(r.program.scenario.Locks)
	for n := range locks {
		locks[n].Path = r.real(locks[n].Path)
	}
	return p.out.Encode(request{Locks: locks})
}

// read takes note of what the process says and hands it on, until it ends.
func (r *onRun) read(process int, p *realProcess, out io.Reader) {
	for lines := json.NewDecoder(out); ; {
		var a answer
		if lines.Decode(&a) != nil {
			break
		}
		r.mu.Lock()
		call := p.calls[a.Client]
		delete(p.calls, a.Client)
		if call != nil {
			r.returned(call.op, process, &a)
			call.to <- a
		}
		r.mu.Unlock()
	}
	p.cmd.Wait()
	close(p.dead)
}

// ask has a client do a step; the answer comes on the channel, or the process dies.
func (r *onRun) ask(process int, client string, o *op, s Step) chan answer {
	p := r.processes[process]
	call := &realCall{o, make(chan answer, 1), r.now()}
	r.mu.Lock()
	p.calls[client] = call
	r.mu.Unlock()
	p.mu.Lock()
	p.out.Encode(request{Client: client, Step: s}) // an error means that the process is dead, which is seen
	p.mu.Unlock()
	return call.to
}

func (p *realProcess) isDead() bool {
	select {
	case <-p.dead:
		return true
	default:
		return false
	}
}

func (r *onRun) befall(o *op) error {
	if o.child >= 0 {
		c := r.children[o.child]
		if c == nil {
			return errors.New("there is no such child yet")
		}
		return signalProcess(c, o.Verb)
	}
	if o.Verb == VerbCancel {
		p := r.processes[r.program.clients[o.target].process]
		p.mu.Lock()
		defer p.mu.Unlock()
		return p.out.Encode(request{Client: o.Who, Cancel: true})
	}
	p := r.processes[o.process]
	switch o.Verb {
	case VerbStart:
		if p.isDead() {
			return r.start(o.process)
		}
		return nil
	case VerbKill:
		at := r.now()
		p.cmd.Process.Kill()
		<-p.dead
		r.mu.Lock()
		defer r.mu.Unlock()
		r.over(o.process, at)
		for i := range r.histories {
			r.histories[i].Killed(p.number, at)
		}
		return nil
	}
	return signalProcess(p.cmd.Process, o.Verb)
}

// await waits for what somebody else does. It asks again and again, since nobody tells.
func (r *onRun) await(o *op) {
	for until := time.Now().Add(realPatience); time.Now().Before(until) && !r.found(); time.Sleep(time.Millisecond) {
		if r.there(o) {
			return
		}
	}
	if !r.found() {
		r.fail(o.Step, findingLimit, "it has not come")
	}
}

func (r *onRun) there(o *op) bool {
	switch o.Verb {
	case VerbAwaitDead:
		return r.processes[o.process].isDead()
	case VerbAwaitHeld:
		return r.holder(o)
	case VerbAwaitBlocked:
		pid := r.processes[r.program.clients[o.target].process].cmd.Process.Pid
		for _, name := range r.program.paths {
			for _, owner := range r.owners(name) {
				if owner.PID == pid && owner.Waiting {
					return true
				}
			}
		}
		return false
	}
	return true
}

// owners returns who has a file locked and who waits for it, as far as the kernel says.
func (r *onRun) owners(name string) []fs.LockOwner {
	name = r.real(name)
	info, err := r.host.Lstat(name)
	if err != nil {
		return nil
	}
	table, _ := r.host.LockTable(name, info.ID)
	return table.Owners
}
