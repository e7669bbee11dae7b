package claim

import "strings"

const (
	// Suffix is what the coordination directory's name adds to that of the lock file.
	Suffix = ".filelock"
	// Directory is the name, in the coordination directory, of that of the claims.
	Directory = "claims"
)

// State is how far a claim has come.
type State string

const (
	// Intent: the contender has announced itself.
	Intent State = "intent"
	// Held: the contender has won, or is about to see that it has not. The intent stays beside it for as long as the lock is held (from 3.31 on).
	Held State = "held"
)

// Name returns the name of a claim: intent-v1-<token>.claim or held-v1-<token>.claim. Where several contenders have announced themselves, the smallest name wins.
func Name(state State, token string) string { return string(state) + "-v1-" + token + ".claim" }

// ParseName is the inverse of Name. A name that it does not take and that does not begin with a dot is a claim by another version of the protocol.
func ParseName(name string) (state State, token string, ok bool) {
	prefix, token, _ := strings.Cut(name, "-v1-")
	state = State(prefix)
	token, ok = strings.CutSuffix(token, ".claim")
	if !ok || state != Intent && state != Held || !isToken(token) {
		return "", "", false
	}
	return state, token, true
}

// PrivateName returns the name, in the same directory, under which a record is written before it is linked to its public name: that of a claim or of the lock file.
// The nonce is 32 lower-case hexadecimal digits, drawn at random.
func PrivateName(public, nonce string) string { return "." + public + ".private-v1-" + nonce + ".tmp" }

// ParsePrivateName is the inverse of PrivateName. Other names that begin with a dot mean nothing.
func ParsePrivateName(name string) (public, nonce string, ok bool) {
	name, hidden := strings.CutPrefix(name, ".")
	name, temporary := strings.CutSuffix(name, ".tmp")
	i := strings.LastIndex(name, ".private-v1-")
	if !hidden || !temporary || i < 0 {
		return "", "", false
	}
	public, nonce = name[:i], name[i+len(".private-v1-"):]
	if !isToken(nonce) {
		return "", "", false
	}
	return public, nonce, true
}
