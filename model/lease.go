package model

import "strconv"

// Lease is the state of an exclusive lock that its holder has to keep by beats, together with the resource that it protects. Time is not in it: that a holder has
// been silent for too long is an operation, Expire, which whoever knows the time puts where it belongs.
//
//   - Acquire succeeds if nobody holds the lock, or if the hold has expired, which it takes over. Its token is above every token before it, or 0. It may
//     fail in every state.
//   - Beat and Release succeed only if the client holds the lock, with the token that is named. They may be refused if it does not, or if its hold has
//     expired: its own clock may tell a holder so before anybody takes over. Whoever was refused holds no more. A beat after the hold expired, but before
//     anybody took it over, makes it good again.
//   - Expire says that the hold, if it is still there, may be taken over from now on. It is legal in every state.
//   - End ends the hold, expired or not: its holder died. It needs one.
//   - Write is to the resource, and has the token of the writer. It is accepted exactly if no write with a higher one was: the resource knows nothing of
//     the lock. That is why a holder that lost its hold without noticing does no harm, once its successor has written.
//   - An acquisition of which nobody was told the result (Unknown) leaves a doubt: until somebody is seen to hold the lock, its client may do so. Only what
//     the client is told later can show it.
type Lease struct {
	Holder  Client // 0 if the lock is free
	Expired bool   // the hold can be taken over
	Token   uint64 // of the hold, 0 if it has none or nobody was told
	Last    uint64 // the highest token so far
	Fence   uint64 // the highest token of an accepted write
	Doubts  Set    // clients of which one may hold the lock instead; empty if there is a hold that has not expired
}

// Why an operation on a lease is illegal.
const (
	whyNoToken       = "a write to a fenced resource has a token"
	whyOldWrite      = "a write with a higher token was accepted before it"
	whyWriteRefused  = "no write with a higher token was accepted before it, and it was refused"
	whyLeaseRefused  = "the client holds the lock and has kept it, and was told that it lost it"
	whyNoLease       = "there is no such operation on a lease"
	whyHeldUnexpired = "another client holds the lock, and has kept it"
)

// Step returns the state after op, or the state unchanged, false and the rule that op breaks.
func (l Lease) Step(op Op) (next Lease, legal bool, why string) {
	if op.Client == 0 {
		return l, false, whyNobody
	}
	if op.Unknown {
		return l.unknown(op)
	}
	holds, may := l.holds(op)
	next = l
	switch op.Kind {
	case Acquire:
		switch {
		case !op.OK:
			return l, true, ""
		case l.kept() && l.Holder == op.Client:
			return l, false, whyHeldByItself
		case l.kept():
			return l, false, whyHeldUnexpired
		case op.Token != 0 && op.Token <= l.Last:
			return l, false, whyToken
		}
		return Lease{Holder: op.Client, Token: op.Token, Last: max(l.Last, op.Token), Fence: l.Fence}, true, ""
	case Beat, Release:
		switch {
		case op.OK && may:
			next = Lease{Holder: op.Client, Token: op.Token, Last: max(l.Last, op.Token), Fence: l.Fence}
		case op.OK && holds:
			next.Expired, next.Doubts = false, Set{}
			next.Token, next.Last = max(l.Token, op.Token), max(l.Last, op.Token)
		case op.OK:
			return l, false, whyNotHeld
		case holds && !l.Expired:
			return l, false, whyLeaseRefused
		default:
			return l.lost(op), true, ""
		}
		if op.Kind == Release {
			return Lease{Last: next.Last, Fence: l.Fence}, true, ""
		}
		return next, true, ""
	case Expire:
		next.Expired = l.Expired || holds
		return next, true, ""
	case End:
		if !holds && !may {
			return l, false, whyNotHeld
		}
		return Lease{Last: max(l.Last, op.Token), Fence: l.Fence}, true, ""
	case Write:
		switch {
		case op.Token == 0:
			return l, false, whyNoToken
		case op.OK && op.Token < l.Fence:
			return l, false, whyOldWrite
		case !op.OK && op.Token >= l.Fence:
			return l, false, whyWriteRefused
		}
		if op.OK {
			next.Fence = op.Token
		}
		return next, true, ""
	}
	return l, false, whyNoLease
}

// unknown is the step of an operation of which nobody was told the result. Where the state would be one of two, it is the one that allows everything that
// the other allows.
func (l Lease) unknown(op Op) (next Lease, legal bool, why string) {
	switch op.Kind {
	case Acquire:
		if !l.kept() {
			l.Doubts = l.Doubts.With(op.Client)
		}
	case Release, End:
		l = l.lost(op)
	case Write:
		if op.Token == 0 {
			return l, false, whyNoToken
		}
		l.Fence = max(l.Fence, op.Token)
	case Beat: // a hold that has expired allows more than one that has not
	default:
		op.Unknown = false
		return l.Step(op)
	}
	return l, true, ""
}

// kept reports whether somebody is certain to hold the lock, and has kept it.
func (l Lease) kept() bool { return l.Holder != 0 && !l.Expired }

// holds reports whether the hold that op is about is the one that is known, and whether it may be one that nobody was told of.
func (l Lease) holds(op Op) (certain, doubtful bool) {
	certain = l.Holder == op.Client && (op.Token == 0 || l.Token == 0 || op.Token == l.Token)
	doubtful = l.Doubts.Has(op.Client) && (op.Token == 0 || op.Token > l.Last)
	return certain, doubtful
}

// lost returns the state without the hold that op is about.
func (l Lease) lost(op Op) Lease {
	holds, may := l.holds(op)
	if holds {
		l.Holder, l.Token, l.Expired = 0, 0, false
	}
	if may {
		l.Doubts = l.Doubts.Without(op.Client)
	}
	return l
}

// Text says who holds the lock, in words; name gives a client's.
func (l Lease) Text(name func(Client) string) string {
	text := "free"
	if l.Holder != 0 {
		text = name(l.Holder) + " holds it"
	}
	if l.Expired {
		text += ", expired"
	}
	for c := range l.Doubts.All() {
		text += ", unless " + name(c) + " does"
	}
	text += lastToken(l.Last)
	if l.Fence != 0 {
		text += ", written with " + strconv.FormatUint(l.Fence, 10)
	}
	return text
}
