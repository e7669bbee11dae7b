package lock

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	iofs "io/fs"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/holdfast-lock/holdfast/fs"
	"github.com/holdfast-lock/holdfast/lock/internal/claim"
	"github.com/holdfast-lock/holdfast/lock/internal/marker"
)

// contend tries to get in by claims. Nobody else is inside after it has won, because the links of both claims are there before the last look, and stay: of two contenders, the one whose intent came later sees the
// other's held claim in its first look at what the others did, or is seen by the other in its last (strict-claim-withdrawn-at-promotion.txtar).
func (s *strict) contend(ctx context.Context, o *options) (outcome, error) {
	names, err := s.scan(ctx)
	switch {
	case errors.Is(err, iofs.ErrNotExist):
		return beaten, nil // somebody removes the directory, which the next attempt makes anew
	case err != nil || len(names) > 0:
		return occupied, err
	}
	s.closeNotice() // of what follows
	ok, err := s.claim(ctx, o)
	if ok && err == nil {
		return won, nil
	}
	return beaten, errors.Join(ignoring(err, iofs.ErrNotExist), s.retreat())
}

// claim publishes the claims and reports whether they are the first.
func (s *strict) claim(ctx context.Context, o *options) (bool, error) {
	content, err := s.draw()
	if err != nil {
		return false, err
	}
	intent, held := claim.Name(claim.Intent, s.token), claim.Name(claim.Held, s.token)
	s.mine, s.leaving = append(s.mine[:0], intent), false // also if it is not known whether it was published
	if ok, err := publish(s.host, s.claimPath(intent), content, o, false); !ok || err != nil {
		return false, err
	}
	names, err := s.scan(ctx)
	if err != nil || len(names) == 0 || names[0] != intent { // all that is held comes before any intent
		return false, err
	}
	s.mine = append(s.mine, held)
	// A server that has lost its answer and is asked again finds the name taken, by this very claim.
	if err := s.host.Link(s.claimPath(intent), s.claimPath(held)); err != nil && !errors.Is(err, iofs.ErrExist) {
		return false, err
	}
	names, err = s.scan(ctx)
	if err != nil {
		return false, err
	}
	own := 0
	for _, name := range names {
		_, token, _ := claim.ParseName(name)
		switch {
		case token == s.token:
			own++
		case token < s.token:
			return false, nil
		}
	}
	return own == 2, nil
}

// draw makes a token and the record of this process with it.
//
// Tokens sort by the time at which they were drawn. So whoever comes later has the greater one, gives in, and does not make the earlier one give in as well, as it happens half of the time where they are drawn at
// random (strict-lock-step.txtar). All of them are greater than nearly every one that is drawn at random, and so lose against Python's, which come back after their pause only.
func (s *strict) draw() ([]byte, error) {
	var b [16]byte
	s.host.Random(b[8:])
	binary.BigEndian.PutUint64(b[:], uint64(s.host.Now().UnixMicro()))
	b[0] = 0xff
	s.token = hex.EncodeToString(b[:])
	self := s.host.Self()
	r := claim.Record{Token: s.token, PID: self.PID, Host: self.Host, Start: marker.StartOf(self)}
	content, err := r.Encode()
	if err != nil {
		r.Host = "" // it is a name that a record cannot hold
		content, err = r.Encode()
	}
	return content, err
}

func (s *strict) claimPath(name string) string { return filepath.Join(s.claims, name) }

// withdraw removes the claims of this process, that which says more first. After an error those that are left keep others out, and it can be repeated.
func (s *strict) withdraw() error {
	for len(s.mine) > 0 {
		last := len(s.mine) - 1
		err := s.host.Remove(s.claimPath(s.mine[last]))
		if err != nil && !errors.Is(err, iofs.ErrNotExist) {
			return err
		}
		s.mine = s.mine[:last]
	}
	return nil
}

const (
	// retreatTries is how often a withdrawal that nobody would repeat is repeated if it fails: for about a tenth of a second.
	retreatTries = 4
	retreatPause = time.Millisecond // before the first repetition; each is four times as long as the one before
)

// retreat is withdraw when nobody would repeat it. What cannot be removed for a while is removed by a later attempt, and keeps everybody out until then.
func (s *strict) retreat() error {
	err := s.withdraw()
	for n := range retreatTries {
		if err == nil {
			return nil
		}
		s.host.Sleep(context.Background(), retreatPause<<(2*n))
		err = s.withdraw()
	}
	s.left = append(s.left, s.mine...)
	s.mine = s.mine[:0]
	return err
}

// removeLeft removes what retreat had to leave.
func (s *strict) removeLeft() {
	s.left = slices.DeleteFunc(s.left, func(name string) bool {
		err := s.host.Remove(s.claimPath(name))
		return err == nil || errors.Is(err, iofs.ErrNotExist)
	})
}

// scan returns the names of the claims that there are, sorted. Those of others are read: whatever is not understood is an error.
func (s *strict) scan(ctx context.Context) ([]string, error) {
	if len(s.left) > 0 {
		s.removeLeft()
	}
	w := s.reader(ctx)
	var entries []fs.DirEntry
	err := w.patiently(func() (err error) {
		entries, err = s.host.ReadDir(s.claims)
		return err
	})
	if err != nil {
		return nil, err
	}
	names := make([]string, 0, 4)
	known := 0
	for _, e := range entries {
		if strings.HasPrefix(e.Name, ".") {
			if err := s.tidy(e.Name); err != nil {
				return nil, err
			}
			continue
		}
		_, token, ok := claim.ParseName(e.Name)
		switch {
		case !ok:
			return nil, w.refuse(e.Name, errOtherVersion)
		case token == s.token:
		default:
			// A client of a network filesystem asks the server only when a file is opened: what it remembers of a claim can be long out of date.
			there, err := w.there(e.Name, token, s.canWait && s.known[e.Name])
			if err != nil {
				return nil, err
			}
			if !there {
				continue
			}
			if s.known == nil {
				s.known = make(map[string]bool)
			}
			s.known[e.Name] = true
			known++
		}
		names = append(names, e.Name)
	}
	if len(s.known) > known { // some are gone
		clear(s.known)
		for _, name := range names {
			if _, token, _ := claim.ParseName(name); token != s.token {
				s.known[name] = true
			}
		}
	}
	return names, nil
}

var errOtherVersion = errors.New("no claim by a version of the protocol that is known")

func hasClaims(entries []fs.DirEntry) bool {
	return slices.ContainsFunc(entries, func(e fs.DirEntry) bool { return !strings.HasPrefix(e.Name, ".") })
}

const (
	// claimPatience is for how long a claim that cannot be read now is asked for, as in Python. It begins when the first answer is there: one that takes long to come leaves as much as any.
	claimPatience = 500 * time.Millisecond
	// claimPause is the time between two questions.
	claimPause = 2 * time.Millisecond
)

// claimReader reads the claims for one look at all of them.
type claimReader struct {
	ctx    context.Context
	host   fs.Host
	claims string
	since  time.Duration // when the first was found that cannot be read now; 0 if none was
}

func (s *strict) reader(ctx context.Context) *claimReader {
	return &claimReader{ctx: ctx, host: s.host, claims: s.claims}
}

func isTransient(err error) bool {
	return errors.Is(err, fs.ErrStale) || errors.Is(err, iofs.ErrPermission) || errors.Is(err, fs.ErrBusy)
}

// patiently repeats look until its answer is one that lasts.
func (r *claimReader) patiently(look func() error) error {
	for {
		err := look()
		if !isTransient(err) {
			return err
		}
		now := r.host.Monotonic()
		if r.since == 0 {
			r.since = max(now, 1)
		}
		if now-r.since >= claimPatience {
			return err
		}
		if err := r.host.Sleep(r.ctx, claimPause); err != nil {
			return err
		}
	}
}

// there reports whether a claim exists that the directory shows. It is read unless it was before.
func (r *claimReader) there(name, token string, read bool) (bool, error) {
	err := r.patiently(func() error {
		if read {
			_, err := r.lstat(name)
			return err
		}
		_, _, err := r.read(name, token)
		return err
	})
	switch {
	case err == nil:
		return true, nil
	case errors.Is(err, iofs.ErrNotExist):
		return false, nil
	case errors.Is(err, fs.ErrStale):
		// That the server does not know the file any more is no proof: it may have been exported anew. The claim is gone if its name is.
		entries, listErr := r.host.ReadDir(r.claims)
		if listErr == nil && !slices.ContainsFunc(entries, func(e fs.DirEntry) bool { return e.Name == name }) {
			return false, nil
		}
	case r.ctx.Err() != nil && sameError(err, context.Cause(r.ctx)):
		return false, err
	}
	return false, r.refuse(name, err)
}

func (r *claimReader) lstat(name string) (fs.Info, error) {
	info, err := r.host.Lstat(filepath.Join(r.claims, name))
	if err == nil && !info.Mode.IsRegular() {
		err = fmt.Errorf("%w but %v", fs.ErrNotRegular, info.Mode.Type())
	}
	return info, err
}

// read returns the record of a claim and what the file is.
func (r *claimReader) read(name, token string) (claim.Record, fs.Info, error) {
	info, err := r.lstat(name)
	if err != nil {
		return claim.Record{}, info, err
	}
	f, err := r.host.Open(filepath.Join(r.claims, name), fs.ReadOnly|fs.NoFollow|fs.NonBlock, 0)
	if err != nil {
		return claim.Record{}, info, err
	}
	defer f.Close()
	opened, err := f.Stat()
	if err != nil {
		return claim.Record{}, info, err
	}
	if opened.ID != info.ID {
		return claim.Record{}, info, errSwapped
	}
	content, err := readMarker(f) // which is as long at most
	if err != nil {
		return claim.Record{}, info, err
	}
	rec, err := claim.Parse(content, token)
	return rec, info, err
}

var errSwapped = fs.Mark(errors.New("was replaced while it was read"), fs.ErrBusy)

// refuse makes the error about a claim.
func (r *claimReader) refuse(name string, err error) error {
	return &ProtocolError{File: filepath.Join(r.claims, name), Err: causeOf(err),
		Advice: "whoever made it may be inside: once you know that nobody is, break it with 'holdfast break' or Lock.ForceBreak"}
}

// PrivateGrace is how long a contender for a strict lock may take to publish a claim that it has written: what has lain there for longer than that, seen by one process, was left by a crash and is removed. A
// contender that is slower finds its file gone and begins anew.
const PrivateGrace = 2 * time.Second

// sightedPrivate is a private file in the directory of claims.
type sightedPrivate struct {
	id    fs.FileID
	since time.Duration // on the monotonic clock: after the first look at it
}

// tidy removes a private file whose maker needs it no more. What else begins with a dot means nothing.
func (s *strict) tidy(name string) error {
	public, _, ok := claim.ParsePrivateName(name)
	if !ok {
		return nil
	}
	if _, _, ok := claim.ParseName(public); !ok {
		return nil
	}
	full := s.claimPath(name)
	info, err := s.host.Lstat(full)
	switch {
	case errors.Is(err, iofs.ErrNotExist) || isTransient(err):
		return nil
	case err != nil:
		return err
	case !info.Mode.IsRegular():
		return &ProtocolError{File: full, Err: fmt.Errorf("%w but %v", fs.ErrNotRegular, info.Mode.Type()), Advice: "no contender makes such: find out who does, and remove it"}
	}
	now := s.host.Monotonic()
	seen, before := s.private[name]
	switch {
	case info.Links > 1: // it is published
	case !before || seen.id != info.ID:
		s.note(name, sightedPrivate{info.ID, now})
		return nil
	case now-seen.since < PrivateGrace:
		return nil
	}
	delete(s.private, name)
	s.host.Remove(full) // whoever may not is not held up
	return nil
}

// maxPrivate bounds how many private files are watched at a time.
const maxPrivate = 64

func (s *strict) note(name string, seen sightedPrivate) {
	if s.private == nil || len(s.private) >= maxPrivate {
		s.private = make(map[string]sightedPrivate)
	}
	s.private[name] = seen
}
