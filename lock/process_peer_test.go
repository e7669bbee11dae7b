//go:build linux

package lock_test

import (
	"bufio"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/holdfast-lock/holdfast/fs"
	"github.com/holdfast-lock/holdfast/fs/osfs"
)

// patience is how long a test waits for a message or a state that must come. It only ends tests that have failed.
const patience = 60 * time.Second

// peer is another process of a test: it is told what to do and reports what happened, one JSON value per line.
type peer struct {
	t       *testing.T
	name    string
	cmd     *exec.Cmd
	in      io.WriteCloser
	reports chan report
	killed  bool
	gone    bool
}

// startContender starts a process that has the lock at cmd.Path open.
func startContender(t *testing.T, name string, cmd command) *peer {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	child := exec.Command(self)
	child.Env = environment(roleContender)
	p := startPeer(t, name, child)
	p.expect("ready")
	cmd.Do = "open"
	p.send(cmd)
	p.expect("opened")
	return p
}

// startPeer starts a process. It is expected to end without error when its input ends, and ends with the test.
func startPeer(t *testing.T, name string, cmd *exec.Cmd) *peer {
	t.Helper()
	p := &peer{t: t, name: name, cmd: cmd, reports: make(chan report, 1024)}
	var err error
	if p.in, err = cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout = w
	cmd.Stderr = t.Output()
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // with its children, so that none is left
	if err := cmd.Start(); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	w.Close()
	go p.read(out)
	t.Cleanup(p.end)
	return p
}

// read ends when the process and its children have closed their output.
func (p *peer) read(out *os.File) {
	defer out.Close()
	defer close(p.reports)
	for lines := bufio.NewScanner(out); lines.Scan(); {
		var r report
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			r = report{What: "said " + lines.Text(), Err: err.Error()}
		}
		p.reports <- r
	}
}

func (p *peer) pid() int { return p.cmd.Process.Pid }

func (p *peer) send(cmd command) {
	p.t.Helper()
	if err := json.NewEncoder(p.in).Encode(cmd); err != nil {
		p.t.Fatalf("%s: %v", p.name, err)
	}
}

// next returns the next report.
func (p *peer) next() report {
	p.t.Helper()
	select {
	case r, ok := <-p.reports:
		if !ok {
			p.t.Fatalf("%s has ended", p.name)
		}
		return r
	case <-time.After(patience):
		p.t.Fatalf("%s says nothing", p.name)
	}
	panic("unreachable")
}

// expect returns the next report, which must be what it is expected to be.
func (p *peer) expect(what string) report {
	p.t.Helper()
	r := p.next()
	if r.What != what {
		p.t.Fatalf("%s: %s (%s), want %s", p.name, r.What, r.Err, what)
	}
	return r
}

// ask sends a command and returns the report that answers it.
func (p *peer) ask(do, want string) report {
	p.t.Helper()
	p.send(command{Do: do})
	return p.expect(want)
}

// acquire takes a lock that nobody holds. The process may step back first, for a waiter that it sees.
func (p *peer) acquire() report {
	p.t.Helper()
	p.send(command{Do: "acquire"})
	r := p.next()
	if r.What == "waiting" {
		r = p.next()
	}
	if r.What != "acquired" {
		p.t.Fatalf("%s: %s (%s), want acquired", p.name, r.What, r.Err)
	}
	return r
}

// release returns when the hold was given up, measured before it was.
func (p *peer) release() time.Duration { return p.ask("release", "released").At }

// waitFor begins an acquisition of a lock that is held, and returns once the process waits in the kernel for the file at path.
func (p *peer) waitFor(path string) {
	p.t.Helper()
	p.ask("acquire", "waiting")
	p.waitsInKernel(path)
}

// waitsInKernel returns once the kernel says that the process waits for the file at path.
func (p *peer) waitsInKernel(path string) {
	p.t.Helper()
	eventually(p.t, p.name+" waits in the kernel", func() bool {
		_, waiting := owners(p.t, path)
		return waiting[p.pid()]
	})
}

// owners returns which processes hold and which wait for the flock(2) of the file at path.
func owners(t *testing.T, path string) (holding, waiting map[int]bool) {
	t.Helper()
	holding, waiting = map[int]bool{}, map[int]bool{}
	info, err := osfs.Default().Lstat(path)
	if err != nil {
		return holding, waiting
	}
	table, err := osfs.Default().LockTable(path, info.ID)
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range table.Owners {
		if o.Waiting {
			waiting[o.PID] = true
		} else {
			holding[o.PID] = true
		}
	}
	return holding, waiting
}

// eventually returns once cond is true. It is for what no process can report: the state of a process that is blocked or stopped.
func eventually(t *testing.T, what string, cond func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !cond(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("it never became true that %s", what)
		}
	}
}

// kill ends the process with SIGKILL, and returns the machine's uptime just before.
func (p *peer) kill() time.Duration {
	p.t.Helper()
	at := uptime()
	p.killed = true
	p.signal(syscall.SIGKILL)
	return at
}

// stop returns once the process is stopped.
func (p *peer) stop() {
	p.t.Helper()
	p.signal(syscall.SIGSTOP)
	// Neither reaps the process nor takes the report of its end away from whoever does.
	for {
		err := unix.Waitid(unix.P_PID, p.pid(), nil, unix.WSTOPPED|unix.WEXITED|unix.WNOWAIT, nil)
		if err == nil {
			return
		}
		if err != unix.EINTR {
			p.t.Fatalf("%s: %v", p.name, err)
		}
	}
}

func (p *peer) resume() { p.t.Helper(); p.signal(syscall.SIGCONT) }

func (p *peer) signal(s syscall.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		p.t.Fatalf("%s: %v: %v", p.name, s, err)
	}
}

func (p *peer) reap() {
	if p.gone {
		return
	}
	p.gone = true
	overdue := time.AfterFunc(patience, func() { p.cmd.Process.Kill() })
	defer overdue.Stop()
	if err := p.cmd.Wait(); err != nil && !p.killed {
		p.t.Errorf("%s ended with %v", p.name, err)
	}
	syscall.Kill(-p.pid(), syscall.SIGKILL) // what it left behind in its group, which keeps its number
}

func (p *peer) end() {
	if !p.gone {
		p.cmd.Process.Signal(syscall.SIGCONT)
	}
	p.in.Close()
	p.reap()
}

// first returns the peer that reports first, with its report.
func first(t *testing.T, peers ...*peer) (*peer, report) {
	t.Helper()
	var found *peer
	var r report
	eventually(t, "one of the processes reports", func() bool {
		for _, p := range peers {
			select {
			case got, ok := <-p.reports:
				if !ok {
					t.Fatalf("%s has ended", p.name)
				}
				found, r = p, got
				return true
			default:
			}
		}
		return false
	})
	return found, r
}

// alive reports whether the process still runs.
func alive(pid int) bool {
	self := osfs.Default().Self()
	return osfs.Default().Liveness(fs.Identity{PID: pid, Host: self.Host, Boot: self.Boot, PIDNamespace: self.PIDNamespace}) == fs.Alive
}
