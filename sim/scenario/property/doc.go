// Package property states what must hold of a lock in every run of the simulator, one property a file with its sentence at the top.
//
// A runner tells a [Set] what happens in a run, event by event, in the order in which it happens, and at its end what was left behind. It knows more than any process does: when
// somebody died, who was stopped, and that two hold a lock at once.
//
//	set.Begin(&setup, witness)
//	set.Add(&Event{Kind: AcquireCalled, …})
//	…
//	set.End(&Tables{…})
//	v := set.Violation() // nil if all is well
//
// A Set serves one run at a time and is used again for the next. Nothing is allocated for an event: what a property needs to remember are numbers in slices that keep their room.
//
// # What bounds depend on
//
// Properties that say "in time" (P6, P7, P11, P15, P16) hold for runs in which everybody who can run does so within [Setup.Slack]. With a slack that is unbounded they are not
// judged, but for what needs no bound: a run in which nobody can go on any more is a violation in any case.
package property
