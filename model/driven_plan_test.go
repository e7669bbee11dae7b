package model_test

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/holdfast-lock/holdfast/sim"
	"github.com/holdfast-lock/holdfast/sim/disk"
	"pgregory.net/rapid"
)

// plan is what clients do to locks, all of it drawn before any of it is done. So rapid can leave out a step or replace a number by a smaller one, and the rest keeps
// its meaning.
type plan interface {
	// play does it, in a world of its own, and says what was not as the model has it. It depends on nothing but the plan and the world.
	play(*stage) error
}

// schedule is who runs next in the world of a plan.
type schedule struct {
	Seed  uint64 // of a strategy from the portfolio; 0 is the policy of [sim.First], with Turns
	Slack time.Duration
	Turns []turn
}

// turn is a decision that differs from the policy: at the decision with number At, the task with number To among those that can run does.
type turn struct{ At, To int }

// turns is a strategy made of decisions that were drawn one by one. Unlike those made from a seed it shrinks to the few that matter.
type turns struct {
	turns []turn
	made  int
}

func (s *turns) Begin(uint64) { s.made = 0 }

func (s *turns) Pick(enabled []*sim.Task, current *sim.Task) *sim.Task {
	n := s.made
	s.made++
	for _, t := range s.turns {
		if t.At == n {
			return enabled[t.To%len(enabled)]
		}
	}
	return sim.First{}.Pick(enabled, current)
}

// drive draws plans, and plays each in a schedule that is drawn too and in some that are made from seeds. The clock may run ahead of tasks that could go on by one of the given slacks.
func drive[P plan](t *testing.T, plans *rapid.Generator[P], seeds uint64, slacks ...time.Duration) {
	drawn := rapid.Custom(func(t *rapid.T) schedule {
		return schedule{
			Seed:  rapid.Uint64Range(1, 1000).Draw(t, "seed"),
			Slack: rapid.SampledFrom(slacks).Draw(t, "slack"),
			Turns: rapid.SliceOfN(rapid.Custom(func(t *rapid.T) turn {
				return turn{rapid.IntRange(0, 400).Draw(t, "at"), rapid.IntRange(0, 4).Draw(t, "to")}
			}), 0, 8).Draw(t, "turns"),
		}
	})
	rapid.Check(t, func(t *rapid.T) {
		p := plans.Draw(t, "plan")
		s := drawn.Draw(t, "schedule")
		judge(t, p, schedule{Slack: s.Slack, Turns: s.Turns})
		for n := range seeds {
			judge(t, p, schedule{Slack: s.Slack, Seed: s.Seed + n})
		}
	})
}

// judge plays a plan. If it fails, the message has a line that does so again, in a test of its own.
func judge(t rapid.TB, p plan, s schedule) {
	t.Helper()
	err := perform(p, s, nil)
	if err == nil {
		return
	}
	var story []string
	again := perform(p, s, &story)
	if again == nil || again.Error() != err.Error() {
		t.Fatalf("%v\nand a second time, in the same schedule: %v", err, again)
	}
	t.Fatalf("%v\n\t%s\nagain with\n\tjudge(t, %s, %s)", err, strings.Join(story, "\n\t"), literal(p), literal(s))
}

// steps draws what a plan consists of: from each of so many lots 25 steps on the average. A slice has five, however long it may be, and one with a minimal length never shrinks below that; many of
// them put together shrink to nothing.
func steps[S any](step *rapid.Generator[S], lots int) *rapid.Generator[[]S] {
	lot := rapid.SliceOf(rapid.SliceOf(step))
	return rapid.Custom(func(t *rapid.T) (all []S) {
		for range lots {
			all = append(all, slices.Concat(lot.Draw(t, "lot")...)...)
		}
		return all
	})
}

func perform(p plan, s schedule, story *[]string) error {
	var strategy sim.Strategy = &turns{turns: s.Turns}
	if s.Seed != 0 {
		strategy = new(sim.Portfolio)
	}
	w := sim.New(sim.Config{Seed: s.Seed, Strategy: strategy, Slack: s.Slack, Steps: 1 << 18})
	st := &stage{World: w, machine: w.NewMachine("m", sim.Clock{}, disk.New(disk.Options{})), story: story}
	w.God("conductor", func() {
		if err := p.play(st); err != nil {
			w.Fail(err)
			return
		}
		st.dismiss()
	})
	return w.Run()
}

// literal writes a value as Go does, less what is zero.
func literal(v any) string {
	var b strings.Builder
	writeLiteral(&b, reflect.ValueOf(v), true)
	return b.String()
}

func writeLiteral(b *strings.Builder, v reflect.Value, named bool) {
	if named {
		b.WriteString(strings.ReplaceAll(v.Type().String(), "model_test.", ""))
	}
	switch v.Kind() {
	case reflect.Struct:
		b.WriteByte('{')
		separator := ""
		for i := range v.NumField() {
			if f := v.Field(i); !f.IsZero() && !(f.Kind() == reflect.Slice && f.Len() == 0) {
				fmt.Fprintf(b, "%s%s: ", separator, v.Type().Field(i).Name)
				writeLiteral(b, f, f.Kind() == reflect.Slice || f.Kind() == reflect.Struct)
				separator = ", "
			}
		}
		b.WriteByte('}')
	case reflect.Slice:
		b.WriteByte('{')
		for i := range v.Len() {
			if i > 0 {
				b.WriteString(", ")
			}
			writeLiteral(b, v.Index(i), false)
		}
		b.WriteByte('}')
	default:
		text := fmt.Sprintf("%#v", v.Interface())
		if d, ok := v.Interface().(time.Duration); ok {
			text = fmt.Sprintf("%d", d)
		}
		b.WriteString(text)
	}
}
