// Package model says what each kind of lock is, as if everything happened one thing at a time.
//
// A specification is a comparable value, the state, whose zero value is a lock that nobody has ever held, with two methods:
//
//	Step(Op) (next, legal, why)
//	Text(name) string
//
// Step is pure: it answers whether an operation, with the result that it had, may happen in the state, and which state follows. If not, next is the
// state unchanged and why names the rule that the operation breaks. Text says in words who holds the lock. Nothing here knows of time, of waiting or of
// processes: an operation takes effect at one moment, and what a crash or the passing of time does to a lock is an operation like the others, [End] or
// [Expire]. Putting concurrent calls into such an order is the business of package linearize.
//
// Each kind has a file and a state of its own: [Mutex] is the exclusive lock, [Reentrant] one whose holder can go deeper, [RW] the one that readers
// share, and [Lease] the one that is lost by whoever does not keep it. They have one type of operation between them, [Op]: what is recorded, kept and
// shown of a lock is then the same whatever its kind, and an operation that a kind does not have is a rule broken like another.
package model
