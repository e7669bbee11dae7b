package model

import "strconv"

// Client is whoever can hold a lock. Nobody is client 0.
type Client uint32

// Kind says what an operation does.
type Kind uint8

// The operations on a lock. Every kind of lock has the first three.
const (
	Acquire     Kind = iota + 1 // ask for the lock, waiting or not; for writing, where readers can share it
	Release                     // give it back; one level of it, where holders go deeper
	End                         // a hold ends without its holder: the process died, or the lifetime is over
	AcquireRead                 // ask for a share of the lock, waiting or not
	Announce                    // a writer's wish becomes visible, and from then on no reader gets in
	GiveUp                      // the wish is taken back
	Beat                        // a holder shows that it is alive
	Expire                      // a holder has not done so for too long: whoever comes next may take its hold over
	Write                       // write to what the lock protects, which looks at the fencing token
	ReleaseAll                  // give every level of the lock back
)

var kindNames = [...]string{"", "acquire", "release", "end", "acquire to read", "announce", "give up", "beat", "expire", "write", "release all"}

// String returns the name as people write it, "acquire".
func (k Kind) String() string {
	if k.Valid() {
		return kindNames[k]
	}
	return "kind " + strconv.Itoa(int(k))
}

// Valid reports whether k is one of the operations above.
func (k Kind) Valid() bool { return k >= Acquire && k <= ReleaseAll }

// Acquires reports whether k asks for the lock.
func (k Kind) Acquires() bool { return k == Acquire || k == AcquireRead }

// Happens reports whether k is nothing that a client calls, and has no result.
func (k Kind) Happens() bool { return k == End || k == Expire }

// Op is an operation together with its result.
type Op struct {
	Kind   Kind
	Client Client
	// OK is the result: the lock was acquired; it was released, or kept by a beat, rather than refused because the client does not hold it; the wish
	// was announced or taken back; the write was accepted. End and Expire have no result.
	OK bool
	// Unknown says that nobody was told the result, and OK says nothing: the operation did what the lock does in the state that it met, perhaps
	// nothing. An End, then, was that of a process that may have held nothing. What an acquisition did stays in doubt, and only a [Lease] knows doubts.
	Unknown bool
	// Token is the fencing number of a successful acquisition, and of the hold that a Beat, Write, Expire, Release or End of a lease is about. 0 if there is no
	// fencing, or whichever hold the client has.
	Token uint64
	// Depth is how deep the client holds after the operation, as it was told; 0 if it was told nothing. A [Reentrant] lock has it.
	Depth uint32
}

// Why an operation is illegal, on several kinds of locks.
const (
	whyNobody       = "client 0 is nobody"
	whyHeld         = "another client holds the lock"
	whyHeldByItself = "the client holds the lock already"
	whyToken        = "its token is not above all tokens before it"
	whyNotHeld      = "the client does not hold the lock"
	whyRefused      = "the client holds the lock, and was told that it does not"
	whyDoubt        = "what an acquisition did of which nobody was told the result cannot be said of this kind of lock"
)

// unknown is the step of an operation of which nobody was told the result: it worked where it could, and was refused where not.
func unknown[S interface{ Step(Op) (S, bool, string) }](state S, op Op) (next S, legal bool, why string) {
	if op.Kind.Acquires() {
		return state, false, whyDoubt
	}
	op.Unknown, op.OK = false, true
	if next, legal, _ = state.Step(op); legal {
		return next, true, ""
	}
	if op.Kind == End {
		return state, true, ""
	}
	op.OK = false
	return state.Step(op)
}

// lastToken is how a state's text ends.
func lastToken(last uint64) string {
	if last == 0 {
		return ""
	}
	return ", last token " + strconv.FormatUint(last, 10)
}
