package python

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	iofs "io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/holdfast-lock/holdfast/fs"
)

// What a scan waits for claims that cannot be read now. The time begins with the scan, however long the first answer takes.
const (
	claimPatience = 500 * time.Millisecond
	claimPause    = 2 * time.Millisecond
)

// privateAge is how old, by the wall clock here and the filesystem's time of modification, a private record must be to be taken for left behind.
const privateAge = 2 * time.Second

// longestPause is what bounds the pauses that are drawn at random.
const longestPause = 50 * time.Millisecond

// dirMode is what the umask of most users leaves of 0777. Simulated processes have none.
const dirMode = 0o755

var errProtocol = errors.New("python: SoftFileLockProtocolError")

// tryStrict makes one attempt of StrictSoftFileLock, by the rule of 3.31.
func (l *Lock) tryStrict() (bool, error) {
	if err := l.makeParents(); err != nil {
		return false, err
	}
	for _, dir := range [...]string{path.Dir(l.claims()), l.claims()} {
		if err := l.makeDir(dir, dirMode); err != nil {
			return false, err
		}
	}
	f, err := l.openSentinel()
	if f == nil || err != nil {
		return false, err
	}
	names, err := l.scan()
	if err == nil && len(names) == 0 {
		var held bool
		if held, err = l.claim(); held && err == nil {
			info, _ := f.Stat()
			l.file, l.id = f, info.ID
			return true, nil
		}
	}
	f.Close()
	return false, err
}

func (l *Lock) claims() string { return l.Path + ".filelock/claims" }

// openSentinel opens what lies at the path if that is a sentinel, and makes it if nothing does. It returns no file where the version goes on to poll.
func (l *Lock) openSentinel() (fs.File, error) {
	const flags = fs.ReadOnly | fs.NoFollow | fs.NonBlock
	f, err := l.host.Open(l.Path, flags, 0)
	if errors.Is(err, iofs.ErrNotExist) {
		dir, name := path.Split(l.Path)
		entries, err := l.host.ReadDir(path.Clean(dir))
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			if public, ok := privateOf(e.Name); ok && public == name {
				if err := l.tidy(dir + e.Name); err != nil {
					return nil, err
				}
			}
		}
		if made, err := l.publish([]byte(sentinel), l.Path); !made {
			return nil, err
		}
		f, err = l.host.Open(l.Path, flags, 0)
		if err != nil {
			return nil, nil
		}
		return f, nil
	}
	if err != nil {
		return nil, nil
	}
	content := make([]byte, len(sentinel)+1)
	n, err := f.ReadAt(content, 0)
	if err != nil && err != io.EOF || string(content[:n]) != sentinel {
		f.Close()
		return nil, nil
	}
	return f, nil
}

// claim publishes the intent and, if that is the first of all, the claim to be held. Both stay while the lock is held.
func (l *Lock) claim() (held bool, err error) {
	l.token = l.nonce()
	defer func() {
		if !held || err != nil {
			err = errors.Join(err, l.withdraw())
		}
	}()
	intent := l.claimName("intent")
	if made, err := l.publish(l.claimRecord(), l.claims()+"/"+intent); !made {
		return false, err
	}
	names, err := l.scan()
	if err != nil || len(names) == 0 || strings.HasPrefix(names[0], "held-") || names[0] != intent {
		return false, err
	}
	if err := l.host.Link(l.claims()+"/"+intent, l.claims()+"/"+l.claimName("held")); err != nil {
		return false, err
	}
	names, err = l.scan()
	if err != nil {
		return false, err
	}
	least := slices.MinFunc(append(names, intent), func(a, b string) int { return strings.Compare(tokenOf(a), tokenOf(b)) })
	return slices.Contains(names, intent) && slices.Contains(names, l.claimName("held")) && tokenOf(least) == l.token, nil
}

func (l *Lock) claimName(state string) string { return state + "-v1-" + l.token + ".claim" }

// tokenOf returns the token in the name of a claim.
func tokenOf(name string) string {
	_, rest, _ := strings.Cut(name, "-v1-")
	return strings.TrimSuffix(rest, ".claim")
}

// isClaimName reports whether a claim can have the name.
func isClaimName(name string) bool {
	return isToken(tokenOf(name)) && (name == "intent-v1-"+tokenOf(name)+".claim" || name == "held-v1-"+tokenOf(name)+".claim")
}

func isToken(text string) bool {
	return len(text) == 32 && strings.Trim(text, "0123456789abcdef") == ""
}

// privateOf returns the name that a private record is to get.
func privateOf(name string) (public string, ok bool) {
	i := strings.LastIndex(name, ".private-v1-")
	if i < 1 || name[0] != '.' || !strings.HasSuffix(name, ".tmp") || !isToken(strings.TrimSuffix(name[i+len(".private-v1-"):], ".tmp")) {
		return "", false
	}
	return name[1:i], true
}

func (l *Lock) claimRecord() []byte {
	self := l.host.Self()
	return fmt.Appendf(nil, "filelock-strict-v1\n%s\n%d\n%x\n%s\n", l.token, self.PID, self.Host, startToken(self))
}

// isClaim reports whether a content is the record of the claim with the token.
func isClaim(content []byte, token string) bool {
	fields := strings.Split(string(content), "\n")
	if len(content) > maxRecord || len(fields) != 6 || fields[0] != "filelock-strict-v1" || fields[1] != token || fields[5] != "" {
		return false
	}
	pid, err := strconv.ParseInt(fields[2], 10, 32)
	host, hexErr := hex.DecodeString(fields[3])
	return err == nil && pid >= 1 && isDecimal(fields[2]) && hexErr == nil && fields[3] == strings.ToLower(fields[3]) && utf8.Valid(host) &&
		!strings.ContainsFunc(string(host), func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsPrint(r) }) && (fields[4] == "" || isDecimal(fields[4]))
}

// isDecimal reports whether a number is written as it would be printed.
func isDecimal(text string) bool {
	return text != "" && strings.Trim(text, "0123456789") == "" && (text == "0" || text[0] != '0')
}

// publish makes a file with a content, whole, unless there is one.
func (l *Lock) publish(content []byte, public string) (bool, error) {
	dir, err := l.host.Open(path.Dir(public), fs.ReadOnly|fs.Directory|fs.NoFollow, 0)
	if err != nil {
		return false, err
	}
	defer dir.Close()
	private := path.Dir(public) + "/." + path.Base(public) + ".private-v1-" + l.nonce() + ".tmp"
	f, err := l.host.Open(private, fs.ReadWrite|fs.Create|fs.Exclusive|fs.NoFollow, l.era.mode)
	if err != nil {
		return false, err
	}
	own, err := f.Stat()
	if err == nil {
		_, err = f.WriteAt(content, 0)
	}
	made := false
	if err == nil {
		err = l.host.Link(private, public)
		switch {
		case errors.Is(err, iofs.ErrExist):
			err = nil // somebody else has published
		case errors.Is(err, iofs.ErrNotExist):
			if _, lookErr := l.host.Lstat(private); errors.Is(lookErr, iofs.ErrNotExist) {
				err = nil // somebody else took it for left behind
			}
		case err == nil:
			var info fs.Info
			info, err = l.host.Lstat(public)
			made = err == nil && info.ID == own.ID
			err = ignoringMissing(err)
		}
	}
	f.Close()
	if info, lookErr := l.host.Lstat(private); lookErr == nil && info.ID == own.ID {
		l.host.Remove(private)
	}
	return made, err
}

func ignoringMissing(err error) error {
	if errors.Is(err, iofs.ErrNotExist) {
		return nil
	}
	return err
}

// scan returns the names of the claims that there are, and fails where there is anything else.
func (l *Lock) scan() ([]string, error) {
	until := l.host.Monotonic() + claimPatience
	entries, err := l.host.ReadDir(l.claims())
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		switch public, private := privateOf(e.Name); {
		case private && isClaimName(public):
			if err := l.tidy(l.claims() + "/" + e.Name); err != nil {
				return nil, err
			}
		case e.Name[0] == '.':
		case !isClaimName(e.Name):
			return nil, fmt.Errorf("%w: %s", errProtocol, e.Name)
		default:
			there, err := l.readClaim(e.Name, until)
			if err != nil {
				return nil, err
			}
			if there {
				names = append(names, e.Name)
			}
		}
	}
	return names, nil
}

// readClaim reports whether a claim that was listed is there still.
func (l *Lock) readClaim(name string, until time.Duration) (bool, error) {
	for {
		content, err := l.readRegular(l.claims() + "/" + name)
		switch transient := errors.Is(err, fs.ErrStale) || errors.Is(err, iofs.ErrPermission); {
		case err == nil && isClaim(content, tokenOf(name)):
			return true, nil
		case errors.Is(err, iofs.ErrNotExist):
			return false, nil
		case transient && l.host.Monotonic() < until:
			l.pause(claimPause)
		case errors.Is(err, fs.ErrStale): // whether it is there or not
			return false, nil
		default:
			return false, fmt.Errorf("%w: %s: %w", errProtocol, name, errors.Join(err))
		}
	}
}

func (l *Lock) readRegular(name string) ([]byte, error) {
	info, err := l.host.Lstat(name)
	if err != nil {
		return nil, err
	}
	if !info.Mode.IsRegular() {
		return nil, fs.ErrNotRegular
	}
	f, err := l.host.Open(name, fs.ReadOnly|fs.NoFollow|fs.NonBlock, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	opened, err := f.Stat()
	if err == nil && opened.ID != info.ID {
		err = fs.ErrNotRegular
	}
	if err != nil {
		return nil, err
	}
	content := make([]byte, maxRecord+1)
	n, err := f.ReadAt(content, 0)
	if err == io.EOF {
		err = nil
	}
	return content[:n], err
}

// tidy removes a private record that is published, or old.
func (l *Lock) tidy(name string) error {
	info, err := l.host.Lstat(name)
	switch {
	case err != nil:
		return ignoringMissing(err)
	case !info.Mode.IsRegular():
		return fmt.Errorf("%w: %s", errProtocol, path.Base(name))
	case info.Links != 1 || l.age(info.Mtime) >= privateAge:
		return ignoringMissing(l.host.Remove(name))
	}
	return nil
}

// withdraw removes the claims of this object.
func (l *Lock) withdraw() error {
	for _, state := range [...]string{"held", "intent"} {
		if err := ignoringMissing(l.host.Remove(l.claims() + "/" + l.claimName(state))); err != nil {
			return err
		}
	}
	return nil
}

// releaseStrict leaves the lock held if a claim cannot be removed.
func (l *Lock) releaseStrict() error {
	if err := l.withdraw(); err != nil {
		return err
	}
	f := l.file
	l.file = nil
	return f.Close()
}
