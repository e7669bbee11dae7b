package model

import "strings"

// RW is the state of a lock that readers share and writers have for themselves, with preference for writers. A writer comes in two steps: it announces
// itself, and then acquires. Preference is a rule on states then, like exclusion: no reader gets in while a writer has announced itself. A lock that
// prefers nobody is one whose writers announce themselves at the moment at which they acquire.
//
//   - Announce makes a writer's wish visible. It needs a client that neither holds nor has announced itself, and may fail in every state.
//   - GiveUp takes the wish back, and succeeds exactly if there is one.
//   - Acquire, for writing, succeeds if the client has announced itself and nobody holds the lock. It may fail in every state, and the wish stays.
//   - AcquireRead succeeds if nobody writes and no writer has announced itself. It may fail in every state.
//   - Tokens, of readers and of writers, are above every token before them, or 0.
//   - Release succeeds exactly if the client holds the lock, either way.
//   - End ends whatever the client has: its hold, or its wish. It needs one of them.
//
// No client has more than one hold at once; neither of the two turns into the other.
type RW struct {
	Writer  Client // 0 if nobody writes
	Readers Set
	Waiting Set    // writers that have announced themselves
	Last    uint64 // the highest token so far
}

// Why an operation on a read/write lock is illegal.
const (
	whyWritten      = "another client writes"
	whyRead         = "another client reads"
	whyPreferred    = "a writer has announced itself"
	whyAnnounced    = "the client has announced itself already"
	whyNotAnnounced = "the client has not announced itself"
	whyWishRefused  = "the client has announced itself, and was told that it has not"
	whyNoRW         = "there is no such operation on a read/write lock"
)

// Step returns the state after op, or the state unchanged, false and the rule that op breaks.
func (l RW) Step(op Op) (next RW, legal bool, why string) {
	if op.Client == 0 {
		return l, false, whyNobody
	}
	if op.Unknown {
		return unknown(l, op)
	}
	holds := l.Writer == op.Client || l.Readers.Has(op.Client)
	waits := l.Waiting.Has(op.Client)
	next = l
	switch op.Kind {
	case Announce:
		switch {
		case !op.OK:
			return l, true, ""
		case holds:
			return l, false, whyHeldByItself
		case waits:
			return l, false, whyAnnounced
		}
		next.Waiting = l.Waiting.With(op.Client)
		return next, true, ""
	case GiveUp:
		switch {
		case waits && !op.OK:
			return l, false, whyWishRefused
		case !waits && op.OK:
			return l, false, whyNotAnnounced
		}
		next.Waiting = l.Waiting.Without(op.Client)
		return next, true, ""
	case Acquire, AcquireRead:
		switch {
		case !op.OK:
			return l, true, ""
		case holds:
			return l, false, whyHeldByItself
		case l.Writer != 0:
			return l, false, whyWritten
		case op.Kind == AcquireRead && !l.Waiting.Empty():
			return l, false, whyPreferred
		case op.Kind == Acquire && !l.Readers.Empty():
			return l, false, whyRead
		case op.Kind == Acquire && !waits:
			return l, false, whyNotAnnounced
		case op.Token != 0 && op.Token <= l.Last:
			return l, false, whyToken
		}
		next.Last = max(l.Last, op.Token)
		if op.Kind == AcquireRead {
			next.Readers = l.Readers.With(op.Client)
		} else {
			next.Writer, next.Waiting = op.Client, l.Waiting.Without(op.Client)
		}
		return next, true, ""
	case Release:
		switch {
		case holds && !op.OK:
			return l, false, whyRefused
		case !holds && op.OK:
			return l, false, whyNotHeld
		case holds:
			return l.without(op.Client), true, ""
		}
		return l, true, ""
	case End:
		if !holds && !waits {
			return l, false, whyNotHeld
		}
		return l.without(op.Client), true, ""
	}
	return l, false, whyNoRW
}

// without returns the state without the hold and the wish of a client.
func (l RW) without(c Client) RW {
	if l.Writer == c {
		l.Writer = 0
	}
	l.Readers, l.Waiting = l.Readers.Without(c), l.Waiting.Without(c)
	return l
}

// Text says who reads, writes and has announced itself, in words; name gives a client's.
func (l RW) Text(name func(Client) string) string {
	var parts []string
	list := func(clients Set, do string) {
		var names []string
		for c := range clients.All() {
			names = append(names, name(c))
		}
		if len(names) > 0 {
			parts = append(parts, strings.Join(names, " and ")+" "+do)
		}
	}
	if l.Writer != 0 {
		parts = append(parts, name(l.Writer)+" writes")
	}
	list(l.Readers, "read")
	if len(parts) == 0 {
		parts = append(parts, "free")
	}
	list(l.Waiting, "announced")
	return strings.Join(parts, ", ") + lastToken(l.Last)
}
