package python

import (
	"encoding/hex"
	"errors"
	"io"
	"strconv"
	"time"

	"github.com/holdfast-lock/holdfast/fs"
)

// malformedAge is how old, by the wall clock here and the filesystem's time of modification, what is no record must be.
const malformedAge = 2 * time.Second

// sighting is a marker as a contender saw it.
type sighting struct {
	id      fs.FileID
	mtime   time.Time
	regular bool
	content []byte
}

// evictStale evicts the marker in the way if the version takes it for stale. Errors of the system in looking mean to poll on.
func (l *Lock) evictStale() error {
	if !l.era.records {
		return nil
	}
	seen, err := l.look()
	if err != nil {
		return nil
	}
	judge := l.isStale
	if l.Class == Lease {
		judge = l.isStaleLease
	}
	stale, err := judge(seen)
	if stale && err == nil {
		l.evict(seen)
	}
	return err
}

// look reads the marker.
func (l *Lock) look() (seen sighting, err error) {
	flags := fs.ReadOnly
	if l.era.looksAtName {
		info, err := l.host.Lstat(l.Path)
		if err != nil {
			return seen, err
		}
		seen = sighting{id: info.ID, mtime: info.Mtime, regular: info.Mode.IsRegular()}
		if !seen.regular {
			return seen, nil
		}
		flags |= fs.NoFollow | fs.NonBlock
	}
	f, err := l.host.Open(l.Path, flags, 0)
	if err != nil {
		return seen, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return seen, err
	}
	seen = sighting{id: info.ID, mtime: info.Mtime, regular: info.Mode.IsRegular()}
	if !seen.regular {
		return seen, nil
	}
	most := min(info.Size, 1<<16) + 1
	if l.era.bounded {
		most = maxRecord + 1
	}
	seen.content = make([]byte, most)
	n, err := f.ReadAt(seen.content, 0)
	seen.content = seen.content[:n]
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return seen, err
}

// isStale judges a marker as SoftFileLock does.
func (l *Lock) isStale(seen sighting) (bool, error) {
	if l.era.bounded && string(seen.content) == sentinel {
		return false, nil
	}
	r, what := parseRecord(seen, &l.era)
	switch {
	case what == malformed:
		return l.era.evictsMalformed && l.age(seen.mtime) >= malformedAge, nil
	case what == unreadable && l.era.raises:
		return false, errValue
	case what == outOfRange:
		return false, errOverflow
	case what != readable || r.host != l.host.Self().Host:
		return false, nil
	}
	return l.isGone(r), nil
}

// isGone reports whether the holder, which has run on this machine, does not any more, as far as its number tells here.
func (l *Lock) isGone(r record) bool {
	if r.pid <= 0 {
		return false // kill(2) has other meanings for it, and succeeds
	}
	self := l.host.Self()
	id := fs.Identity{PID: int(r.pid), Host: self.Host, PIDNamespace: self.PIDNamespace}
	if l.era.starts && r.start != nil && self.Start != 0 {
		id.Boot, id.Start = startIdentity(r.start, self)
	}
	return l.host.Liveness(id) == fs.Dead
}

// age returns how old a time is by the wall clock.
func (l *Lock) age(mtime time.Time) time.Duration { return l.host.Now().Sub(mtime) }

// evictAged evicts what lies at the path if it has not changed for the lifetime, whatever it is.
func (l *Lock) evictAged() {
	info, err := l.host.Lstat(l.Path)
	if err == nil && l.age(info.Mtime) >= l.Lifetime {
		l.evict(sighting{id: info.ID, mtime: info.Mtime})
	}
}

// evict takes away what is at the path by now. What a version finds to be another marker than the one that was judged stays where it was moved to.
func (l *Lock) evict(seen sighting) {
	aside := l.Path + ".break." + strconv.Itoa(l.host.PID())
	if l.era.ownBreakName {
		aside += "." + l.nonce()
	}
	if l.host.Rename(l.Path, aside) != nil {
		return
	}
	if l.era.checksTime {
		info, err := l.host.Lstat(aside)
		if err != nil || info.Mtime.After(seen.mtime) || l.era.checksFile && info.ID != seen.id {
			return
		}
	}
	l.host.Remove(aside)
}

// nonce returns 32 random hexadecimal digits.
func (l *Lock) nonce() string {
	var b [16]byte
	l.host.Random(b[:])
	return hex.EncodeToString(b[:])
}
