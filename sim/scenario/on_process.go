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
	cmd     *exec.Cmd
	in      io.WriteCloser
	out     *json.Encoder
	number  int // in histories
	dead    chan struct{}
	mu      sync.Mutex
	waiting map[string]chan answer // by client
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
	r.lives++
	p := &realProcess{cmd: cmd, in: in, out: json.NewEncoder(in), number: r.lives, dead: make(chan struct{}), waiting: make(map[string]chan answer)}
	r.processes[i] = p
	go p.read(out)
	locks := slices.Clone(r.program.scenario.Locks)
	for n := range locks {
		locks[n].Path = r.real(locks[n].Path)
	}
	return p.out.Encode(request{Locks: locks})
}

// read hands on what the process says, until it ends.
func (p *realProcess) read(out io.Reader) {
	for lines := json.NewDecoder(out); ; {
		var a answer
		if lines.Decode(&a) != nil {
			break
		}
		p.mu.Lock()
		to := p.waiting[a.Client]
		delete(p.waiting, a.Client)
		p.mu.Unlock()
		if to != nil {
			to <- a
		}
	}
	p.cmd.Wait()
	close(p.dead)
}

// ask has a client do a step; the answer comes on the channel, or the process dies.
func (p *realProcess) ask(client string, s Step) chan answer {
	to := make(chan answer, 1)
	p.mu.Lock()
	p.waiting[client] = to
	err := p.out.Encode(request{Client: client, Step: s})
	p.mu.Unlock()
	_ = err // the process is dead, which is seen below
	return to
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
		r.mu.Lock()
		at, _ := r.host.Uptime()
		for i := range r.histories {
			r.histories[i].Killed(p.number, at)
		}
		r.holds = slices.DeleteFunc(r.holds, func(h realHold) bool { return h.process == o.process })
		r.mu.Unlock()
		p.cmd.Process.Kill()
		<-p.dead
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
	r.fail(o.Step, findingLimit, "it has not come")
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
