package lock

import (
	"context"
	"errors"
	"fmt"
	"io"
	iofs "io/fs"
	"path/filepath"
	"time"

	"github.com/holdfast-lock/holdfast/fs"
	"github.com/holdfast-lock/holdfast/lock/internal/marker"
	"github.com/holdfast-lock/holdfast/lock/internal/sidecar"
)

// NewSoft returns a lock that is held by whoever made the file at path, the marker: for filesystems whose own locks cannot be had or trusted. It is the one that Python's
// filelock.SoftFileLock takes, of every version.
//
// The marker names its holder and is removed on release. One whose holder is proven dead is evicted: the process ran on this machine, as its host name says, and in this pid namespace, and has ended, or the
// machine was started anew since. Of a holder on another machine nothing can be said, and it is waited for.
//
// On a local filesystem holders keep the kernel's lock on their marker, so that contenders that are Holdfast wait for it in the kernel, and learn of the end of a process at once. Elsewhere, and for
// other programs' markers, they are told of changes by the host, or poll.
//
// It does not work on Windows yet: a marker that is open cannot be removed there, and Release fails.
//
// A relative path is made absolute now. [OnAcquired] is refused with [ErrOption]: the marker's content is the record of the holder.
//
// A [Lifetime] is what it is to SoftFileLock: a contender that has one evicts every marker that it has seen unchanged for so long, that of a holder that lives as well, which may know of none. So two can
// be inside, and the first acquisition says so in the log. Use a lease instead, see [NewLease], where all who share the path can.
func NewSoft(path string, opts ...Option) (*Lock, error) { return openKind(softKind, path, opts) }

var softKind = kind{"soft", func(host fs.Host, path string) protocol { return newSoft(host, path, &softTerms) }, func(o *options) error {
	if err := o.noHook(); err != nil {
		return err
	}
	return o.noLease()
}}

// noHook refuses what has no use where the file is the holder's record.
func (o *options) noHook() error {
	if o.hook != nil {
		return fmt.Errorf("%w: OnAcquired has no use where the lock file is the record of its holder", ErrOption)
	}
	return nil
}

// terms are what the locks differ in whose presence is a marker.
type terms struct {
	contract marker.Kind // of the records
	// record returns what a holder says of itself.
	record func(host fs.Host, self fs.Identity, start marker.StartToken, o *options) marker.Record
	// objection says why a marker with the record r, of this contract, does not go together with the options; usually nil.
	objection func(path string, r marker.Record, o *options) error
	// limit is how long a marker with the record r lasts unchanged, whoever has made it; 0 if it does not end with time.
	limit func(r marker.Record, o *options) time.Duration
	// noEmpty: no holder leaves its marker empty. What is empty was left by a crash.
	noEmpty bool
	// lasts says in words what limit is.
	lasts string
	// began completes what is known of a hold whose marker was made, or refreshed, after since on the clock of uptime.
	began func(t *taken, o *options, since time.Duration)
}

var softTerms = terms{
	contract: marker.Soft,
	record: func(_ fs.Host, self fs.Identity, start marker.StartToken, _ *options) marker.Record {
		return marker.Record{Kind: marker.Soft, PID: self.PID, Host: self.Host, Start: start}
	},
	objection: func(string, marker.Record, *options) error { return nil },
	limit:     func(_ marker.Record, o *options) time.Duration { return o.lifetime },
	lasts:     "a lifetime",
}

// soft is the lock whose presence is its marker.
type soft struct {
	host fs.Host
	path string
	*terms
	courtesy
	recheck recheck
	known   bool // what the filesystem can do
	guarded bool // it has locks for nameGuard
	mode    *fs.FileMode

	own    fs.File // the marker, while it is held
	id     fs.FileID
	madeAt time.Time // its time of modification
	// left is a marker of this process that could not be removed when its hold ended.
	left      fs.FileID
	leftSince time.Time
	self      fs.Identity
	start     marker.StartToken // of self
	says      marker.Record     // of this process, or of its last hold
	content   []byte            // the same as it is written
	drafted   bool              // says is for the next marker
	wroteAt   time.Duration     // on the clock of uptime: before the marker was made or last refreshed
	expires   time.Duration     // on the same clock, for a hold that has to be renewed

	other  sighting // of somebody else's marker
	front  bool     // this process has the kernel's lock on the other's marker: it is the one that looks after it
	notice fs.Watch // of changes of the other's marker; nil if there is none
	deaf   bool     // the host gives no notice
}

// sighting is what is known of a marker that is in the way. The file is kept open, so that its identity is nobody else's.
type sighting struct {
	file   fs.File // nil if there is none
	id     fs.FileID
	mtime  time.Time
	size   int64
	since  time.Duration // on the monotonic clock: after the first look that showed it as it is
	seen   time.Duration // before the last look that did
	record marker.Record
	// readOnly: it could be opened for reading only, and network filesystems lock exclusively only what is open for writing.
	readOnly bool
	kept     bool // its holder was seen to keep it open, see holderFlag
}

// holderFlag is a byte of the marker, far behind any content, that its holder keeps locked. The lock on the whole file says less: a contender that looks after the marker of another program has that too.
// Who has seen the flag up, and later down with the marker still in place, knows that the holder has ended without a release, whatever can be told of the process.
var holderFlag = fs.Region{Offset: waiterFlag.Offset + 1, Length: 1}

func newSoft(host fs.Host, path string, t *terms) *soft {
	return &soft{host: host, path: path, terms: t, courtesy: courtesy{host: host}, recheck: recheck{host: host}}
}

// MalformedGrace is how long a marker that is no record, or whose end is missing, must have been seen unchanged before it is evicted: whoever writes it may be slow.
const MalformedGrace = 10 * time.Second

func (s *soft) attempt(_ context.Context, o *options, patient bool) (taken, error) {
	if patient && s.stepping {
		// Not if the waiter that the release woke up has been quicker.
		there, err := s.look()
		s.stepping = !there
		return taken{}, err
	}
	t, err := s.try(o)
	if !t.ok {
		s.standDown() // it may have failed in the middle of an eviction (soft-eviction-refused.txtar)
	}
	return t, err
}

// try makes one attempt: it publishes a marker if there is none, or one that may be evicted.
func (s *soft) try(o *options) (taken, error) {
	s.mode = o.mode
	broke := ""
	for range maxReopens {
		there, err := s.look()
		if err != nil {
			return taken{}, err
		}
		if there {
			evidence, byForce, err := s.verdict(o)
			if evidence == "" || err != nil {
				return taken{}, err
			}
			if evicted, err := s.evict(byForce); !evicted || err != nil {
				return taken{}, err
			}
			broke = evidence
		}
		t, err := s.publish(o)
		if t.ok {
			s.standDown()
			t.broke = broke
			s.holdBegins()
		}
		if t.ok || err != nil {
			return t, err
		}
	}
	return taken{}, nil
}

// look takes note of the marker at the path, and reports whether there is one.
func (s *soft) look() (bool, error) {
	now := s.host.Monotonic()
	info, err := s.host.Lstat(s.path)
	switch {
	case errors.Is(err, iofs.ErrNotExist):
		return false, nil
	case err != nil:
		return false, err
	case info.Mode.Type() == iofs.ModeSymlink:
		return false, &iofs.PathError{Op: "open", Path: s.path, Err: fs.ErrSymlink}
	case !info.Mode.IsRegular():
		return false, &iofs.PathError{Op: "open", Path: s.path, Err: fmt.Errorf("%w but %v", fs.ErrNotRegular, info.Mode.Type())}
	case s.other.file != nil && s.other.id == info.ID && s.other.size == info.Size && s.other.mtime.Equal(info.Mtime):
		s.other.seen = now
		return true, nil
	}
	if s.other.file == nil || s.other.id != info.ID {
		s.forget()
		f, readOnly, err := openMarker(s.host, s.path)
		if errors.Is(err, iofs.ErrNotExist) || errors.Is(err, fs.ErrBusy) {
			return false, nil // whether it is to be had, the attempt to make it will tell
		}
		if err != nil {
			return false, err
		}
		if info, err = sidecar.Regular(f); err != nil {
			f.Close()
			return false, err
		}
		if err := s.prepare(f); err != nil {
			f.Close()
			return false, err
		}
		s.other.file, s.other.readOnly = f, readOnly
		s.other.kept, _ = s.isKept()
	}
	content, err := readMarker(s.other.file)
	if err != nil {
		return false, err
	}
	s.other.id, s.other.mtime, s.other.size, s.other.seen, s.other.since = info.ID, info.Mtime, info.Size, now, s.host.Monotonic()
	s.other.record = marker.Parse(content)
	return true, nil
}

// openMarker opens the file at path for reading and, if this process may, for writing.
func openMarker(host fs.Host, path string) (f fs.File, readOnly bool, err error) {
	f, err = host.Open(path, fs.ReadWrite|fs.NoFollow|fs.NonBlock, 0)
	if readOnly = errors.Is(err, iofs.ErrPermission); readOnly {
		f, err = host.Open(path, fs.ReadOnly|fs.NoFollow|fs.NonBlock, 0)
	}
	return f, readOnly, err
}

// readMarker returns the content of a marker, and one byte more than a record has if there are more.
func readMarker(f fs.File) ([]byte, error) {
	var buf [marker.MaxSize + 1]byte
	n, err := f.ReadAt(buf[:], 0)
	if err == io.EOF {
		err = nil
	}
	return buf[:n], err
}

// prepare learns what can be done with files here, from the first one that is opened.
func (s *soft) prepare(f fs.File) error {
	if s.known {
		return nil
	}
	volume, err := f.Volume()
	if err == nil {
		s.prepareFor(volume)
		s.known, s.guarded = true, volume.SeparateRegions
	}
	return err
}

// isKept reports whether the holder of the other's marker keeps the flag up, and whether that can be told.
func (s *soft) isKept() (kept, known bool) {
	if !s.canFlag || !s.canWait { // elsewhere than on a local filesystem a lock can be lost that nobody let go
		return false, false
	}
	kept, err := s.other.file.Conflict(holderFlag, fs.LockShared)
	return kept, err == nil
}

// forget closes the other's marker, with the locks on it.
func (s *soft) forget() {
	s.closeNotice()
	if s.other.file != nil {
		s.other.file.Close()
	}
	s.other, s.front, s.raised = sighting{}, false, false
}

func (s *soft) closeNotice() {
	if s.notice != nil {
		s.notice.Close()
		s.notice = nil
	}
}

// verdict returns the evidence on which the other's marker may be evicted, or "" if it has to be waited for. Evidence of age holds by force: against a holder that lives as well.
func (s *soft) verdict(o *options) (evidence string, byForce bool, err error) {
	r := s.other.record
	unchanged := s.other.seen - s.other.since
	holder := r.Kind == s.contract || r.Kind == marker.Exclusive && s.contract == marker.Soft
	torn := r.Kind == marker.Unknown && r.Cut // by a crash, or whoever writes it is not done: what the whole one would say is not known
	switch {
	case r.Kind == marker.Malformed, r.Kind == marker.Empty, torn:
	case !holder:
		return "", false, &ContractError{Path: s.path, Found: contracts[r.Kind], Asked: contracts[s.contract]}
	case r.Kind == s.contract:
		if err := s.objection(s.path, r, o); err != nil {
			return "", false, err
		}
	}
	if limit := s.limit(r, o); limit > 0 && unchanged >= limit {
		return fmt.Sprintf("the marker has not changed for %v, which is longer than %s", roundForPeople(unchanged), s.lasts), true, nil
	}
	switch {
	case holder:
		return s.ended(r), false, nil
	case unchanged < max(MalformedGrace, o.lease): // whoever writes it may hold a lease by then (peer-lease-unfinished.txtar)
	case torn:
		return fmt.Sprintf("the end of the record is missing, and it has not changed for %v", roundForPeople(unchanged)), false, nil
	case r.Kind == marker.Malformed:
		return fmt.Sprintf("the marker is no record (%s), and has not changed for %v", r.Reason, roundForPeople(unchanged)), false, nil
	case o.evictEmpty || s.noEmpty:
		return fmt.Sprintf("the marker is empty, and has not changed for %v", roundForPeople(unchanged)), false, nil
	}
	return "", false, nil
}

// ended returns the evidence that the holder that r names has ended, or "".
func (s *soft) ended(r marker.Record) string {
	kept, known := s.isKept()
	switch {
	case kept: // to see that takes a hundredth of the time that it takes to ask after the process, and who has its marker locked is not evicted
		return ""
	case s.host.Liveness(r.Identity(s.host.Self())) == fs.Dead:
		return fmt.Sprintf("pid %d on %s, which held the lock, has ended", r.PID, r.Host)
	case s.other.id == s.left && s.other.mtime.Equal(s.leftSince) && r.PID == s.says.PID && r.Host == s.says.Host && r.Start == s.says.Start:
		return "this process could not remove it when its hold had ended"
	case s.other.kept && s.front && known:
		return fmt.Sprintf("pid %d on %s has let go of the lock without a release", r.PID, r.Host)
	}
	return ""
}

// evict takes the marker that was judged away, and reports whether it did, or found it gone. Contenders that are Holdfast do so one at a time, with the kernel's lock on the marker, and
// not against a holder that has it, unless that is by force.
func (s *soft) evict(force bool) (bool, error) {
	if !s.front {
		held, err := s.other.file.TryLock(fs.Whole, fs.LockExclusive)
		switch {
		case err != nil && !noLocks(err) && !s.other.readOnly:
			return false, err
		case err == nil && !held && !force:
			return false, nil // its holder is there after all, or somebody else is at it
		}
		s.front = held
	}
	beside, err := s.guard(s.other.file, s.other.readOnly)
	if isLocked(err) {
		return false, nil // its holder is just releasing it, or somebody else is at it
	}
	if err != nil {
		return false, err
	}
	if s.guarded {
		defer s.unlockOther(nameGuard)
	}
	if beside != nil {
		defer sidecar.Unlock(beside)
	}
	_, gone, err := takeAway(s.host, s.path, s.other.id, s.unchanged)
	return gone, err
}

// guard locks what whoever takes a marker's name away has locked meanwhile: a byte of the marker, or else the file that is returned.
func (s *soft) guard(f fs.File, readOnly bool) (beside fs.File, err error) {
	switch {
	case s.guarded:
		return nil, guardName(s.host, s.path, f, readOnly)
	case s.began == nil:
		return nil, nil
	}
	return guardBeside(s.host, s.path, s.mode)
}

// unchanged reports whether nothing was written to the other's marker, and it was not refreshed, since it was judged.
func (s *soft) unchanged() (bool, error) {
	info, err := s.other.file.Stat()
	return err == nil && info.Size == s.other.size && info.Mtime.Equal(s.other.mtime), err
}

func noLocks(err error) bool {
	return errors.Is(err, fs.ErrNoLocks) || errors.Is(err, fs.ErrUnsupported)
}

// ignoring returns err unless it is the given one.
func ignoring(err, given error) error {
	if errors.Is(err, given) {
		return nil
	}
	return err
}

// publish makes the marker, whole from the first moment that anybody can see it. It reports false if somebody else was faster.
func (s *soft) publish(o *options) (taken, error) {
	f, name, err := s.private(o)
	if err != nil {
		return taken{}, err
	}
	info, err := f.Stat()
	made := false
	if err == nil {
		made, err = s.link(f, name)
	}
	s.host.Remove(name) // what cannot be removed is left behind, and does no harm

	if errors.Is(err, fs.ErrUnsupported) || errors.Is(err, iofs.ErrPermission) {
		f.Close() // there are no hard links here
		f, info, made, err = s.create(o)
	}
	if made {
		// Looked at once more, since other programs evict what they take for broken. If that cannot be seen, it was made all the same.
		same, lookErr := sidecar.InPlace(s.host, s.path, info.ID)
		made = same || lookErr != nil
	}
	if !made {
		if f != nil {
			f.Close()
		}
		return taken{}, err
	}
	s.own, s.id, s.madeAt = f, info.ID, info.Mtime
	return s.hold(o), nil
}

// hold is the outcome of an attempt that made or refreshed the marker.
func (s *soft) hold(o *options) taken {
	t := taken{ok: true, file: s.own}
	if s.began != nil {
		s.began(&t, o, s.wroteAt)
		s.expires = t.expires
	}
	return t
}

// private makes the marker under a name that nobody looks for, with the kernel's lock on it where there is one.
func (s *soft) private(o *options) (f fs.File, name string, err error) {
	for range maxReopens {
		name = privateName(s.host, s.path)
		f, err = s.host.Open(name, fs.ReadWrite|fs.Create|fs.Exclusive|fs.NoFollow, o.perm())
		switch {
		case errors.Is(err, iofs.ErrExist): // left behind by a crash
			continue
		case errors.Is(err, iofs.ErrNotExist):
			if err := makeDir(s.host, filepath.Dir(s.path)); err != nil {
				return nil, "", err
			}
			continue
		case err != nil:
			return nil, "", err
		}
		if err = s.write(f, o); err == nil {
			return f, name, nil
		}
		f.Close()
		s.host.Remove(name)
		return nil, "", err
	}
	return nil, "", err
}

// write writes the record into a file that nobody else has opened yet, or that is not the marker yet.
func (s *soft) write(f fs.File, o *options) error {
	if err := s.prepare(f); err != nil {
		return err
	}
	if o.mode != nil {
		if err := f.Chmod(*o.mode); err != nil {
			return err
		}
	}
	if err := s.draft(o); err != nil {
		return err
	}
	s.drafted = false
	if s.began != nil {
		s.wroteAt = uptime(s.host)
	}
	if _, err := f.WriteAt(s.content, 0); err != nil {
		return err
	}
	if _, err := f.TryLock(fs.Whole, fs.LockExclusive); err != nil && !noLocks(err) {
		return err
	}
	if s.canFlag {
		f.TryLock(holderFlag, fs.LockExclusive) // without it, others have to ask after the process
	}
	return nil
}

// draft makes the record of the next marker, unless there is one. It takes a while, so that whoever waits does it before.
func (s *soft) draft(o *options) error {
	self := s.host.Self()
	if self != s.self {
		s.self, s.start, s.drafted = self, marker.StartOf(self), false
	}
	if s.drafted {
		return nil
	}
	if r := s.record(s.host, s.self, s.start, o); r != s.says {
		content, err := r.Encode()
		if err != nil {
			return err
		}
		s.says, s.content = r, content
	}
	s.drafted = true
	return nil
}

// link gives the private file the name of the marker.
func (s *soft) link(f fs.File, name string) (bool, error) {
	err := s.host.Link(name, s.path)
	if !errors.Is(err, iofs.ErrExist) {
		// The private file is gone if this process was stopped for so long that it was taken for what a crash has left (soft-cleaned-while-stopped.txtar), or with its directory.
		return err == nil, ignoring(err, iofs.ErrNotExist)
	}
	// A server that has lost its answer and is asked again finds the name taken, by this very file.
	info, err := f.Stat()
	return info.Links > 1, err
}

// create makes the marker where there are no hard links. It can be seen empty for a moment, and stays so if the process dies in it.
func (s *soft) create(o *options) (f fs.File, info fs.Info, made bool, err error) {
	f, err = s.host.Open(s.path, fs.ReadWrite|fs.Create|fs.Exclusive|fs.NoFollow, o.perm())
	if err != nil {
		return nil, info, false, ignoring(err, iofs.ErrExist)
	}
	info, err = f.Stat()
	if err == nil {
		err = s.write(f, o)
	}
	if err != nil {
		if same, _ := sidecar.InPlace(s.host, s.path, info.ID); same {
			s.host.Remove(s.path)
		}
	}
	return f, info, err == nil, err
}

func (s *soft) wait(ctx context.Context, o *options) (taken, error) {
	defer s.standDown()
	pause := newBackoff(s.host)
	for {
		stepped, err := s.stepBack(ctx)
		if err != nil {
			return taken{}, err
		}
		t, err := s.try(o)
		s.steppedBack(stepped, t.ok)
		switch {
		case t.ok || err != nil:
			return t, err
		case s.other.file != nil && s.canWait && !s.front:
			err = s.waitInKernel(ctx, o)
		default:
			err = s.pause(ctx, pause.next(o.pollInterval()))
		}
		if err != nil {
			return taken{}, err
		}
	}
}

// standDown ends a wait. What was seen of the marker is kept: the next contender of this process need not begin to watch it anew.
func (s *soft) standDown() {
	s.drafted = false // the next contender may have other options
	s.lowerFlag(s.other.file)
	s.closeNotice()
	if s.front {
		s.front = false
		if s.other.record.PID == 0 {
			s.other.file.Unlock(frontFlag)
		}
		s.unlockOther(fs.Whole)
	}
}

// showFront lets an operator know that it is not a holder who has the other's marker locked. Of a record that names its holder nobody doubts that.
func (s *soft) showFront() {
	if s.canFlag && s.other.record.PID == 0 {
		s.other.file.TryLock(frontFlag, fs.LockShared)
	}
}

// unlockOther gives up a lock on the other's marker. If that is refused, the marker is forgotten, and with the file goes the lock.
func (s *soft) unlockOther(r fs.Region) {
	if s.other.file.Unlock(r) != nil {
		s.forget()
	}
}

// waitInKernel waits for the kernel's lock on the other's marker. Who gets it is the next: the marker is gone, or its holder has died, or is a program that does not lock it and has to be
// looked after.
func (s *soft) waitInKernel(ctx context.Context, o *options) error {
	if err := s.draft(o); err != nil {
		return err
	}
	s.raiseFlag(s.other.file)
	watched, stop := s.watch(ctx, o)
	held, err := s.other.file.WaitLock(watched, fs.Whole, fs.LockExclusive)
	stop()
	switch {
	case held && err == nil:
		s.front = true
		s.showFront()
	case err == errMoved || err == errDue:
		return nil
	case err != nil && sameError(err, context.Cause(ctx)):
		return err
	case noLocks(err) || s.other.readOnly:
		s.canWait = false
		return nil
	}
	return err
}

// watch derives a context that also ends when the other's marker is no longer the one to wait for, or has not changed for the lifetime.
func (s *soft) watch(ctx context.Context, o *options) (context.Context, func()) {
	other := s.other // this task's; the rest of s belongs to the waiter
	limit := s.limit(other.record, o)
	return s.recheck.watch(ctx, limit > 0, func() (time.Duration, error) {
		info, err := s.host.Lstat(s.path)
		switch {
		case errors.Is(err, iofs.ErrNotExist) || err == nil && info.ID != other.id:
			return 0, errMoved
		case err == nil && (info.Size != other.size || !info.Mtime.Equal(other.mtime)):
			return 0, errDue // to be looked at anew
		case limit == 0:
			return RecheckInterval, nil
		}
		left := limit - (s.host.Monotonic() - other.since)
		if left <= 0 {
			return 0, errDue
		}
		return min(left, RecheckInterval), nil
	})
}

// errLook ends a pause.
var errLook = errors.New("it is time to look")

// pause returns after d, or as soon as the host says that something has happened to the marker.
func (s *soft) pause(ctx context.Context, d time.Duration) error {
	if s.notice == nil && s.other.file != nil && !s.deaf {
		notice, err := s.host.Watch(s.path)
		if err == nil {
			s.notice = notice
			return nil // it may have changed before
		}
		s.deaf = !errors.Is(err, iofs.ErrNotExist)
	}
	if s.notice == nil {
		return s.host.Sleep(ctx, d)
	}
	timed, cancel := s.host.WithTimeout(ctx, d, errLook)
	defer cancel()
	err := s.notice.Next(timed)
	switch {
	case err == nil || err == errLook:
		return nil
	case ctx.Err() != nil:
		return context.Cause(ctx)
	}
	s.notice.Close()
	s.notice, s.deaf = nil, true
	return nil
}

// mayPass also looks for the marker: whoever has lost the lock is told so by its release.
func (s *soft) mayPass() bool {
	if s.own == nil || s.overdue() || !s.mayKeep(s.own) {
		return false
	}
	same, err := sidecar.InPlace(s.host, s.path, s.id)
	return same && err == nil // else the release tells
}

func (s *soft) pass(_ context.Context, o *options) (taken, error) {
	if s.began != nil {
		if _, err := s.renew(o); errors.Is(err, ErrLost) {
			s.drop()
			return taken{}, nil
		}
		s.holdBegins()
		return taken{ok: true, file: s.own, expires: s.expires, renewEvery: o.heartbeat}, nil
	}
	if same, err := sidecar.InPlace(s.host, s.path, s.id); !same && err == nil {
		s.closeOwn()
		return taken{}, nil
	}
	s.holdBegins()
	return taken{ok: true, file: s.own}, nil
}

// errRobbed is the end of a hold whose marker was taken away.
var errRobbed = fmt.Errorf("%w: its marker was removed or replaced", ErrLost)

func (s *soft) release() error {
	if s.own == nil {
		return nil
	}
	waiters := s.othersWait(s.own)
	beside, err := s.guard(s.own, false)
	if beside != nil {
		defer sidecar.Unlock(beside)
	}
	left := isLocked(err) // to whoever is about to remove the marker, and has been held up in it
	if err != nil && !left {
		return err
	}
	same, err := sidecar.InPlace(s.host, s.path, s.id)
	if same && !left {
		err = ignoring(s.host.Remove(s.path), iofs.ErrNotExist)
	}
	if err != nil {
		s.own.Unlock(nameGuard)
		return err
	}
	if same && left {
		s.leave()
	} else {
		s.closeOwn()
	}
	s.stepping = waiters
	if !same {
		return errRobbed
	}
	return nil
}

// closeOwn ends a hold whose marker is gone. The file is unlocked first: a copy of the descriptor in a child of a program that forked would keep the lock.
func (s *soft) closeOwn() {
	s.own.Unlock(fs.Whole)
	s.own.Close() // nothing was written that could be lost
	s.own = nil
	s.holdEnds()
	s.forget() // the marker before: who closes a file last that has no name frees its space, and nobody should wait for that
}

func (s *soft) close() error {
	s.recheck.close()
	s.forget()
	return s.drop()
}

// drop ends a hold, also if the marker cannot be removed: it will be when it is seen again.
func (s *soft) drop() error {
	if s.own == nil {
		return nil
	}
	err := s.release()
	if s.own != nil { // the marker could not be removed
		s.leave()
	}
	return err
}

// leave ends a hold whose marker stays where it is. If nobody else removes it, the next attempt of this process does.
func (s *soft) leave() {
	s.left, s.leftSince = s.id, s.madeAt
	s.own.Unlock(holderFlag) // which a copy of the process would keep up (soft-left-beside-a-copy.txtar)
	s.closeOwn()
}

func (s *soft) inspect() (Status, error) { return inspectMarker(s.host, s.path) }

// contracts names what the kinds of records stand for.
var contracts = map[marker.Kind]string{
	marker.Soft:      "a soft lock",
	marker.Lease:     "a lease",
	marker.Exclusive: "a marker lock of Python's filelock 4",
	marker.Unknown:   "a lock of a mode that this version does not know",
	marker.Strict:    "a strict lock",
}
