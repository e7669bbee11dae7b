package linearize

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/holdfast-lock/holdfast/model"
)

func op(c Client, kind model.Kind, call, ret time.Duration) Operation {
	return Operation{Client: c, Kind: kind, Call: call, Return: ret, OK: ret != Never && !kind.Happens()}
}

func (o Operation) with(token uint64) Operation { o.Token = token; return o }
func (o Operation) deep(depth int) Operation    { o.Depth = depth; return o }
func (o Operation) of(lock string) Operation    { o.Lock = lock; return o }
func (o Operation) refused() Operation          { o.OK = false; return o }

func TestReentrantHistories(t *testing.T) {
	all := func(c Client, call, ret time.Duration) Operation { return op(c, model.ReleaseAll, call, ret) }
	judge[model.Reentrant](t, []verdict{
		{name: "deeper", ops: []Operation{acquired(p1, 1, 2, 1), acquired(p1, 3, 4, 1).deep(2), released(p1, 5, 6).deep(1), released(p1, 7, 8), acquired(p2, 1, 9, 2)}},
		{name: "every level at once", ops: []Operation{acquired(p1, 1, 2, 1), acquired(p1, 3, 4, 0), all(p1, 5, 6), acquired(p2, 1, 6, 2), refused(p1, 7, 8)}},
		{name: "two tasks of a process are two owners", ops: []Operation{acquired(p1, 1, 2, 1), failed(p1task, 3, 4), released(p1, 5, 6), acquired(p1task, 5, 8, 2)}},
		{name: "killed at a deeper level", faults: func(h *History) { h.Killed(1, 10) },
			ops: []Operation{acquired(p1, 1, 2, 1), acquired(p1, 3, 4, 1), acquired(p2, 5, 12, 2)}},
		{name: "killed while releasing a level, a successor after the kill", faults: func(h *History) { h.Killed(1, 10) },
			ops: []Operation{acquired(p1, 1, 2, 1), acquired(p1, 3, 4, 1), released(p1, 5, Never), acquired(p2, 5, 12, 2)}},
		{name: "killed while releasing a level, a successor before the kill", faults: func(h *History) { h.Killed(1, 10) },
			ops:      []Operation{acquired(p1, 1, 2, 1), acquired(p1, 3, 4, 1), released(p1, 5, Never), acquired(p2, 5, 8, 2)},
			evidence: "p2 acquire, token 2 (5ns to 8ns) has no place: another client holds the lock (p1 holds it, last token 1)"},
		{name: "killed while releasing the last level, a successor before the kill", faults: func(h *History) { h.Killed(1, 10) },
			ops: []Operation{acquired(p1, 1, 2, 1), released(p1, 5, Never), acquired(p2, 5, 8, 2)}},

		{name: "an acquisition that never returned and was released", ops: []Operation{op(p1, model.Acquire, 1, Never), released(p1, 5, 6), acquired(p2, 7, 8, 1)}},

		{name: "released one level too early",
			ops:      []Operation{acquired(p1, 1, 2, 1), acquired(p1, 3, 4, 1), released(p1, 5, 6), acquired(p2, 5, 7, 2), released(p1, 8, 9)},
			evidence: "p1 held from 2ns to 8ns, and p2 from 7ns to the end: both for 1ns from 7ns"},
		{name: "released too often", ops: []Operation{acquired(p1, 1, 2, 1), released(p1, 3, 4), released(p1, 5, 6)},
			evidence: "p1 release (5ns to 6ns) has no place: the client does not hold the lock (free, last token 1)"},
		{name: "a level is lost", ops: []Operation{acquired(p1, 1, 2, 1), acquired(p1, 3, 4, 1), released(p1, 5, 6), refused(p1, 7, 8)},
			evidence: "p1 release, refused (7ns to 8ns) has no place: the client holds the lock, and was told that it does not (p1 holds it, last token 1)"},
		{name: "released by another", ops: []Operation{acquired(p1, 1, 2, 1), acquired(p1, 3, 4, 1), released(p2, 5, 6)},
			evidence: "p2 release (5ns to 6ns) has no place: the client does not hold the lock (p1 holds it 2 deep, last token 1)"},
		{name: "told a wrong depth", ops: []Operation{acquired(p1, 1, 2, 1), acquired(p1, 3, 4, 1).deep(3)},
			evidence: "p1 acquire, token 1, depth 3 (3ns to 4ns) has no place: the client was told another depth than it has (p1 holds it, last token 1)"},
		{name: "a new token at a deeper level", ops: []Operation{acquired(p1, 1, 2, 1), acquired(p1, 3, 4, 2)},
			evidence: "p1 acquire, token 2 (3ns to 4ns) has no place: a deeper level has another token than the hold (p1 holds it, last token 1)"},
		{name: "depth outlives the process", faults: func(h *History) { h.Killed(1, 10) },
			ops:      []Operation{acquired(p1, 1, 2, 1), acquired(p2, 5, 12, 2), released(p2, 13, 14), released(p2, 15, 16)},
			evidence: "p2 release (15ns to 16ns) has no place: the client does not hold the lock (free, last token 2)"},
	})
}

func TestReadWriteHistories(t *testing.T) {
	announced := func(c Client, call, ret time.Duration) Operation { return op(c, model.Announce, call, ret) }
	reads := func(c Client, call, ret time.Duration) Operation { return op(c, model.AcquireRead, call, ret) }
	gaveUp := func(c Client, call, ret time.Duration) Operation { return op(c, model.GiveUp, call, ret) }
	writes := func(c Client, call, ret time.Duration) Operation { return acquired(c, call, ret, 0) }
	kill2 := func(h *History) { h.Killed(2, 10) }
	judge[model.RW](t, []verdict{
		{name: "readers share", ops: []Operation{reads(p1, 1, 2), reads(p2, 1, 3), released(p1, 4, 5), released(p2, 4, 5)}},
		{name: "a writer waits for readers", ops: []Operation{reads(p1, 1, 2), announced(p2, 3, 4), writes(p2, 4, 8), released(p1, 6, 7)}},
		{name: "a reader in flight may pass", ops: []Operation{reads(p1, 1, 2), announced(p2, 3, 6), writes(p2, 6, 12), reads(p3, 4, 5), released(p1, 7, 8), released(p3, 9, 10)}},
		{name: "a reader gets in once the writer gave up", ops: []Operation{announced(p1, 1, 2), reads(p2, 3, 7), gaveUp(p1, 6, 9)}},
		{name: "announced at the moment of acquisition", ops: []Operation{reads(p1, 1, 2), released(p1, 5, 6), reads(p3, 4, 7), announced(p2, 1, 12), writes(p2, 12, 12), released(p3, 8, 9)}},
		{name: "a reader is killed", faults: kill2, ops: []Operation{reads(p2, 1, 2), announced(p1, 3, 4), writes(p1, 4, 12)}},
		{name: "a waiting writer is killed", faults: kill2, ops: []Operation{announced(p2, 3, 4), op(p2, model.Acquire, 4, Never), reads(p1, 5, 12)}},
		{name: "a writer is killed while it announces itself", faults: kill2, ops: []Operation{announced(p2, 3, Never), reads(p1, 5, 6)}},
		{name: "an announcement that never returned and was used", ops: []Operation{reads(p1, 1, 2), announced(p2, 3, Never), released(p1, 4, 5), writes(p2, 4, 6)}},
		{name: "given up, which never returned", ops: []Operation{announced(p2, 1, 2), gaveUp(p2, 3, Never), reads(p1, 4, 5)}},
		{name: "a write acquisition that never returned, and is no wish any more",
			ops: []Operation{announced(p2, 1, 2), op(p2, model.Acquire, 3, Never), gaveUp(p2, 6, 7).refused(), released(p2, 8, 9), reads(p1, 10, 11)}},

		{name: "a second announcement that never returned and was used", ops: []Operation{
			announced(p1, 1, 2), writes(p1, 3, 4), released(p1, 5, 6), announced(p1, 7, Never), writes(p1, 8, 9)}},
		{name: "the same after an acquisition that never returned", ops: []Operation{
			announced(p1, 1, 2), op(p1, model.Acquire, 3, Never), released(p1, 5, 6), announced(p1, 7, Never), writes(p1, 8, 9)}},
		{name: "a wish given up late is not the next one",
			ops:      []Operation{announced(p1, 1, 2), gaveUp(p1, 3, Never), writes(p1, 4, 5), released(p1, 6, 7), announced(p1, 8, 9), reads(p2, 10, 11)},
			evidence: "p2 acquire to read (10ns to 11ns) has no place: a writer has announced itself (free, p1 announced)"},

		{name: "a late release is none of what was announced since",
			ops:      []Operation{reads(p1, 1, 2), released(p1, 3, Never), announced(p1, 5, 6), op(p1, model.Acquire, 7, Never), reads(p2, 8, 9)},
			evidence: "p2 acquire to read (8ns to 9ns) has no place: a writer has announced itself (free, p1 announced)"},

		{name: "the wish of a killed writer outlives another's hold", faults: func(h *History) { h.Killed(2, 3) },
			ops: []Operation{announced(p2, 1, 2), announced(p1, 3, 4), writes(p1, 5, 6), ended(p2, 8, 9)}},

		{name: "two writers", ops: []Operation{announced(p1, 1, 2), writes(p1, 3, 4), announced(p2, 1, 2), writes(p2, 3, 5), released(p1, 6, 7)},
			evidence: "p1 held from 4ns to 6ns, and p2 from 5ns to the end: both for 1ns from 5ns"},
		{name: "a reader beside a writer", ops: []Operation{announced(p1, 1, 2), writes(p1, 3, 4), reads(p2, 5, 6), released(p1, 7, 8)},
			evidence: "p2 acquire to read (5ns to 6ns) has no place: another client writes (p1 writes)"},
		{name: "a writer beside a reader", ops: []Operation{reads(p1, 1, 2), announced(p2, 3, 4), writes(p2, 5, 6), released(p1, 7, 8)},
			evidence: "p2 acquire (5ns to 6ns) has no place: another client reads (p1 read, p2 announced)"},
		{name: "a reader past an announced writer",
			ops:      []Operation{reads(p1, 1, 2), announced(p2, 3, 4), reads(p3, 5, 6), released(p1, 7, 8), released(p3, 9, 10), writes(p2, 4, 12)},
			evidence: "p3 acquire to read (5ns to 6ns) has no place: a writer has announced itself (p1 read, p2 announced)"},
		{name: "a writer that did not announce itself", ops: []Operation{writes(p1, 1, 2)},
			evidence: "p1 acquire (1ns to 2ns) has no place: the client has not announced itself (free)"},
		{name: "released by another", ops: []Operation{reads(p1, 1, 2), released(p2, 3, 4)},
			evidence: "p2 release (3ns to 4ns) has no place: the client does not hold the lock (p1 read)"},
		{name: "a reader is refused", ops: []Operation{reads(p1, 1, 2), refused(p1, 3, 4)},
			evidence: "p1 release, refused (3ns to 4ns) has no place: the client holds the lock, and was told that it does not (p1 read)"},
		{name: "a writer before the reader was killed", faults: kill2, ops: []Operation{reads(p2, 1, 2), announced(p1, 3, 4), writes(p1, 4, 8)},
			evidence: "p1 acquire (4ns to 8ns) has no place: another client reads (p2 read, p1 announced)"},
		{name: "a reader before the waiting writer was killed", faults: kill2, ops: []Operation{announced(p2, 3, 4), reads(p1, 5, 8)},
			evidence: "p1 acquire to read (5ns to 8ns) has no place: a writer has announced itself (free, p2 announced)"},
		{name: "token back", ops: []Operation{reads(p1, 1, 2).with(7), announced(p2, 1, 2), released(p1, 3, 4), writes(p2, 5, 6).with(6)},
			evidence: "p2 acquire, token 6 (5ns to 6ns) has no place: its token is not above all tokens before it (free, p2 announced, last token 7)"},
		{name: "gave up what it did not wish", ops: []Operation{gaveUp(p1, 1, 2)},
			evidence: "p1 give up (1ns to 2ns) has no place: the client has not announced itself (free)"},
	})
}

func TestLeaseHistories(t *testing.T) {
	beat := func(c Client, call, ret time.Duration, token uint64) Operation {
		return op(c, model.Beat, call, ret).with(token)
	}
	wrote := func(c Client, call, ret time.Duration, token uint64) Operation {
		return op(c, model.Write, call, ret).with(token)
	}
	expired := func(c Client, at time.Duration, token uint64) Operation {
		return op(c, model.Expire, at, at).with(token)
	}
	judge[model.Lease](t, []verdict{
		{name: "kept", ops: []Operation{acquired(p1, 1, 2, 1), beat(p1, 3, 4, 1), released(p1, 5, 6), acquired(p2, 1, 7, 2)}},
		{name: "taken over", ops: []Operation{acquired(p1, 1, 2, 1), expired(p1, 5, 1), acquired(p2, 3, 6, 2), beat(p1, 7, 8, 1).refused()}},
		{name: "a beat beside the release", ops: []Operation{acquired(p1, 1, 2, 1), released(p1, 5, 9), beat(p1, 6, 8, 1), acquired(p2, 1, 10, 2)}},
		{name: "a late beat before anybody took over", ops: []Operation{acquired(p1, 1, 2, 1), expired(p1, 5, 1), beat(p1, 4, 7, 1), released(p1, 9, 10), acquired(p2, 8, 11, 2)}},
		{name: "the beat came first, or the expiry did", ops: []Operation{acquired(p1, 1, 2, 1), op(p1, model.Expire, 3, 9).with(1), beat(p1, 3, 9, 1), acquired(p2, 3, 12, 2)}},
		{name: "killed, and taken over at once", faults: func(h *History) { h.Killed(1, 10) }, ops: []Operation{acquired(p1, 1, 2, 1), acquired(p2, 3, 11, 2)}},
		{name: "killed after it was taken over", faults: func(h *History) { h.Killed(1, 10) },
			ops: []Operation{acquired(p1, 1, 2, 1), expired(p1, 5, 1), acquired(p2, 3, 7, 2), released(p2, 20, 21)}},
		{name: "an old holder writes in vain", ops: []Operation{
			acquired(p1, 1, 2, 1), expired(p1, 5, 1), acquired(p2, 3, 6, 2), wrote(p2, 7, 8, 2), wrote(p1, 9, 10, 1).refused()}},
		{name: "a write that never returned is seen by another", ops: []Operation{wrote(p2, 1, Never, 2), wrote(p1, 5, 6, 1), wrote(p1, 7, 8, 1).refused()}},
		{name: "an acquisition that never returned, and held", ops: []Operation{op(p1, model.Acquire, 1, Never), beat(p1, 5, 6, 1), released(p1, 7, 8), acquired(p2, 3, 9, 2)}},
		{name: "an acquisition that never returned, and did not hold", ops: []Operation{op(p1, model.Acquire, 1, Never), acquired(p2, 3, 4, 1), refused(p1, 5, 6)}},
		{name: "an acquisition that never returned, and nobody knows", ops: []Operation{op(p1, model.Acquire, 1, Never), acquired(p2, 3, 4, 1), released(p2, 8, 9), acquired(p3, 10, 11, 2)}},

		{name: "an acquisition that never returned, of what the client held", ops: []Operation{
			acquired(p1, 1, 2, 1), op(p1, model.Acquire, 3, Never), released(p1, 5, 6).with(1), acquired(p2, 7, 8, 2)}},
		{name: "an acquisition that never returned, and came late", ops: []Operation{
			acquired(p1, 1, 2, 1), op(p1, model.Acquire, 3, Never), beat(p1, 4, 5, 1), expired(p1, 6, 1), released(p1, 8, 9).with(2), acquired(p2, 10, 11, 3)}},
		{name: "a release that never returned, of another hold", faults: func(h *History) { h.Killed(1, 10) }, ops: []Operation{
			acquired(p1, 1, 2, 1), op(p1, model.Acquire, 3, Never), released(p1, 4, Never).with(2), acquired(p2, 5, 12, 2)}},

		{name: "a release that never returned, and came late", ops: []Operation{
			released(p1, 1, Never), op(p1, model.Acquire, 2, Never), acquired(p2, 3, 4, 0), released(p2, 5, 5), beat(p1, 6, 7, 0), acquired(p2, 8, 9, 0)}},

		{name: "stolen before it expired", ops: []Operation{acquired(p1, 1, 2, 1), expired(p1, 9, 1), acquired(p2, 3, 6, 2)},
			evidence: "p2 acquire, token 2 (3ns to 6ns) has no place: another client holds the lock, and has kept it (p1 holds it, last token 1)"},
		{name: "stolen after the expiry of the hold before", ops: []Operation{
			acquired(p1, 1, 2, 1), expired(p1, 3, 1), released(p1, 4, 5), acquired(p1, 6, 7, 2), acquired(p2, 8, 9, 3)},
			evidence: "p1 held from 7ns to the end, and p2 from 9ns to the end: both for all time from 9ns"},
		{name: "stolen while the holder kept it", ops: []Operation{acquired(p1, 1, 2, 1), acquired(p2, 3, 6, 2), released(p1, 9, 10)},
			evidence: "p1 held from 2ns to 9ns, and p2 from 6ns to the end: both for 3ns from 6ns"},
		{name: "killed, and taken over before", faults: func(h *History) { h.Killed(1, 10) }, ops: []Operation{acquired(p1, 1, 2, 1), acquired(p2, 3, 9, 2)},
			evidence: "p1 held from 2ns to 10ns, and p2 from 9ns to the end: both for 1ns from 9ns"},
		{name: "token reissued", ops: []Operation{acquired(p1, 1, 2, 1), expired(p1, 5, 1), acquired(p2, 6, 7, 1)},
			evidence: "p2 acquire, token 1 (6ns to 7ns) has no place: its token is not above all tokens before it (p1 holds it, expired, last token 1)"},
		{name: "a beat after it was taken over", ops: []Operation{acquired(p1, 1, 2, 1), expired(p1, 5, 1), acquired(p2, 6, 7, 2), beat(p1, 8, 9, 1)},
			evidence: "p1 beat, token 1 (8ns to 9ns) has no place: the client does not hold the lock (p2 holds it, last token 2)"},
		{name: "told of a loss that was none", ops: []Operation{acquired(p1, 1, 2, 1), beat(p1, 3, 4, 1).refused(), expired(p1, 8, 1)},
			evidence: "p1 beat, token 1, refused (3ns to 4ns) has no place: the client holds the lock and has kept it, and was told that it lost it (p1 holds it, last token 1)"},
		{name: "released by another", ops: []Operation{acquired(p1, 1, 2, 1), released(p2, 3, 4)},
			evidence: "p2 release (3ns to 4ns) has no place: the client does not hold the lock (p1 holds it, last token 1)"},
		{name: "an old write was accepted", ops: []Operation{wrote(p2, 1, 2, 2), wrote(p1, 3, 4, 1)},
			evidence: "p1 write, token 1 (3ns to 4ns) has no place: a write with a higher token was accepted before it (free, written with 2)"},
		{name: "a write was refused for nothing", ops: []Operation{wrote(p1, 1, 2, 1), wrote(p2, 3, 4, 2).refused()},
			evidence: "p2 write, token 2, refused (3ns to 4ns) has no place: no write with a higher token was accepted before it, and it was refused (free, written with 1)"},
		{name: "an acquisition that never returned, and another in between", ops: []Operation{
			op(p1, model.Acquire, 5, Never), acquired(p2, 1, 2, 1), beat(p1, 7, 8, 2), released(p2, 10, 11)},
			evidence: "p1 beat, token 2 (7ns to 8ns) has no place: the client does not hold the lock (p2 holds it, last token 1)"},
	})
}

func TestWhatDependsOnWhatNeverReturnedIsUndecided(t *testing.T) {
	for _, row := range []struct {
		name, evidence string
		got            Result
	}{
		{"a level that may be off", "this is no history: what p1 acquire (7ns to 8ns) was about depends on p1 release, never returned (from 5ns)",
			CheckAs[model.Reentrant](History{Operations: []Operation{acquired(p1, 1, 2, 0), released(p1, 5, Never), acquired(p1, 7, 8, 0)}}, plenty)},
		{"a level that may be there", "this is no history: what p1 release (7ns to 8ns) was about depends on p1 acquire, never returned (from 5ns)",
			CheckAs[model.Reentrant](History{Operations: []Operation{acquired(p1, 1, 2, 0), op(p1, model.Acquire, 5, Never), released(p1, 7, 8)}}, plenty)},
		{"a wish that may have become a hold", "this is no history: what p1 release, never returned (from 7ns) was about depends on p1 acquire, never returned (from 5ns)",
			CheckAs[model.RW](History{Operations: []Operation{op(p1, model.Announce, 1, 2), op(p1, model.Acquire, 5, Never), released(p1, 7, Never)}}, plenty)},
		{"a wish that may have ended", "this is no history: what p1 give up (9ns to 10ns) was about depends on p1 announce, never returned (from 5ns)",
			CheckAs[model.RW](History{Operations: []Operation{op(p1, model.Announce, 1, 2), ended(p1, 3, Never), op(p1, model.Announce, 5, Never), op(p1, model.GiveUp, 9, 10)}}, plenty)},
		{"an end that may be of either", "this is no history: what p1 release (9ns to 10ns) was about depends on p1 acquire, never returned (from 5ns)",
			Check(History{Operations: []Operation{acquired(p1, 1, 2, 0), ended(p1, 3, Never), op(p1, model.Acquire, 5, Never), released(p1, 9, 10)}}, plenty)},
	} {
		t.Run(row.name, func(t *testing.T) {
			if row.got.Verdict != Undecided || row.got.Evidence != row.evidence {
				t.Errorf("%v, %q; want undecided, %q", row.got.Verdict, row.got.Evidence, row.evidence)
			}
		})
	}
}

func TestLocksAreCheckedByThemselves(t *testing.T) {
	h := History{Operations: []Operation{
		acquired(p1, 1, 2, 1).of("a"), acquired(p1, 3, 4, 1).of("b"), acquired(p2, 5, 6, 2).of("c"), released(p1, 7, 8).of("a"), released(p1, 9, 10).of("b"),
		acquired(p2, 7, 11, 2).of("b"), released(p2, 12, 13).of("b"),
	}}
	got := Check(h, plenty)
	if got.Verdict != Linearizable || got.Calls != 7 || got.Decided != 7 || got.Evidence != "" {
		t.Errorf("%v, %q, %d of %d calls", got.Verdict, got.Evidence, got.Decided, got.Calls)
	}
	if names := strings.Join(h.Locks(), " "); names != "a b c" {
		t.Errorf("locks %q", names)
	}

	h.Operations = append(h.Operations, acquired(p3, 20, 21, 2).of("b"))
	got = Check(h, plenty)
	if want := "lock b: p3 acquire, token 2 (20ns to 21ns) has no place: its token is not above all tokens before it (free, last token 2)"; got.Verdict != NotLinearizable ||
		got.Evidence != want || got.Lock != "b" || got.Calls != 8 || got.Decided != 3 {
		t.Errorf("%v of lock %q, %q, %d of %d calls; want %q", got.Verdict, got.Lock, got.Evidence, got.Decided, got.Calls, want)
	}

	// A process that was killed is dead for all of its locks, and what it did with one shows that it lived.
	h = History{Operations: []Operation{acquired(p1, 1, 2, 1).of("a"), failed(p1task, 1, 12).of("b"), acquired(p2, 4, 5, 2).of("a")}}
	h.Killed(1, 3)
	if got = Check(h, plenty); got.Verdict != NotLinearizable || got.Lock != "a" {
		t.Errorf("%v, %q", got.Verdict, got.Evidence)
	}

	// What could not be decided does not hide what was, nor the other way round.
	undecided := puzzle(60)
	for _, o := range undecided.Operations {
		o.Client.Process += 100
		h.Operations = append(h.Operations, o.of("c"))
	}
	if got = Check(h, 50*time.Millisecond); got.Verdict != NotLinearizable || got.Lock != "a" {
		t.Errorf("%v, %q", got.Verdict, got.Evidence)
	}
	h.Operations = h.Operations[1:]
	if got = Check(h, 50*time.Millisecond); got.Verdict != Undecided || got.Lock != "c" || !strings.HasPrefix(got.Evidence, "lock c: not decided within 50ms") {
		t.Errorf("%v, %q", got.Verdict, got.Evidence)
	}
}

// TestAnotherOrderOfThePieceBefore: cut where nothing is in progress, the first piece has two orders, and the rest allows one of them only.
func TestAnotherOrderOfThePieceBefore(t *testing.T) {
	beat := op(p1, model.Beat, 3, 9).with(1)
	expire := op(p1, model.Expire, 3, 9).with(1)
	for _, rest := range [][]Operation{
		{acquired(p2, 12, 13, 2), op(p1, model.Beat, 14, 15).with(1).refused()},
		{op(p1, model.Beat, 12, 13).with(1), released(p1, 14, 15).with(1)},
	} {
		for _, first := range [][]Operation{{beat, expire}, {expire, beat}} {
			h := History{Operations: append([]Operation{acquired(p1, 1, 2, 1), first[0], first[1]}, rest...)}
			if got := check[model.Lease](h, plenty, 1); got.Verdict != Linearizable || got.Decided != got.Calls {
				t.Errorf("%v, %q, %d of %d calls", got.Verdict, got.Evidence, got.Decided, got.Calls)
			}
		}
	}
}

// TestWhatEndsLateDoesNotKeepAHistoryWhole: processes that were killed, and calls that never returned, would otherwise be in progress to the end, and a
// history could not be cut any more.
func TestWhatEndsLateDoesNotKeepAHistoryWhole(t *testing.T) {
	t.Run("mutex", func(t *testing.T) { cuts[model.Mutex](t, mutexHabit) })
	t.Run("reentrant", func(t *testing.T) { cuts[model.Reentrant](t, reentrantHabit) })
	t.Run("rw", func(t *testing.T) { cuts[model.RW](t, rwHabit) })
	t.Run("lease", func(t *testing.T) { cuts[model.Lease](t, leaseHabit) })
}

func cuts[S Spec[S]](t *testing.T, habits habit) {
	for seed := range uint64(5) {
		r := rand.New(rand.NewPCG(seed, 2))
		h := (&lawful[S]{clients: 3, steps: 1000, fenced: true, kills: true, habits: lawfulHabit(habits), upTo: r.IntN}).run()
		h.Operations = slices.DeleteFunc(h.Operations, func(o Operation) bool { return o.Kind == model.Write && o.Return == Never }) // nothing bounds it
		kind := natureOf[S]()
		s := h.settle(kind, h.inClientOrder(), h.deaths())
		s.narrow(kind)
		first, last := 0, 0
		cuts := s.cut(1)
		for _, c := range s.order[:len(s.order)*9/10] {
			if c.to == Never {
				t.Errorf("seed %d: %v is in progress to the end", seed, c.span())
			}
		}
		for _, cut := range cuts {
			if cut < len(s.calls)/2 {
				first++
			} else {
				last++
			}
		}
		if first < 10 || last < first/3 {
			t.Errorf("seed %d: %d calls are cut into %d pieces in the first half, and into %d in the second", seed, len(s.calls), first, last)
		}
	}
}

// TestHoldsTellTheOrderOfWaiters: all call at the beginning and get in one after the other, so that nothing but their holds tells when.
func TestHoldsTellTheOrderOfWaiters(t *testing.T) {
	var mutex, rw History
	for i := range 100 {
		c, at := Client{Process: i}, time.Duration(10*i+10)
		end := released(c, at+5, at+6)
		if i%3 == 0 {
			end = ended(c, at+5, Never) // at some time before the next one gets in
		}
		mutex.Operations = append(mutex.Operations, acquired(c, 0, at, 0), end)
		if i%2 == 0 {
			rw.Operations = append(rw.Operations, op(c, model.AcquireRead, 0, at), released(c, at+5, at+6))
		} else {
			rw.Operations = append(rw.Operations, op(c, model.Announce, at-4, at-3), op(c, model.Acquire, at-3, at), released(c, at+5, at+6))
		}
	}
	pieces := func(h History, kind nature) int {
		s := h.settle(kind, h.inClientOrder(), nil)
		s.narrow(kind)
		return len(s.cut(1))
	}
	if n := pieces(mutex, natureOf[model.Mutex]()); n < 90 {
		t.Errorf("100 holds are cut into %d pieces", n)
	}
	if n := pieces(rw, natureOf[model.RW]()); n < 90 {
		t.Errorf("100 holds of readers and writers are cut into %d pieces", n)
	}
	for _, got := range []Result{Check(mutex, plenty), CheckAs[model.RW](rw, plenty)} {
		if got.Verdict != Linearizable {
			t.Error(got.Verdict, got.Evidence)
		}
	}
}

// TestWhatIsOverIsNotEndedByTheKill: every end is a call to be placed.
func TestWhatIsOverIsNotEndedByTheKill(t *testing.T) {
	h := History{Operations: []Operation{acquired(p1, 1, 2, 1), released(p1, 3, 4), acquired(p2, 5, 6, 2), ended(p2, 7, 8)}}
	h.Killed(1, 10)
	h.Killed(2, 10)
	if got := Check(h, plenty); got.Verdict != Linearizable || got.Calls != 4 {
		t.Errorf("%v, %q, %d calls, want 4", got.Verdict, got.Evidence, got.Calls)
	}
}

// TestWhatProvesNothingIsShown: it is set aside, and not forgotten.
func TestWhatProvesNothingIsShown(t *testing.T) {
	count := func(got Result) int { return len(got.scene.annotations()) }
	rw := CheckAs[model.RW](History{Operations: []Operation{
		op(p1, model.AcquireRead, 1, 2), op(p2, model.Announce, 1, 2).refused(), op(p2, model.GiveUp, 3, Never), op(p2, model.Announce, 4, Never),
		op(p3, model.AcquireRead, 1, 2).refused(), op(p3, model.Release, 3, Never), op(p3, model.Acquire, 4, Never),
	}}, plenty)
	if rw.Verdict != Linearizable || count(rw) != 6 {
		t.Errorf("%v, %q, %d calls set aside, want 6", rw.Verdict, rw.Evidence, count(rw))
	}
	lease := CheckAs[model.Lease](History{Operations: []Operation{acquired(p1, 1, 2, 1), op(p1, model.Beat, 3, Never)}}, plenty)
	if lease.Verdict != Linearizable || count(lease) != 1 {
		t.Errorf("%v, %q, %d calls set aside, want 1", lease.Verdict, lease.Evidence, count(lease))
	}
}
