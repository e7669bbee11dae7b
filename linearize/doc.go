// Package linearize decides whether what the clients of a lock saw can have come from a lock.
//
// A [History] is what was recorded from outside: who called what, when, and what came back. It is linearizable if every operation can be given one
// moment between its call and its return such that the operations, in the order of these moments, are legal for the lock: [Check] takes an exclusive lock
// ([model.Mutex]), and [CheckAs] any kind in package model. Both decide by porcupine. [Overlaps] looks at the same from a simpler side and without a search:
// no two holds, each from the return of its acquisition to the call of its release, may share any time.
//
//	history := linearize.FromHolds(holds)
//	history.Killed(3, 250*time.Millisecond)
//	result := linearize.Check(history, 10*time.Second)
//	pairs, total := linearize.Overlaps(history.Holds(), 10)
//
// # Recording
//
// What several locks do is linearizable exactly if what each of them does is. So a history may be of several, which are told apart by name, and each is
// checked by itself. All times are of one clock that every client reads, such as the monotonic clock of the machine. Read it before the call and after the
// return: then an imprecise recording makes operations look more concurrent than they were, which can hide a fault but never invents one. Operations that
// touch, one returning at the moment at which the other is called, count as concurrent for the same reason; where many things happen
// at one moment, as in a simulator's virtual time, record the number of the step instead.
//
// A client does one thing after the other. Beats are an exception, because something beside the holder sends them, and so is what happens to a client, an
// end or an expiry. A writer's announcement is recorded from its call until it was visible, and the acquisition from then on. If a lock does not prefer writers,
// let the announcement last until the acquisition returned, and the acquisition be at that moment.
//
// # Calls that never returned
//
// What a killed process was doing is closed by what is known, because guessing makes a check exponential. The same goes for calls that returned without
// saying what they did, as on a server that does not answer: they are recorded as calls that never returned, and the client may go on.
//
//   - An acquisition may or may not have taken effect. If its client did afterwards what only a holder can, before it asked again, it had. Of a [model.Lease]
//     the model then finds out whether. Otherwise nobody needs it to have: it told nobody its token, and others may fail without it. So it is left out. The
//     announcement of a writer is treated likewise.
//   - A release, or a wish that was given up, takes effect at any time after its call, or never, and before the client acquires or announces itself again.
//   - A write takes effect at any time after its call, or never. A beat is left out.
//   - What a process that was killed has, a hold or a wish, ends by itself at any time after the kill, and not before: a successor that acquired earlier is a
//     violation. See [History.Killed].
//
// Where it depends on such a call what another one was about, as with the levels of a [model.Reentrant] lock, the history is [Undecided].
//
// # Cost
//
// The histories of schedules in a simulator are short: 24 calls of 4 clients take some 30 microseconds, 300 take less than a millisecond, whatever the kind
// (BenchmarkSmallHistory). Long ones are cut where nothing is in progress. The calls so far then say which state the lock is in, or else, for those kinds
// of which that is not so, a piece that has no legal order is tried again together with those before it.
package linearize
