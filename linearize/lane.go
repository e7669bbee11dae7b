package linearize

import (
	"fmt"
	"time"

	"github.com/holdfast-lock/holdfast/model"
)

// lane settles the operations of one client, which it takes in the order of their calls.
type lane struct {
	*settled
	kind nature

	holds   []hold
	depth   int           // levels of the last of holds, 0 if it has ended
	left    bool          // the client may have a hold or a wish
	wished  bool          // it has announced itself
	expired time.Duration // the latest moment at which anything it had can have expired
	ended   bool          // some hold of the client ended by itself, as was recorded
	ends    int           // ends that are known, of such and of killed processes
	certain bool          // every end is that of the hold before it

	asked, wish *unreturned // an acquisition and an announcement, if it was the last of its kind
	late        []int       // releases that never returned, since the last acquisition, as indices of calls
	lateWish    []int       // the same of wishes that were given up, since the last announcement
}

// unreturned is a call that never returned, and of which it is not known whether it had an effect.
type unreturned struct {
	Operation
	id    int
	shown int // the call, from 1 on, once something was seen of it
}

// run settles the operations of h with these indices.
func (l *lane) run(h *History, order []int) {
	for _, i := range order {
		l.ended = l.ended || h.Operations[i].Kind == model.End
	}
	for _, i := range order {
		l.take(h.Operations[i], i+1)
	}
}

func (l *lane) take(o Operation, id int) {
	returned := o.Return != Never
	switch o.Kind {
	case model.Acquire, model.AcquireRead:
		l.abandon(&l.asked) // whoever asks again has found that it does not hold
		switch {
		case !returned:
			l.asked = &unreturned{Operation: o, id: id}
		case o.OK:
			l.acquired(o, id)
		default:
			l.idle = append(l.idle, o)
		}
	case model.Announce:
		l.abandon(&l.wish)
		switch {
		case !returned:
			l.wish = &unreturned{Operation: o, id: id}
		case o.OK:
			at := l.add(o, id)
			l.bound(&l.late, at)
			l.bound(&l.lateWish, at)
			l.certain = l.certain && !l.wished
			l.wished, l.left = true, true
		default:
			l.idle = append(l.idle, o)
		}
	case model.GiveUp:
		switch {
		case returned && !o.OK:
			at := l.add(o, id)
			if l.wished && l.asked != nil && l.asked.Kind == model.Acquire { // it has become a hold
				l.showAsked(at)
				l.left = true
			}
		case !returned && !l.wished:
			l.idle = append(l.idle, o)
		default:
			at := l.add(o, id)
			if !returned {
				l.lateWish = append(l.lateWish, at)
			}
			l.showWish(at)
			l.wished, l.left = false, l.depth > 0
		}
	case model.Release, model.ReleaseAll:
		switch {
		case returned && !o.OK:
			l.add(o, id)
		case !returned && len(l.holds) == 0 && !l.left && !l.kind.doubts:
			l.idle = append(l.idle, o)
		default:
			l.released(o, id)
		}
	case model.End:
		at := l.add(o, id)
		l.ends++
		l.certain = l.certain && l.depth > 0 && !l.kind.nests && !l.wished && o.Call >= l.begin(l.holds[len(l.holds)-1])
		l.left = l.left && !l.certain
		l.endAt(at)
	case model.Expire:
		l.add(o, id)
		l.expired = max(l.expired, o.Return)
		for n := len(l.holds); n > 0 && l.holds[n-1].end < 0; n-- { // whether the lock is still held is not certain any more
			l.holds = l.holds[:n-1]
		}
		l.depth = 0
	case model.Beat:
		if !returned {
			l.idle = append(l.idle, o)
			return
		}
		if at := l.add(o, id); o.OK {
			l.left = l.left || l.asked != nil
			l.showAsked(at)
		}
	default:
		l.add(o, id)
	}
}

// acquired is an acquisition that succeeded.
func (l *lane) acquired(o Operation, id int) {
	if l.kind.nests && len(l.late) > 0 {
		l.depends(o, l.calls[l.late[0]].Operation)
	}
	at := l.add(o, id)
	l.bound(&l.late, at)
	if o.Kind == model.Acquire {
		l.showWish(at)
		l.wished = false
	}
	l.left = true
	switch {
	case l.depth > 0 && l.kind.nests:
		l.depth++
	case o.Call <= l.expired: // it may be this hold that expired
	default:
		l.certain = l.certain && l.depth == 0 && !l.wished
		l.holds = append(l.holds, hold{at, -1, o.Kind == model.AcquireRead})
		l.depth = 1
	}
}

// released is a release that succeeded, or that never returned.
func (l *lane) released(o Operation, id int) {
	at := l.add(o, id)
	returned := o.Return != Never
	if !returned && l.asked != nil && l.wished {
		l.depends(o, l.asked.Operation)
	}
	if !returned {
		l.late = append(l.late, at)
	}
	deep := o.Kind == model.Release && l.depth > 1
	switch {
	case l.another(o):
	case returned && l.showAsked(at):
		l.endAt(at)
	case l.depth == 0:
		// It was tried again, with success, so the first had no effect; or it is not known what it released.
		l.certain = l.certain && returned && l.hanging()
	case deep && returned:
		l.depth--
	default:
		l.left = deep
		l.endAt(at)
	}
}

// another reports whether o names another hold of the client than the one that there is.
func (l *lane) another(o Operation) bool {
	if !l.kind.doubts || l.depth == 0 || o.Token == 0 {
		return false
	}
	token := l.calls[l.holds[len(l.holds)-1].acquire].Token
	return token != 0 && token != o.Token
}

// depends says that it cannot be known what o was about, because another call never returned.
func (l *lane) depends(o, other Operation) {
	if l.defect == "" {
		l.defect = fmt.Sprintf("what %v was about depends on %v", o.span(), other.span())
	}
}

// endAt ends the hold that there is.
func (l *lane) endAt(at int) {
	if l.depth > 0 {
		l.holds[len(l.holds)-1].end = at
		l.depth = 0
	}
}

// hanging reports whether the last hold's end is a release that never returned.
func (l *lane) hanging() bool {
	if len(l.holds) == 0 {
		return false
	}
	end := l.holds[len(l.holds)-1].end
	return end >= 0 && !l.calls[end].Kind.Happens() && l.calls[end].Return == Never
}

// kill ends what the client has when its process dies.
func (l *lane) kill(end Operation, id int) {
	if l.left {
		at := l.add(end, id)
		l.calls[at].op.Unknown = true
		l.follow(at)
		l.ends++
		l.endAt(at)
	}
}

// close puts down what is known about the holds. A release ends the hold before it, for better or worse. What ends by itself does so at any time, and if
// that could be the end of more than one hold then nothing is known about any.
func (l *lane) close() {
	l.abandon(&l.asked)
	l.abandon(&l.wish)
	if l.ends == 0 || l.certain {
		l.settled.holds = append(l.settled.holds, l.holds...)
	}
}

// add puts a call into the settled history. If it never returned, it has its effect, if any, at any time after it was called.
func (l *lane) add(o Operation, id int) int {
	unknown := o.Return == Never && !o.Kind.Happens()
	op := model.Op{Kind: o.Kind, Client: model.Client(len(l.clients)), OK: o.OK && !unknown, Unknown: unknown, Token: o.Token, Depth: uint32(o.Depth)}
	l.calls = append(l.calls, call{Operation: o, op: op, from: o.Call, to: o.Return, id: id})
	at := len(l.calls) - 1
	if !o.apart() {
		l.follow(at)
	}
	return at
}

// follow notes that a call comes after the one that its client made before, if their times touch.
func (l *lane) follow(at int) {
	c := &l.calls[at]
	for i := at - 1; i >= 0 && l.calls[i].op.Client == c.op.Client; i-- {
		if before := &l.calls[i]; !before.apart() && before.Return != Never {
			if before.Return == c.Call {
				l.precede(i, at)
			}
			return
		}
	}
}

// precede notes that one call comes before another.
func (l *lane) precede(before, after int) {
	l.calls[before].leads = true
	l.calls[after].after = append(l.calls[after].after, l.calls[before].id)
}

// bound says of calls that never returned that they have had their effect, if they ever do, before the call at.
func (l *lane) bound(calls *[]int, at int) {
	for _, i := range *calls {
		l.calls[i].to = min(l.calls[i].to, l.calls[at].to)
		l.precede(i, at)
	}
	*calls = nil
}

// abandon sets a call aside of which nothing was seen.
func (l *lane) abandon(u **unreturned) {
	if *u != nil && (*u).shown == 0 {
		l.idle = append(l.idle, (*u).Operation)
	}
	*u = nil
}

// showAsked puts the acquisition down that never returned, as the call at shows that it had its effect before; or that it may have had, where the model
// can tell whether it did. It reports whether there was one.
func (l *lane) showAsked(at int) bool {
	u := l.asked
	if u == nil {
		return false
	}
	if !l.kind.doubts && (l.ended || l.depth > 0 && l.kind.nests || len(l.late) > 0 && l.kind.shares) {
		l.depends(l.calls[at].Operation, u.Operation)
	}
	if l.depth > 0 && !l.kind.doubts { // the call is about another hold
		return false
	}
	if u.shown > 0 {
		acquire := &l.calls[u.shown-1]
		acquire.to = max(acquire.to, l.calls[at].to)
		return true
	}
	acquire := l.show(u, at)
	op := &l.calls[acquire].op
	if l.kind.doubts {
		return true
	}
	l.asked = nil
	op.OK, op.Unknown, op.Token = true, false, l.calls[at].Token
	if op.Kind == model.Acquire {
		l.showWish(acquire)
		l.wished = false
	}
	return true
}

// showWish puts the announcement down that never returned, as the call at needs one.
func (l *lane) showWish(at int) {
	if l.wish != nil && l.ended {
		l.depends(l.calls[at].Operation, l.wish.Operation)
	}
	if l.wish != nil && !l.wished {
		l.show(l.wish, at)
		l.wish = nil
	}
}

// show puts a call down that never returned, at some time before the end of the call at.
func (l *lane) show(u *unreturned, at int) int {
	shown := l.add(u.Operation, u.id)
	l.calls[shown].to = l.calls[at].to
	u.shown = shown + 1
	return shown
}
