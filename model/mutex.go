package model

// Mutex is the state of an exclusive lock with an owner and fencing tokens. It is not reentrant: deeper levels of a hold are no operations on the
// lock, and acquiring while holding is illegal.
//
//   - Acquire succeeds if nobody holds the lock, with a token above every token before it, or without one (0).
//   - Acquire may fail in every state. Whoever gave up, was cancelled, or made one attempt need not have seen a holder: a waiter ahead of it, or one
//     that has since given up, is reason enough to fail, and no lock promises to succeed when it is free.
//   - Release succeeds exactly if the client holds the lock. Being refused while holding is as illegal as releasing what another holds.
//   - End is the end of a hold that its holder did not bring about. It needs a hold of the client.
type Mutex struct {
	Holder Client // 0 if the lock is free
	Last   uint64 // the highest token so far
}

const whyNoMutex = "there is no such operation on a mutex"

// Step returns the state after op, or the state unchanged, false and the rule that op breaks.
func (m Mutex) Step(op Op) (next Mutex, legal bool, why string) {
	if op.Client == 0 {
		return m, false, whyNobody
	}
	if op.Unknown {
		return unknown(m, op)
	}
	holds := m.Holder == op.Client
	switch op.Kind {
	case Acquire:
		switch {
		case !op.OK:
			return m, true, ""
		case holds:
			return m, false, whyHeldByItself
		case m.Holder != 0:
			return m, false, whyHeld
		case op.Token != 0 && op.Token <= m.Last:
			return m, false, whyToken
		}
		return Mutex{Holder: op.Client, Last: max(m.Last, op.Token)}, true, ""
	case Release:
		switch {
		case holds && !op.OK:
			return m, false, whyRefused
		case holds:
			return Mutex{Last: m.Last}, true, ""
		case op.OK:
			return m, false, whyNotHeld
		}
		return m, true, ""
	case End:
		if !holds {
			return m, false, whyNotHeld
		}
		return Mutex{Last: m.Last}, true, ""
	}
	return m, false, whyNoMutex
}

// Text says who holds the lock, in words; name gives a client's.
func (m Mutex) Text(name func(Client) string) string {
	if m.Holder == 0 {
		return "free" + lastToken(m.Last)
	}
	return name(m.Holder) + " holds it" + lastToken(m.Last)
}
