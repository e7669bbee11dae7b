package lock

import (
	"errors"
	"fmt"
	iofs "io/fs"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/holdfast-lock/holdfast/fs"
	"github.com/holdfast-lock/holdfast/lock/internal/claim"
	"github.com/holdfast-lock/holdfast/lock/internal/lifetime"
	"github.com/holdfast-lock/holdfast/lock/internal/marker"
	"github.com/holdfast-lock/holdfast/lock/internal/sidecar"
)

// leftoverKind is what files with names of one form are.
type leftoverKind struct {
	name *regexp.Regexp // of the file
	what string
	// owner returns why a file must stay that is as it was, that nobody has locked, and which has no other name by which it is in use.
	owner func(l *Leftover, f fs.File) string
	// named: if the file has another name in the directory, that is the one which counts.
	named bool
	// beside: it belongs to the file whose name has not got this end, and is no leftover while that is there.
	beside string
	// bare: the locks on the file itself say nothing.
	bare bool
}

var leftoverKinds = []leftoverKind{
	{name: regexp.MustCompile(`^\.holdfast-[0-9a-f]{16}$`), what: "a marker or lock file of Holdfast that has not got its name, or has lost it", owner: (*Leftover).ownerByRecord, named: true},
	{name: regexp.MustCompile(`^\.holdfast-[0-9a-f]{16}\.old$`), what: "the lock file of a holder that was relieved", owner: (*Leftover).ownerByGuards, bare: true},
	{name: regexp.MustCompile(`^.+\.break\.[0-9]+(\.[0-9a-f]{32})?$`), what: "a marker that a soft lock of Python's filelock has moved aside", owner: (*Leftover).ownerByBreaker},
	{name: regexp.MustCompile(`^\..+\.private-v1-[0-9a-f]{32}\.tmp$`), what: "a record of a strict lock that has not got its name", owner: (*Leftover).ownerByClaim, named: true},
	{name: regexp.MustCompile(`^.+` + regexp.QuoteMeta(lifetime.Suffix) + `$`), what: "the record of lifetimes of a lock file that does not exist", owner: (*Leftover).ownerByLockFile,
		beside: lifetime.Suffix},
}

func leftoverKindOf(name string) *leftoverKind {
	for i := range leftoverKinds {
		if leftoverKinds[i].name.MatchString(name) {
			return &leftoverKinds[i]
		}
	}
	return nil
}

// toBeWatched is the reason to keep a file that names no process and has not been seen unchanged for long enough.
const toBeWatched = "it names no process, and has not been watched for long enough"

// allFlags are the bytes by which processes show that they have to do with a marker.
var allFlags = fs.Region{Offset: waiterFlag.Offset, Length: 16}

// open opens the file, locks it where that is possible, and returns it, and why it must stay if it must.
func (l *Leftover) open() (fs.File, string) {
	if !l.info.Mode.IsRegular() {
		return nil, "it is " + describeType(l.info.Mode)
	}
	f, _, err := openMarker(l.host, l.Path)
	if err != nil {
		return nil, "it cannot be opened: " + causeOf(err).Error()
	}
	info, err := f.Stat()
	switch {
	case err != nil:
		return f, "it cannot be looked at: " + causeOf(err).Error()
	case info.ID != l.info.ID || info.Size != l.info.Size || !info.Mtime.Equal(l.info.Mtime):
		return f, "it has changed since"
	case l.kind.named && info.Links > 1:
		if other, err := l.otherName(); other != "" || err != nil {
			return f, reason(err)
		}
	}
	if !l.kind.bare {
		if keep := lockedBySomebody(f); keep != "" {
			return f, keep
		}
	}
	return f, l.kind.owner(l, f)
}

func reason(err error) string {
	if err == nil {
		return ""
	}
	return "that cannot be told: " + causeOf(err).Error()
}

func describeType(mode fs.FileMode) string {
	switch mode.Type() {
	case iofs.ModeSymlink:
		return "a symbolic link"
	case iofs.ModeNamedPipe:
		return "a FIFO"
	}
	return "no regular file"
}

// lockedBySomebody locks a file, and says that somebody else has it locked, or a byte of it, if so. Where there are no locks nobody has.
func lockedBySomebody(f fs.File) string {
	held, err := f.TryLock(fs.Whole, fs.LockExclusive)
	switch {
	case err != nil && !noLocks(err):
		return reason(err)
	case err == nil && !held:
		return "somebody has it locked"
	}
	if seen, err := f.Conflict(allFlags, fs.LockExclusive); seen && err == nil {
		return "somebody is at it"
	}
	return ""
}

// otherName returns another name of the file, in the same directory, that is none of a file which is there for a moment only; "" if there is none.
func (l *Leftover) otherName() (string, error) {
	dir := filepath.Dir(l.Path)
	entries, err := l.host.ReadDir(dir)
	if err != nil {
		return "", err
	}
	for _, e := range entries {
		if e.Type != 0 || leftoverKindOf(e.Name) != nil {
			continue
		}
		if same, err := sidecar.InPlace(l.host, filepath.Join(dir, e.Name), l.info.ID); same || err != nil {
			return e.Name, err
		}
	}
	return "", nil
}

// watched returns why a file that names no process must stay.
func (l *Leftover) watched() string {
	if l.host.Monotonic()-l.since < LeftoverGrace {
		return toBeWatched
	}
	return ""
}

// ownedBy returns why a file with the record r of a process must stay.
func (l *Leftover) ownedBy(r marker.Record) string {
	var rec Record
	rec.judge(l.host, r)
	process := fmt.Sprintf("pid %d on %s", r.PID, printable(r.Host))
	switch rec.Holder {
	case fs.Dead:
		return ""
	case fs.Alive:
		return process + ", which it names, may be alive: " + rec.Evidence
	}
	return "it cannot be told whether " + process + ", which it names, is alive: " + rec.Evidence
}

// ownerByRecord is for a marker: that of a holder which was about to publish it, or which somebody has moved aside.
func (l *Leftover) ownerByRecord(f fs.File) string {
	content, err := readMarker(f)
	if err != nil {
		return reason(err)
	}
	if r := marker.Parse(content); r.PID != 0 {
		return l.ownedBy(r)
	}
	return l.watched()
}

// ownerByGuards is for what a contender has that relieves a holder: it has the guard of the record meanwhile.
func (l *Leftover) ownerByGuards(fs.File) string {
	dir := filepath.Dir(l.Path)
	entries, err := l.host.ReadDir(dir)
	if err != nil {
		return reason(err)
	}
	for _, e := range entries {
		if !strings.HasSuffix(e.Name, lifetime.Suffix) {
			continue
		}
		free, err := isFree(l.host, filepath.Join(dir, e.Name))
		switch {
		case err != nil:
			return reason(err)
		case !free:
			return "somebody has locked " + e.Name + ", and may be about to relieve a holder"
		}
	}
	return ""
}

// isFree reports whether nobody has the file at path locked.
func isFree(host fs.Host, path string) (bool, error) {
	f, _, err := openMarker(host, path)
	if errors.Is(err, iofs.ErrNotExist) {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	defer f.Close()
	if _, err := sidecar.Regular(f); err != nil {
		return false, err
	}
	return f.TryLock(fs.Whole, fs.LockExclusive)
}

// ownerByBreaker is for a marker that a process has moved aside whose number is in the name. It removes it at once, or gives it back.
func (l *Leftover) ownerByBreaker(f fs.File) string {
	_, rest, _ := cutLast(filepath.Base(l.Path), ".break.")
	number, _, _ := strings.Cut(rest, ".")
	if pid, err := strconv.Atoi(number); err == nil && l.host.Liveness(fs.Identity{PID: pid, Host: l.host.Self().Host}) != fs.Dead {
		return fmt.Sprintf("pid %d, which has moved it, may be alive", pid)
	}
	content, err := readMarker(f)
	if err != nil {
		return reason(err)
	}
	switch r := marker.Parse(content); {
	case r.PID != 0:
		return l.ownedBy(r)
	case r.Kind == marker.Empty:
		return l.watched()
	}
	return "it is no marker"
}

func cutLast(s, sep string) (before, after string, found bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}

// ownerByClaim is for a record of a strict lock that was being published.
func (l *Leftover) ownerByClaim(f fs.File) string {
	public, _, ok := claim.ParsePrivateName(filepath.Base(l.Path))
	if !ok {
		return "its name is not that of such a record"
	}
	content, err := readMarker(f)
	if err != nil {
		return reason(err)
	}
	if _, token, ok := claim.ParseName(public); ok {
		if r, err := claim.Parse(content, token); err == nil {
			return l.ownedBy(marker.Record{PID: r.PID, Host: r.Host, Start: r.Start})
		}
	}
	return l.watched()
}

// ownerByLockFile is for a file beside a lock file that is empty when nobody uses it. Whoever is about to lock it sees afterwards that it has lost its name, and makes a new one.
func (l *Leftover) ownerByLockFile(fs.File) string {
	path := strings.TrimSuffix(l.Path, l.kind.beside)
	switch _, err := l.host.Lstat(path); {
	case err == nil:
		return "its lock file is there"
	case !errors.Is(err, iofs.ErrNotExist):
		return reason(err)
	case l.info.Size > 0:
		return "it is not empty"
	}
	return ""
}
