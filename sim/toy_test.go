package sim_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/holdfast-lock/holdfast/fs"
	"github.com/holdfast-lock/holdfast/sim"
	"github.com/holdfast-lock/holdfast/sim/disk"
)

// A toy is a lock with a mistake that people make. Its processes go in and out some times; two of them inside at once are what a strategy is to find.
type toy struct {
	name      string
	processes int
	cycles    int
	leftover  bool // a holder died before the world began
	rests     bool // inside, so that its turn is over
	body      func(p *player)
}

// player is one process of a toy.
type player struct {
	*sim.Process
	game *game
	t    string // its token
}

type game struct {
	world  *sim.World
	inside int
	cycles int
	rests  bool
}

var errOverlap = errors.New("two are inside")

const marker = "/lock"

// enter is what the process does inside.
func (p *player) enter() {
	g := p.game
	if g.inside++; g.inside > 1 {
		g.world.Fail(errOverlap)
	}
	for range 4 {
		p.Lstat("/")
	}
	if g.rests {
		p.nap()
	}
	g.inside--
}

func (p *player) nap() { p.Sleep(context.Background(), time.Millisecond) }

// create makes the marker, with content unless that is "", and reports whether it did.
func (p *player) create(content string) bool {
	f, err := p.Open(marker, fs.ReadWrite|fs.Create|fs.Exclusive, 0o644)
	if err != nil {
		return false
	}
	if content != "" {
		f.WriteAt([]byte(content), 0)
	}
	f.Close()
	return true
}

// content returns what stands in the marker.
func (p *player) content() (string, bool) {
	f, err := p.Open(marker, fs.ReadOnly, 0)
	if err != nil {
		return "", false
	}
	b := make([]byte, 16)
	n, _ := f.ReadAt(b, 0)
	f.Close()
	return string(b[:n]), true
}

// old reports whether the marker was there before the world began.
func (p *player) old() bool {
	info, err := p.Lstat(marker)
	return err == nil && info.Mtime.Before(sim.Epoch)
}

// statThenUnlink judges a marker by its age and removes it by its name: it can be another one by then.
func statThenUnlink(p *player) {
	for range p.game.cycles {
		for !p.create("") {
			if p.old() {
				p.Remove(marker)
				continue
			}
			p.nap()
		}
		p.enter()
		p.Remove(marker)
	}
}

// flockThenUnlink removes the file that it has locked, and does not look whether the file that it locks still has its name.
func flockThenUnlink(p *player) {
	for range p.game.cycles {
		f, err := p.Open(marker, fs.ReadWrite|fs.Create, 0o644)
		if err != nil {
			p.game.world.Fail(err)
			return
		}
		for {
			held, err := f.TryLock(fs.Whole, fs.LockExclusive)
			if err != nil {
				p.game.world.Fail(err)
				return
			}
			if held {
				break
			}
			p.nap()
		}
		p.enter()
		p.Remove(marker)
		f.Close()
	}
}

// emptyMarker makes the marker before it says whose it is; who sees an empty one takes it for rubbish.
func emptyMarker(p *player) {
	for range p.game.cycles {
		for !p.create(p.t) {
			if content, ok := p.content(); ok && content == "" {
				p.Remove(marker)
				continue
			}
			p.nap()
		}
		p.enter()
		p.Remove(marker)
	}
}

// stalledEvictor lets whoever made a marker look at it some times before it goes in. Who wants to do harm must stand still for all that time between judging and removing.
func stalledEvictor(looks int) func(*player) {
	return func(p *player) {
		for range p.game.cycles {
			for !p.take(looks) {
				if p.old() {
					p.Remove(marker)
					continue
				}
				p.nap()
			}
			p.enter()
			if content, ok := p.content(); ok && content == p.t {
				p.Remove(marker)
			}
		}
	}
}

func (p *player) take(looks int) bool {
	if !p.create(p.t) {
		return false
	}
	for range looks {
		if content, ok := p.content(); !ok || content != p.t {
			return false
		}
	}
	return true
}

var (
	toyA   = toy{"A: judged by stat, removed by name", 2, 2, true, false, statThenUnlink}
	toyC   = toy{"C: locked, and not the file of that name", 3, 2, false, false, flockThenUnlink}
	toyD   = toy{"D: seen before it was written", 2, 2, false, false, emptyMarker}
	toyE8  = toy{"E: stalled for 8 looks", 4, 1, true, true, stalledEvictor(8)}
	toyE16 = toy{"E: stalled for 16 looks", 4, 1, true, true, stalledEvictor(16)}
)

// play runs a toy once.
func (y toy) play(c sim.Config) (*sim.World, error) {
	c.Slack = -1
	if c.Steps == 0 {
		c.Steps = 5000
	}
	w := sim.New(c)
	d := disk.New(disk.Options{})
	if y.leftover {
		root := disk.Cred{WorkDir: "/"}
		f, err := d.Open(root, marker, fs.ReadWrite|fs.Create|fs.Exclusive, 0o644, sim.Epoch.Add(-time.Hour))
		if err != nil {
			panic(err)
		}
		f.WriteAt([]byte("gone"), 0, sim.Epoch.Add(-time.Hour))
		f.Close()
	}
	m := w.NewMachine("m", sim.Clock{}, d)
	g := &game{world: w, cycles: y.cycles, rests: y.rests}
	for i := range y.processes {
		name := string(rune('a' + i))
		m.Start(name, func(p *sim.Process) { y.body(&player{p, g, name}) })
	}
	return w, w.Run()
}

// found returns how many runs with other seeds it takes until the mistake shows, 0 if it did not within limit.
func (y toy) found(t testing.TB, s sim.Strategy, first uint64, limit int) int {
	t.Helper()
	for i := range limit {
		switch _, err := y.play(sim.Config{Seed: first + uint64(i), Strategy: s}); {
		case errors.Is(err, errOverlap):
			return i + 1
		case err != nil && !errors.Is(err, sim.ErrSteps):
			t.Fatalf("%s, %v, seed %d: %v", y.name, s, first+uint64(i), err)
		}
	}
	return 0
}
