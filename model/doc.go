// Package model says what each kind of lock is, as if everything happened one thing at a time.
//
// A specification is a comparable value, the state, whose zero value is a lock that nobody has ever held, with one method:
//
//	Step(op) (next, legal, why)
//
// Step is pure: it answers whether op, with the result that it had, may happen in the state, and which state follows. If not, next is the state
// unchanged and why names the rule that op breaks. Nothing here knows of time, of waiting or of processes: an operation takes effect at one
// moment, and what a crash or an expiry does to a lock is an operation like the others, [End]. Putting concurrent calls into such an order is
// the business of package linearize.
//
// Each kind has a file and a state of its own: [Mutex] is the exclusive lock.
package model
