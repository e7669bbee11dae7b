package lock

import (
	"context"
	"errors"
	"fmt"
	iofs "io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/holdfast-lock/holdfast/fs"
	"github.com/holdfast-lock/holdfast/lock/internal/claim"
	"github.com/holdfast-lock/holdfast/lock/internal/marker"
)

// Claim is a claim to a strict lock. A contender makes one when it tries to get in, and a second one when it does; both stay for as long as it is inside.
type Claim struct {
	Name  string // of the file, which [Lock.ForceBreak] takes
	State string // "intent" or "held"; "" if the name is none of a version that is known
	// Record says who made it. Its Kind is "claim", or "malformed" with a Reason if it cannot be read.
	Record
}

// claimKind is the Kind of the record of a claim.
const claimKind = "claim"

// claimed is a protocol whose holds are claims.
type claimed interface {
	listClaims() ([]Claim, error)
	forceBreak(name string) error
}

var errNoClaims = fmt.Errorf("%w: only strict locks are held by claims", fs.ErrUnsupported)

// Claims lists the claims to a strict lock, sorted by name, those that keep others out although nobody understands them included. Contenders make and remove claims all the time; one that stays is that of a holder, or was left by a
// process that died. For other kinds of locks errors.Is reports the error as [fs.ErrUnsupported].
func (l *Lock) Claims() ([]Claim, error) {
	p, ok := l.site.proto.(claimed)
	if !ok {
		return nil, &Error{Op: "inspect", Path: l.Path(), Err: errNoClaims}
	}
	list, err := p.listClaims()
	if err != nil {
		return nil, &Error{Op: "inspect", Path: l.Path(), Err: err}
	}
	return list, nil
}

// ForceBreak removes the claim of that name to a strict lock, whoever made it and whether or not it lives: a holder goes on, without the lock once its claim to be held is removed, until its release tells it that the hold was
// lost. So be sure that it has ended. A process has up to two claims, with the same token in their names; the lock is free when all are removed.
//
// The name must be one that [Lock.Claims] has shown, letter by letter: no other is ever removed. If there is none, errors.Is reports the error as io/fs.ErrNotExist.
func (l *Lock) ForceBreak(name string) error {
	err := errNoClaims
	if p, ok := l.site.proto.(claimed); ok {
		err = p.forceBreak(name)
	}
	if err != nil {
		return &Error{Op: "break", Path: l.Path(), Err: err}
	}
	if o := l.opts; o.watched() {
		o.emit(Event{Kind: EventBroke, Path: l.Path(), Evidence: "by force: " + name})
	}
	return nil
}

func (s *strict) forceBreak(name string) error {
	if name == "" || name[0] == '.' || strings.ContainsAny(name, "/\\\x00") {
		return fmt.Errorf("%s is not the name of a claim: give one that Claims shows", strconv.Quote(name))
	}
	// Compared with what the directory lists: a filesystem that takes upper and lower case for the same would find another one.
	entries, err := s.host.ReadDir(s.claims)
	if err != nil && !errors.Is(err, iofs.ErrNotExist) {
		return err
	}
	if !slices.ContainsFunc(entries, func(e fs.DirEntry) bool { return e.Name == name }) {
		return fmt.Errorf("there is no claim %s: %w", strconv.Quote(name), iofs.ErrNotExist)
	}
	return s.host.Remove(s.claimPath(name))
}

// breakHold removes the claims of the hold that was judged, the one that says more first, or the one that nobody understands.
func (s *strict) breakHold(judged *Record) error {
	if judged.claim == "" {
		return errStrict
	}
	names := []string{judged.claim}
	if _, token, ok := claim.ParseName(judged.claim); ok {
		names = []string{claim.Name(claim.Held, token), claim.Name(claim.Intent, token)}
	}
	broken := false
	for _, name := range names {
		err := s.forceBreak(name)
		if err != nil && !errors.Is(err, iofs.ErrNotExist) {
			return err
		}
		broken = broken || err == nil
	}
	if !broken {
		return fmt.Errorf("%w (there is none any more)", ErrChanged)
	}
	return nil
}

func (s *strict) listClaims() ([]Claim, error) { return listClaims(s.host, s.claims) }

// listClaims reads the claims in dir.
func listClaims(host fs.Host, dir string) ([]Claim, error) {
	entries, err := host.ReadDir(dir)
	if errors.Is(err, iofs.ErrNotExist) || errors.Is(err, fs.ErrNotDirectory) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	r := &claimReader{ctx: context.Background(), host: host, claims: dir}
	var list []Claim
	for _, e := range entries {
		if strings.HasPrefix(e.Name, ".") {
			continue
		}
		c, err := r.describe(e.Name)
		if errors.Is(err, iofs.ErrNotExist) {
			continue
		}
		list = append(list, c)
	}
	return list, nil
}

// describe returns a claim, which is malformed if there is an error.
func (r *claimReader) describe(name string) (Claim, error) {
	c := Claim{Name: name}
	state, token, ok := claim.ParseName(name)
	c.State = string(state)
	err := errOtherVersion
	var rec claim.Record
	var info fs.Info
	if ok {
		rec, info, err = r.read(name, token)
	} else {
		info, _ = r.host.Lstat(filepath.Join(r.claims, name))
	}
	c.Since, c.claim = info.Mtime, name
	if err != nil {
		c.Kind, c.Reason = marker.Malformed.String(), causeOf(err).Error()
		return c, err
	}
	c.Kind, c.PID, c.Host, c.Start, c.Token = claimKind, rec.PID, rec.Host, string(rec.Start), rec.Token
	c.judge(r.host, marker.Record{Kind: marker.Soft, PID: rec.PID, Host: rec.Host, Start: rec.Start})
	return c, nil
}

func (s *strict) inspect() (Status, error) {
	st, err := inspectMarker(s.host, s.path)
	if err != nil {
		return st, err
	}
	if st.Record != nil && st.Record.Kind == marker.Strict.String() {
		st.State, st.Record = StateFree, nil // it says that the path is in use, and by nobody yet
	}
	list, err := s.listClaims()
	if err != nil {
		return Status{}, err
	}
	st.Claims = list
	if len(list) == 0 {
		return st, nil
	}
	st.State, st.Record = StateHeld, &holdersClaim(list).Record
	st.Holders = nil
	if st.Record.Holder == fs.Alive {
		st.Holders = []fs.LockOwner{{PID: st.Record.PID, Mode: fs.LockExclusive}}
	}
	return st, nil
}

// holdersClaim returns the claim that is in the way: one of a holder if there is one. There is at least one claim.
func holdersClaim(list []Claim) *Claim {
	if i := slices.IndexFunc(list, func(c Claim) bool { return c.State == string(claim.Held) }); i >= 0 {
		return &list[i]
	}
	return &list[0]
}

// obstructs says of a claim who made it, whether that process lives, and what can be done if it does not.
func (rec *Record) obstructs() string {
	const advice = "a strict lock is taken from nobody: once you know that nobody is inside, break it with 'holdfast break' or Lock.Break"
	switch {
	case rec.Kind != claimKind:
		return rec.String() + ": " + advice
	case rec.Holder == fs.Alive:
		return rec.String() + ", which runs"
	case rec.Holder == fs.Dead:
		return fmt.Sprintf("%s, which has ended (%s): %s", rec, rec.Evidence, advice)
	}
	return fmt.Sprintf("%s, of which it is not known whether it runs (%s): %s", rec, rec.Evidence, advice)
}
