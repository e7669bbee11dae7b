// Package linearize decides whether what the clients of a lock saw can have come from a lock.
//
// A [History] is what was recorded from outside: who called what, when, and what came back. It is linearizable if every operation can be given one
// moment between its call and its return such that the operations, in the order of these moments, are legal for the lock ([model.Mutex]). [Check]
// decides that, by porcupine. [Overlaps] looks at the same from a simpler side and without a search: no two holds, each from the return of its
// acquisition to the call of its release, may share any time.
//
//	history := linearize.FromHolds(holds)
//	history.Killed(3, 250*time.Millisecond)
//	result := linearize.Check(history, 10*time.Second)
//	pairs, total := linearize.Overlaps(history.Holds(), 10)
//
// # Recording
//
// A history is of one lock: what several locks do is linearizable exactly if what each of them does is, so each gets a history of its own. All
// times are of one clock that every client reads, such as the monotonic clock of the machine. Read it before the call and after the return: then an
// imprecise recording makes operations look more concurrent than they were, which can hide a fault but never invents one. Operations that touch, one
// returning at the moment at which the other is called, count as concurrent for the same reason; where many things happen
// at one moment, as in a simulator's virtual time, record the number of the step instead.
//
// # Calls that never returned
//
// What a killed process was doing is closed by what is known, because guessing makes a check exponential. An acquisition that never
// returned may or may not have taken effect. Nobody needs it to have: it told nobody its token, and others may fail without it. So it is left out.
// A release that never returned takes effect at any time after its call, perhaps after everything else. A hold of a process that was killed ends by itself at
// any time after the kill, and not before: a successor that acquired earlier is a violation. See [History.Killed].
package linearize
