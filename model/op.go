package model

import "strconv"

// Client is whoever can hold a lock. Nobody is client 0.
type Client uint32

// Kind says what an operation does.
type Kind uint8

// The operations on a lock.
const (
	Acquire Kind = iota + 1 // ask for the lock, waiting or not
	Release                 // give it back
	End                     // a hold ends without its holder: the process died, or the lifetime is over
)

var kindNames = [...]string{"", "acquire", "release", "end"}

// String returns the name as people write it, "acquire".
func (k Kind) String() string {
	if k.Valid() {
		return kindNames[k]
	}
	return "kind " + strconv.Itoa(int(k))
}

// Valid reports whether k is one of the operations above.
func (k Kind) Valid() bool { return k >= Acquire && k <= End }

// Op is an operation together with its result.
type Op struct {
	Kind   Kind
	Client Client
	// OK is the result: the lock was acquired; it was released, rather than refused because the client does not hold it. End has no result.
	OK bool
	// Token is the fencing number of a successful Acquire, 0 if there is no fencing.
	Token uint64
}
