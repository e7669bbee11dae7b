package model

import "strconv"

// Reentrant is the state of an exclusive lock whose holder can acquire it again, one level deeper. It is a [Mutex] otherwise.
//
//   - Acquire succeeds if nobody holds the lock, or if the client itself does: then it is one level deeper, with the token of the hold or without one. It may
//     fail in every state.
//   - Release takes one level off, and the last one frees the lock. It succeeds exactly if the client has a level left.
//   - ReleaseAll takes every level off at once, and succeeds exactly if there is one.
//   - End takes every level off: who died has no depth. It needs a hold of the client.
//   - Whoever is told a depth is told the one that it has.
type Reentrant struct {
	Holder Client // 0 if the lock is free
	Depth  uint32 // its levels
	Token  uint64 // of the hold, 0 if it has none
	Last   uint64 // the highest token so far
}

// Why an operation on a reentrant lock is illegal.
const (
	whyOtherToken  = "a deeper level has another token than the hold"
	whyDepth       = "the client was told another depth than it has"
	whyNoReentrant = "there is no such operation on a reentrant lock"
)

// Step returns the state after op, or the state unchanged, false and the rule that op breaks.
func (r Reentrant) Step(op Op) (next Reentrant, legal bool, why string) {
	if op.Client == 0 {
		return r, false, whyNobody
	}
	if op.Unknown {
		return unknown(r, op)
	}
	holds := r.Holder == op.Client
	free := Reentrant{Last: r.Last}
	switch op.Kind {
	case Acquire:
		next = r
		switch {
		case !op.OK:
			return r, true, ""
		case holds && op.Token != 0 && op.Token != r.Token:
			return r, false, whyOtherToken
		case holds:
			next.Depth++
		case r.Holder != 0:
			return r, false, whyHeld
		case op.Token != 0 && op.Token <= r.Last:
			return r, false, whyToken
		default:
			next = Reentrant{Holder: op.Client, Depth: 1, Token: op.Token, Last: max(r.Last, op.Token)}
		}
	case Release, ReleaseAll:
		next = free
		switch {
		case holds && !op.OK:
			return r, false, whyRefused
		case !holds && op.OK:
			return r, false, whyNotHeld
		case !holds:
			return r, true, ""
		case op.Kind == Release && r.Depth > 1:
			next = r
			next.Depth--
		}
	case End:
		if !holds {
			return r, false, whyNotHeld
		}
		return free, true, ""
	default:
		return r, false, whyNoReentrant
	}
	if op.Depth != 0 && op.Depth != next.Depth {
		return r, false, whyDepth
	}
	return next, true, ""
}

// Text says who holds the lock and how deep, in words; name gives a client's.
func (r Reentrant) Text(name func(Client) string) string {
	switch r.Depth {
	case 0:
		return "free" + lastToken(r.Last)
	case 1:
		return name(r.Holder) + " holds it" + lastToken(r.Last)
	}
	return name(r.Holder) + " holds it " + strconv.FormatUint(uint64(r.Depth), 10) + " deep" + lastToken(r.Last)
}
