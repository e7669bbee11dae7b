package scenario

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/holdfast-lock/holdfast/fs"
	"github.com/holdfast-lock/holdfast/fs/osfs"
	"github.com/holdfast-lock/holdfast/linearize"
	"github.com/holdfast-lock/holdfast/model"
	"github.com/holdfast-lock/holdfast/sim"
	"github.com/holdfast-lock/holdfast/sim/disk"
)

// OnResult is what came of a run with real processes.
type OnResult struct {
	Skipped  string   // why it was not run: something in it cannot be done for real; "" if it was
	Finding  *Finding // nil: all is well
	Timeline string
}

// The bounds of runs with real processes.
const (
	realPatience = 30 * time.Second       // for a step, beyond what it is to last
	realLength   = 2 * time.Second        // what a run that is to last longer is shortened to
	realShortest = 100 * time.Millisecond // below it, what the processes do takes a part of the time that counts
)

// RunOn runs a scenario with processes of the operating system, in the directory dir, which takes the place of the root directory: /work is dir/work, which must not exist. Every process is command, a
// program that calls [Worker] on its standard input and output. What cannot be done for real makes a scenario be skipped; if it lasts too long, all its times are shortened by one factor. How long a
// step takes, and how many calls it makes, is not judged.
func RunOn(s *Scenario, dir string, command []string) (OnResult, error) {
	if reason := s.unreal(); reason != "" {
		return OnResult{Skipped: reason}, nil
	}
	short, reason := s.shortened()
	if reason != "" {
		return OnResult{Skipped: reason}, nil
	}
	p, err := Compile(short)
	if err != nil {
		return OnResult{}, err
	}
	if dir, err = filepath.Abs(dir); err != nil {
		return OnResult{}, err
	}
	r := &onRun{program: p, dir: dir, command: command, host: osfs.Default(), begun: time.Now(), histories: make([]linearize.History, len(p.paths)), spoiled: make([]bool, len(p.paths)),
		children: make([]*os.Process, len(p.children)), lasts: make([]chan answer, len(p.clients))}
	if err := r.prepare(); err != nil {
		return OnResult{}, err
	}
	defer r.end()
	for i := range p.processes {
		if err := r.start(i); err != nil {
			return OnResult{}, err
		}
	}
	for i := range p.steps {
		if r.step(&p.steps[i]); r.found() {
			break
		}
	}
	r.judge()
	result := OnResult{Finding: r.finding, Timeline: strings.Join(r.story, "")}
	return result, r.err
}

// unreal says what of a scenario cannot be done with real processes, "" if everything can.
func (s *Scenario) unreal() string {
	plain := s.Disk
	plain.Granularity = 0
	switch {
	case len(s.Faults) > 0:
		return "faults happen in the calls of a simulated machine"
	case len(s.Machines) > 0:
		return "there is one machine, whose clock is not ours to set"
	case plain != (disk.Options{}):
		return "the disk is what the directory lies on"
	case len(s.Switches) > 0 || s.Strategy != "":
		return "the operating system decides who runs"
	}
	for _, p := range s.Processes {
		if p.Machine != "" || p.Container != "" || p.User != 0 || p.Umask != 0 {
			return "processes run where and as this one does"
		}
	}
	reason := ""
	each := func(t *Step) {
		switch t.Verb {
		case VerbPower, VerbSuspend, VerbResume, VerbClock, VerbRemount:
			reason = t.Verb.String() + " cannot be done to this machine"
		case VerbFork:
			reason = "a copy of a process cannot be made"
		case VerbMkfifo, VerbStop, VerbContinue, VerbAwaitStopped:
			if runtime.GOOS == "windows" {
				reason = t.Verb.String() + " is not to be had on this platform"
			}
		case VerbAwaitBlocked:
			if t.Op != sim.OpWaitLock {
				reason = "nobody outside of a process can see what a task of it waits for, but that it waits in the kernel"
			} else if runtime.GOOS != "linux" {
				reason = "the kernel of this platform does not say who waits"
			}
		}
	}
	for i := range s.Steps {
		each(&s.Steps[i])
		for j := range s.Steps[i].Block {
			each(&s.Steps[i].Block[j])
		}
	}
	return reason
}

// shortened returns the scenario with its times shortened by one factor, so that it takes no longer than [realLength], or why that cannot be done.
func (s *Scenario) shortened() (*Scenario, string) {
	c := s.Clone()
	c.Expected = ""
	var total, shortest time.Duration
	count := func(d time.Duration) {
		if d > 0 && (shortest == 0 || d < shortest) {
			shortest = d
		}
	}
	var times []*time.Duration
	each := func(t *Step) {
		t.Want.Within, t.Want.Calls = 0, 0
		if t.For > 0 {
			times = append(times, &t.For)
			count(t.For)
		}
		if t.Verb == VerbAdvance || t.Verb == VerbSleep || t.Want.Outcome == Timeout {
			total += t.For
		}
	}
	for i := range c.Steps {
		each(&c.Steps[i])
		for j := range c.Steps[i].Block {
			each(&c.Steps[i].Block[j])
		}
	}
	for i := range c.Locks {
		for _, d := range []*time.Duration{&c.Locks[i].Lifetime, &c.Locks[i].Timeout} {
			if *d > 0 {
				times = append(times, d)
				count(*d)
			}
		}
	}
	if total <= realLength {
		return c, ""
	}
	factor := float64(realLength) / float64(total)
	if time.Duration(float64(shortest)*factor) < realShortest {
		return nil, fmt.Sprintf("it lasts %v, and its times lie too far apart to be shortened", total)
	}
	for _, d := range times {
		*d = time.Duration(float64(*d) * factor)
	}
	return c, ""
}

// onRun is a run with real processes.
type onRun struct {
	program   *Program
	dir       string
	command   []string
	host      *osfs.Host
	begun     time.Time
	processes []*realProcess
	lasts     []chan answer // of clients with a step that is not waited for
	children  []*os.Process
	spoiled   []bool // paths whose files were taken away while they were held
	lives     int

	mu        sync.Mutex // guards what follows
	holds     []realHold
	histories []linearize.History
	story     []string
	finding   *Finding
	err       error // that says nothing of the lock
}

// realHold is a hold that is out.
type realHold struct {
	client, process, lock int
	slot                  int
	path                  string
}

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

// real returns the path of the machine for one of the scenario.
func (r *onRun) real(name string) string {
	if name == "" || !path.IsAbs(name) {
		return name
	}
	return filepath.Join(r.dir, filepath.FromSlash(name))
}

func (r *onRun) prepare() error {
	work := r.real(WorkDir)
	if err := os.Mkdir(work, 0o777); err != nil {
		return err
	}
	if err := os.Chmod(work, 0o777); err != nil {
		return err
	}
	for _, f := range r.program.scenario.Files {
		name := r.real(f.Path)
		if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o777), os.WriteFile(name, []byte(f.Data), 0o666)); err != nil {
			return err
		}
	}
	r.processes = make([]*realProcess, len(r.program.processes))
	return nil
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

// end ends what still runs.
func (r *onRun) end() {
	for _, c := range r.children {
		if c != nil {
			c.Kill()
		}
	}
	for _, p := range r.processes {
		if p != nil {
			p.cmd.Process.Kill()
			<-p.dead
			p.in.Close()
		}
	}
}

func (r *onRun) found() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.finding != nil || r.err != nil
}

func (r *onRun) fail(s *Step, kind, format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.finding == nil {
		r.finding = &Finding{Property: kind, Line: s.Line, Time: time.Since(r.begun), Message: s.String() + ": " + fmt.Sprintf(format, args...)}
	}
}

func (r *onRun) tell(s *Step, res *result) {
	plain := *s
	plain.Want, plain.Async = Want{}, false
	text := plain.String()
	if res.outcome != Any {
		text += " -> " + describe(res)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.story = append(r.story, fmt.Sprintf("%10.2fs  %s\n", time.Since(r.begun).Seconds(), text))
}

// step does a step of the program.
func (r *onRun) step(o *op) {
	switch {
	case o.block != nil:
		var all sync.WaitGroup
		for c, job := range o.block.clients {
			all.Go(func() {
				for i := range job {
					if p := r.processes[r.program.clients[c].process]; !r.found() && !p.isDead() {
						r.clientStep(&job[i])
					}
				}
			})
		}
		for _, job := range o.block.strangers {
			all.Go(func() {
				for i := range job {
					if !r.found() {
						r.act(&job[i])
					}
				}
			})
		}
		all.Wait()
	case o.client >= 0:
		r.clientStep(o)
	default:
		r.act(o)
	}
}

// clientStep has a client do a step.
func (r *onRun) clientStep(o *op) {
	process := r.program.clients[o.client].process
	p := r.processes[process]
	to := r.lasts[o.client]
	if o.Verb != VerbWait {
		s := *o.Step
		s.Path, s.Block = r.real(s.Path), nil
		if to = p.ask(s.Client, s); o.Async {
			r.lasts[o.client] = to
			return
		}
	}
	r.lasts[o.client] = nil
	res, explained := result{outcome: Dead}, false
	select {
	case a := <-to:
		res, explained = r.answered(o, process, &a), a.Explained
	case <-p.dead:
		select {
		case a := <-to: // its last words
			res, explained = r.answered(o, process, &a), a.Explained
		default:
		}
	case <-time.After(o.For + realPatience):
		r.fail(o.Step, findingLimit, "it has not come to its end")
		return
	}
	r.tell(o.Step, &res)
	if o.Verb == VerbExec && res.outcome == Any {
		r.children[o.child], _ = os.FindProcess(res.depth)
	}
	if o.Want.Outcome == Any {
		return
	}
	if text := o.mismatch(&res, explained); text != "" {
		r.fail(o.Step, findingExpectation, "%s", text)
	}
}

// answered takes note of what a client says. A step that was waited for is another one than that which says so.
func (r *onRun) answered(o *op, process int, a *answer) result {
	res := result{outcome: a.Outcome, token: a.Token, depth: a.Depth}
	if a.Text != "" {
		res.err = errors.New(a.Text)
	}
	did := o
	if o.Verb == VerbWait {
		did = r.asked(o)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.noteHold(did, process, &res, a)
	if did.Verb == VerbUnlock || did.Verb == VerbUnlockAll {
		res.depth = 0
	}
	return res
}

// asked returns the last step of the client before o that was not waited for.
func (r *onRun) asked(o *op) *op {
	var last *op
	for i := range r.program.steps {
		switch s := &r.program.steps[i]; {
		case s == o:
			return last
		case s.client == o.client && s.Async:
			last = s
		}
	}
	return last
}

// noteHold keeps the list of holds that are out, and the history.
func (r *onRun) noteHold(o *op, process int, res *result, a *answer) {
	if o.lock < 0 {
		return
	}
	number := r.program.setup.Locks[o.lock].Path - 1
	name := r.program.paths[number]
	h := realHold{o.client, process, o.lock, o.slot, name}
	operation := linearize.Operation{Client: linearize.Client{Process: r.processes[process].number, Task: taskOf(o.Client)}, Call: a.Call, Return: a.Return, Token: res.token}
	record := func(kind model.Kind, ok bool) {
		operation.Kind, operation.OK = kind, ok
		if !r.program.setup.Locks[o.lock].Shared {
			r.histories[number].Operations = append(r.histories[number].Operations, operation)
		}
	}
	matches := func(other realHold) bool {
		return other.client == h.client && other.lock == h.lock && (o.slot < 0 || other.slot == h.slot)
	}
	switch o.Verb {
	case VerbLock, VerbFlock:
		if res.outcome == OK {
			r.holds = append(r.holds, h)
		}
		if res.depth <= 1 {
			record(model.Acquire, res.outcome == OK)
		}
	case VerbUnlock, VerbUnlockAll, VerbFunlock, VerbVouch:
		i := slices.IndexFunc(r.holds, matches)
		if i < 0 || o.Verb == VerbVouch && res.outcome == OK || res.outcome == Failed {
			return
		}
		r.holds = slices.Delete(r.holds, i, i+1)
		life := r.program.setup.Locks[o.lock].Lifetime
		switch {
		case res.outcome == Expired:
			operation.Call = max(0, operation.Return-life) // it has expired at some time, which the holder does not know
			record(model.End, true)
		case res.outcome == OK && (a.Depth <= 1 || o.Verb == VerbUnlockAll):
			record(model.Release, true)
		}
	}
}

// act does a step that is nobody's.
func (r *onRun) act(o *op) {
	var err error
	switch o.Verb {
	case VerbSleep, VerbAdvance:
		time.Sleep(o.For) // it is what the step says, not a means to wait for something
	case VerbKill, VerbStop, VerbContinue, VerbStart, VerbCancel:
		err = r.befall(o)
	case VerbAwaitStopped, VerbAwaitDead, VerbAwaitBlocked, VerbAwaitHeld:
		r.await(o)
	case VerbRename, VerbRemove, VerbCreate, VerbLink, VerbSymlink, VerbMkdir, VerbMkfifo, VerbChmod:
		r.mu.Lock()
		for i, name := range r.program.paths {
			if o.path == int32(i+1) && slices.ContainsFunc(r.holds, func(h realHold) bool { return h.path == name }) {
				r.spoiled[i] = true
			}
		}
		r.mu.Unlock()
		err = r.disturb(o)
	default:
		if text := r.check(o); text != "" {
			r.fail(o.Step, findingExpectation, "%s", text)
		}
	}
	if err != nil {
		r.fail(o.Step, findingExpectation, "%v", err)
	}
	r.tell(o.Step, &result{})
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

// holder reports whether the client or process that a step names, or anybody, holds the lock file.
func (r *onRun) holder(o *op) bool {
	name := r.program.paths[r.program.setup.Locks[o.lock].Path-1]
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.ContainsFunc(r.holds, func(h realHold) bool {
		return h.path == name && (o.target < 0 || h.client == o.target || r.program.clients[o.target].name == r.program.processes[h.process].Name)
	})
}

// disturb does something to the files.
func (r *onRun) disturb(o *op) error {
	name, to := r.real(o.Path), r.real(o.To)
	switch o.Verb {
	case VerbRename:
		return os.Rename(name, to)
	case VerbRemove:
		return os.RemoveAll(name)
	case VerbCreate:
		return errors.Join(os.MkdirAll(filepath.Dir(name), 0o777), os.WriteFile(name, []byte(o.Text), 0o666), os.Chmod(name, 0o666))
	case VerbLink:
		return os.Link(name, to)
	case VerbSymlink:
		return os.Symlink(r.real(o.Text), name)
	case VerbMkdir:
		mode := fs.FileMode(0o777)
		if o.Mode != 0 {
			mode = dirMode(o.Mode)
		}
		return errors.Join(os.MkdirAll(filepath.Dir(name), 0o777), os.Mkdir(name, mode), os.Chmod(name, mode))
	case VerbMkfifo:
		return mkfifo(name)
	}
	return os.Chmod(name, fs.FileMode(o.Mode))
}

// check says what is not as it must be, "" if all is well.
func (r *onRun) check(o *op) string {
	name := r.real(o.Path)
	switch o.Verb {
	case VerbCheckFree:
		owners := slices.DeleteFunc(r.owners(r.program.paths[r.program.setup.Locks[o.lock].Path-1]), func(l fs.LockOwner) bool { return l.Waiting })
		if r.holder(o) || len(owners) > 0 {
			return fmt.Sprintf("it is held, by %v as the kernel has it", owners)
		}
	case VerbCheckHeld:
		if !r.holder(o) {
			return "it is not"
		}
	case VerbCheckExists:
		if _, err := os.Lstat(name); err != nil {
			return err.Error()
		}
	case VerbCheckMissing:
		if _, err := os.Lstat(name); err == nil {
			return "it is there"
		}
	case VerbCheckContent:
		if got, err := os.ReadFile(name); err != nil || string(got) != o.Text {
			return fmt.Sprintf("it contains %q (%v)", got, err)
		}
	case VerbCheckMode:
		if info, err := os.Lstat(name); err != nil {
			return err.Error()
		} else if uint32(info.Mode().Perm()) != o.Mode {
			return "it is " + printMode(uint32(info.Mode().Perm()))
		}
	case VerbCheckLeftovers:
		entries, err := os.ReadDir(name)
		var left []string
		for _, e := range entries {
			if full := path.Join(o.Path, e.Name()); !e.IsDir() && !r.program.isRecord(full) && !slices.Contains(r.program.named, full) {
				left = append(left, e.Name())
			}
		}
		if err != nil || len(left) != o.Count {
			return fmt.Sprintf("there are %d: %q (%v)", len(left), left, err)
		}
	case VerbCheckSame:
		p := r.processes[o.process]
		s := *o.Step
		select {
		case a := <-p.ask(o.Who, s):
			return a.Text
		case <-p.dead:
			return o.Who + " is dead"
		}
	}
	return ""
}

// judge looks at the histories.
func (r *onRun) judge() {
	for i := range r.histories {
		if r.spoiled[i] || r.finding != nil {
			continue
		}
		if check := linearize.Check(r.histories[i], realPatience); check.Verdict == linearize.NotLinearizable {
			r.finding = &Finding{Property: "P1", Time: time.Since(r.begun), Message: r.program.paths[i] + ": " + check.Evidence}
		}
	}
}
