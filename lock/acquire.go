package lock

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"time"

	"github.com/holdfast-lock/holdfast/fs"
	"github.com/holdfast-lock/holdfast/lock/internal/fence"
	"github.com/holdfast-lock/holdfast/lock/internal/sidecar"
)

func (l *Lock) acquire(ctx context.Context, o *options) (*Hold, error) {
	if ctx.Err() != nil {
		return nil, l.failed(ctx, o, context.Cause(ctx), 0)
	}
	if h, err := l.reenter(ctx, o); h != nil || err != nil {
		return h, err
	}
	if !l.retain() {
		return nil, l.failed(ctx, o, ErrClosed, 0)
	}
	h, err := l.contendRetained(ctx, o)
	if err != nil && o.fallback != nil && errors.Is(err, fs.ErrNoLocks) {
		return l.fallBack(ctx, o, err)
	}
	return h, err
}

// contendRetained lets the Lock, which the caller retained, go again. A hold that was taken retains it for itself. The user's functions, called on the way, may panic.
func (l *Lock) contendRetained(ctx context.Context, o *options) (*Hold, error) {
	defer l.drop()
	return l.contend(ctx, o)
}

// reenter goes one level deeper if the caller is inside already. It returns neither hold nor error if not.
func (l *Lock) reenter(ctx context.Context, o *options) (*Hold, error) {
	s := l.site
	outer, _ := ctx.Value(s).(*Hold)
	if outer == nil && !o.shared {
		return nil, nil
	}
	if o.lifetime > 0 || o.lease > 0 {
		s.expireIfDue() // nobody goes deeper into a hold that is over by the clock, although its timer has not got to run yet
	}
	s.mu.Lock()
	g := &s.grant
	inside := outer != nil && g.id == outer.id
	if g.id == 0 || g.releasing || !(inside || o.shared && g.owner == l) {
		s.mu.Unlock()
		return nil, nil
	}
	if g.owner != l {
		s.mu.Unlock()
		if o.endless(ctx) {
			return nil, l.failed(ctx, o, ErrDeadlock, 0)
		}
		return nil, nil // the wait is bounded, and may end well: the outer hold can be released meanwhile
	}
	g.depth++
	depth := g.depth
	h := &Hold{lock: l, opts: o, parent: ctx, outer: outer, id: g.id, token: g.token, fate: g.fate}
	if !inside { // a level of a shared hold stands for itself
		g.levels++
		h.outer, h.level = h, g.levels
	}
	h.outer.open++
	s.mu.Unlock()
	if !inside {
		s.host.OnDropped(h, holdDropped)
	}
	if o.watched() {
		h.announce(Event{Kind: EventAcquired, Path: s.path, Depth: depth, Token: h.token})
	}
	return h, nil
}

// contend takes the lock: at once if it is free, which is all that TryAcquire asks for, or after a wait.
func (l *Lock) contend(ctx context.Context, o *options) (*Hold, error) {
	s := l.site
	if o.watched() {
		o.emit(Event{Kind: EventAttempt, Path: s.path})
	}
	single := o.once || o.timeout == 0
	turn := s.queue.TryEnter()
	if !turn { // maybe because of a hold that is over by the clock, although its timer has not got to run yet
		s.expireIfDue()
		turn = s.queue.TryEnter()
	}
	if err := context.Cause(ctx); turn && err != nil { // with the hold that had the turn
		s.queue.Leave()
		return nil, l.failed(ctx, o, err, 0)
	}
	var obstacle error
	if turn {
		t, err := s.proto.attempt(ctx, o, !single)
		if t.ok && o.fencing {
			t, err = s.number(ctx, o, t)
		}
		if t.ok {
			return l.admit(ctx, o, t, l.newHold(ctx, o), 0)
		}
		if err != nil || single {
			s.queue.Leave()
		}
		if err != nil {
			return nil, l.failed(ctx, o, err, 0)
		}
		obstacle = t.obstacle
	}
	if single {
		cause := ErrTimeout
		if ctx.Err() != nil {
			cause = context.Cause(ctx)
		}
		return nil, l.failed(ctx, o, behind(obstacle, cause), 0)
	}
	return l.wait(ctx, o, turn, obstacle)
}

// wait waits for the turn, if the caller does not have it, and then for the lock. The obstacle is that of the attempt before.
func (l *Lock) wait(ctx context.Context, o *options, turn bool, obstacle error) (*Hold, error) {
	s := l.site
	if o.watched() {
		s.tellOfWait(o, turn)
	}
	start := s.host.Monotonic()
	bounded, stop := l.bound(ctx, o)
	defer stop()
	h := l.newHold(ctx, o) // now, because a process that was just woken is slow, and others wait for it
	t, err := s.takeInTurn(bounded, o, turn, obstacle)
	wait := s.host.Monotonic() - start
	if err != nil {
		s.host.OnDropped(h, nil)
		return nil, l.failed(ctx, o, err, wait)
	}
	return l.admit(ctx, o, t, h, wait)
}

// tellOfWait emits the event. If the observer panics, or ends the goroutine, the caller's turn is given up first.
func (s *site) tellOfWait(o *options, turn bool) {
	told := false
	defer func() {
		if turn && !told {
			s.queue.Leave()
		}
	}()
	o.emit(Event{Kind: EventWait, Path: s.path})
	told = true
}

// bound derives the context whose end ends the wait.
func (l *Lock) bound(ctx context.Context, o *options) (context.Context, func()) {
	host := o.host
	stop := func() {}
	if o.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = host.WithTimeout(ctx, o.timeout, ErrTimeout)
		stop = cancel
	}
	if o.canceled == nil {
		return ctx, stop
	}
	asked, cancel := host.WithCancel(ctx)
	done := host.NewEvent()
	host.Go("ask whether to cancel", func() { // ends with the wait
		defer done.Set()
		for !o.canceled() {
			if host.Sleep(asked, o.pollInterval()) != nil {
				return
			}
		}
		cancel(ErrCanceled)
	})
	outer := stop
	return asked, func() {
		cancel(nil)
		done.Wait(context.Background()) // so that the caller's function is not called any more
		outer()
	}
}

// takeInTurn returns with the turn and the lock, or with neither.
func (s *site) takeInTurn(ctx context.Context, o *options, turn bool, obstacle error) (taken, error) {
	tried, kept := turn, false
	if !turn {
		var err error
		if kept, err = s.queue.Enter(ctx, s.host); err != nil {
			return taken{}, err
		}
	}
	pause := newBackoff(s.host)
	for {
		if obstacle != nil {
			s.sitOut(ctx, o, obstacle, pause)
		}
		// Looked at before the lock is used as well as before it is waited for: a caller whose context has ended does not get it.
		if err := context.Cause(ctx); err != nil {
			if kept {
				s.abandon()
			} else {
				s.queue.Leave()
			}
			return taken{}, behind(obstacle, err)
		}
		var t taken
		var err error
		switch {
		case kept:
			t, err = s.proto.pass(ctx, o)
		case !tried:
			t, err = s.proto.attempt(ctx, o, true)
			tried = true
		default:
			t, err = s.proto.wait(ctx, o)
		}
		if t.ok && o.fencing {
			t, err = s.number(ctx, o, t)
		}
		kept, obstacle = t.ok, t.obstacle
		if err != nil {
			s.queue.Leave()
			return taken{}, err
		}
		if t.ok && ctx.Err() == nil {
			return t, nil
		}
	}
}

// sitOut pauses, and goes on as soon as it has seen that the obstacle is gone or ctx has ended.
func (s *site) sitOut(ctx context.Context, o *options, obstacle error, pause *backoff) {
	for s.host.Sleep(ctx, pause.next(o.pollInterval())) == nil {
		locked, ok := errors.AsType[*sidecar.LockedError](obstacle)
		if !ok || !sidecar.Locked(s.host, locked.Path) {
			return
		}
	}
}

// number gives a lock that was just taken its fencing number. A lock for which there is none now is let go.
func (s *site) number(ctx context.Context, o *options, t taken) (taken, error) {
	info, err := t.file.Stat()
	if err == nil {
		t.token, err = fence.Next(ctx, s.host, s.path, info.ID, o.mode)
	}
	if err == nil {
		return t, nil
	}
	s.letGo()
	if isLocked(err) || errors.Is(err, fence.ErrMoved) {
		return taken{obstacle: err}, nil
	}
	return taken{}, fmt.Errorf("fencing number: %w", err)
}

// isLocked reports whether err says that another process keeps a file beside the lock file locked.
func isLocked(err error) bool {
	_, ok := errors.AsType[*sidecar.LockedError](err)
	return ok
}

// obstructed is the end of a wait, and what was in the way of it although the lock was free.
type obstructed struct {
	error
	obstacle error
}

// behind returns err, with the obstacle if there is one.
func behind(obstacle, err error) error {
	if obstacle == nil {
		return err
	}
	return &obstructed{err, obstacle}
}

// newHold makes the outermost level of a hold that is still to be admitted.
func (l *Lock) newHold(ctx context.Context, o *options) *Hold {
	h := &Hold{lock: l, opts: o, parent: ctx, level: 1}
	h.outer = h
	l.site.host.OnDropped(h, holdDropped)
	return h
}

// admit hands the hold out, see site.admit.
func (l *Lock) admit(ctx context.Context, o *options, t taken, h *Hold, wait time.Duration) (*Hold, error) {
	if err := l.site.admit(t, h, wait); err != nil {
		l.site.host.OnDropped(h, nil)
		return nil, l.failed(ctx, o, err, wait)
	}
	return h, nil
}

// failed makes the error of an acquisition.
func (l *Lock) failed(ctx context.Context, o *options, cause error, wait time.Duration) error {
	err := l.describeFailure(ctx, cause, wait)
	if o.watched() {
		o.emit(Event{Kind: EventFailed, Path: l.Path(), Wait: wait, Err: err})
	}
	return err
}

func (l *Lock) describeFailure(ctx context.Context, cause error, wait time.Duration) error {
	path := l.Path()
	var obstacle error
	if o, ok := cause.(*obstructed); ok {
		cause, obstacle = o.error, o.obstacle
	}
	switch {
	case cause == ErrTimeout:
		return l.timedOut(wait, nil, obstacle)
	case ctx.Err() != nil && sameError(cause, context.Cause(ctx)):
		if !errors.Is(cause, ctx.Err()) {
			cause = fmt.Errorf("%w: %w", ctx.Err(), cause)
		}
		if ctx.Err() == context.DeadlineExceeded && wait > 0 {
			return l.timedOut(wait, cause, obstacle)
		}
	case namesPath(cause):
		return cause
	case errors.Is(cause, fs.ErrNoLocks):
		if _, ok := errors.AsType[*UnsupportedError](cause); ok {
			return cause
		}
	}
	return &Error{Op: "acquire", Path: path, Wait: wait, Err: cause}
}

// namesPath reports whether an error says by itself what failed on which path.
func namesPath(err error) bool {
	switch err.(type) {
	case *ContractError, *SettingsError:
		return true
	}
	return false
}

// sameError is a == b for errors that the caller of the library made: those that cannot be compared are the same if their types are.
func sameError(a, b error) bool {
	return reflect.TypeOf(a) == reflect.TypeOf(b) && (!reflect.ValueOf(a).Comparable() || a == b)
}

// timedOut finds out who was in the way.
func (l *Lock) timedOut(wait time.Duration, cause, obstacle error) error {
	e := &TimeoutError{Path: l.Path(), Wait: wait, cause: cause}
	if st, err := l.site.proto.inspect(); err == nil {
		e.Holders, e.Record, e.Waiters = st.Holders, st.Record, len(st.Waiters)
	}
	e.Waiters += l.site.queue.Waiting() // none of them is in the kernel: who waits there has the turn
	if len(e.Holders) == 0 && l.HeldHere() {
		e.Holders = []fs.LockOwner{{PID: l.site.pid, Mode: fs.LockExclusive}}
	}
	if locked, ok := errors.AsType[*sidecar.LockedError](obstacle); ok && len(e.Holders) == 0 {
		e.Beside = locked.Path
		if info, err := l.site.host.Lstat(e.Beside); err == nil {
			st, _ := inspectID(l.site.host, e.Beside, info.ID)
			e.Holders = st.Holders
		}
	}
	e.self = l.site.pid
	return e
}

// fallBack acquires the lock that was named for the case.
func (l *Lock) fallBack(ctx context.Context, o *options, cause error) (*Hold, error) {
	if !l.fellBack.Swap(true) {
		o.warn("file locks are not available here, using another lock instead",
			slog.String("path", l.Path()), slog.String("fallback", o.fallback.Path()), slog.Any("err", cause))
	}
	c := *o.fallback.opts
	c.timeout, c.once, c.poll, c.canceled = o.timeout, o.once, o.poll, o.canceled
	return o.fallback.acquire(ctx, &c)
}
