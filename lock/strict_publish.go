package lock

import (
	"encoding/hex"
	"errors"
	"fmt"
	iofs "io/fs"
	"path/filepath"

	"github.com/holdfast-lock/holdfast/fs"
	"github.com/holdfast-lock/holdfast/lock/internal/claim"
	"github.com/holdfast-lock/holdfast/lock/internal/marker"
	"github.com/holdfast-lock/holdfast/lock/internal/sidecar"
)

// publish makes a file with the given content at path, whole from the first moment that anybody can see it. It reports false if somebody else has made one, or took the private file for left behind.
//
// The private file is closed before it is linked: only then do other machines see what was written to it (NFS).
func publish(host fs.Host, path string, content []byte, o *options, durable bool) (published bool, err error) {
	var nonce [16]byte
	host.Random(nonce[:])
	private := filepath.Join(filepath.Dir(path), claim.PrivateName(filepath.Base(path), hex.EncodeToString(nonce[:])))
	f, err := host.Open(private, fs.ReadWrite|fs.Create|fs.Exclusive|fs.NoFollow, o.perm())
	if err != nil {
		return false, err
	}
	info, err := fill(f, content, o, durable)
	if err = errors.Join(err, f.Close()); err != nil {
		host.Remove(private)
		return false, err
	}
	err = host.Link(private, path)
	switch {
	case errors.Is(err, iofs.ErrNotExist):
		err = nil
	case errors.Is(err, fs.ErrUnsupported):
		err = &ProtocolError{File: path, Err: err, Advice: "a strict lock needs a filesystem with hard links: put it on another one, or use a lease or a soft lock"}
	case err == nil || errors.Is(err, iofs.ErrExist):
		// Also if the name is said to be taken: a server that has lost its answer and is asked again finds it taken by this very file.
		published, err = sidecar.InPlace(host, path, info.ID)
	}
	host.Remove(private) // what cannot be removed is removed by whoever sees it
	return published, err
}

func fill(f fs.File, content []byte, o *options, durable bool) (info fs.Info, err error) {
	if o.mode != nil {
		if err := f.Chmod(*o.mode); err != nil {
			return info, err
		}
	}
	if _, err := f.WriteAt(content, 0); err != nil {
		return info, err
	}
	if durable {
		if err := f.Sync(); err != nil && !errors.Is(err, fs.ErrUnsupported) {
			return info, err
		}
	}
	return f.Stat()
}

// open sees to it that the directories are there and can be trusted, and opens the sentinel unless it is open. It reports false where somebody is just removing it.
func (s *strict) open(o *options) (bool, error) {
	if err := s.secure(o); err != nil || s.file != nil {
		return err == nil, err
	}
	for range maxReopens {
		f, readOnly, err := openMarker(s.host, s.path)
		switch {
		case errors.Is(err, iofs.ErrNotExist):
			// Synced, because what a power failure leaves of it would be no sentinel.
			if _, err := publish(s.host, s.path, []byte(marker.Sentinel), o, true); err != nil {
				return false, err
			}
			continue
		case errors.Is(err, fs.ErrBusy):
			return false, nil
		case err != nil:
			return false, err
		}
		if err := s.adopt(f); err != nil {
			f.Close()
			return false, err
		}
		s.readOnly = readOnly
		return true, nil
	}
	return false, nil
}

// adopt takes what lies at the path for the sentinel, if it is one.
func (s *strict) adopt(f fs.File) error {
	info, err := sidecar.Regular(f)
	if err != nil {
		return err
	}
	content, err := readMarker(f)
	if err != nil {
		return err
	}
	if r := marker.Parse(content); r.Kind != marker.Strict {
		found, ok := contracts[r.Kind]
		if !ok {
			found = "something else: the file is " + r.Kind.String()
		}
		return &ContractError{Path: s.path, Found: found, Asked: contracts[marker.Strict]}
	}
	volume, err := f.Volume()
	if err != nil {
		return err
	}
	s.file, s.id = f, info.ID
	s.prepareFor(volume)
	return nil
}

// secure makes the directories if they are missing, and refuses those in which others could remove claims.
func (s *strict) secure(o *options) error {
	info, err := s.host.Lstat(s.claims)
	if err == nil && info.ID == s.trusted.ID && info.Mode == s.trusted.Mode && info.Owner == s.trusted.Owner {
		return nil
	}
	if err != nil && !errors.Is(err, iofs.ErrNotExist) && !errors.Is(err, fs.ErrNotDirectory) {
		return err
	}
	for _, dir := range [...]string{s.path + claim.Suffix, s.claims} {
		if info, err = s.secureOne(dir, o); err != nil {
			return err
		}
	}
	s.trusted = info
	return nil
}

// writableByOthers are the permissions to write of all but the owner.
const writableByOthers = 0o022

func (s *strict) secureOne(dir string, o *options) (fs.Info, error) {
	var shared fs.FileMode
	perm := fs.FileMode(0o755)
	if o.mode != nil {
		shared = *o.mode & writableByOthers
		perm = *o.mode | *o.mode&0o444>>2 // who may read may search
	}
	info, err := s.host.Lstat(dir)
	if errors.Is(err, iofs.ErrNotExist) {
		if err := s.makeDirectory(dir, perm); err != nil {
			return info, err
		}
		info, err = s.host.Lstat(dir)
	}
	if err != nil {
		return info, err
	}
	refuse := func(why, advice string) (fs.Info, error) {
		return info, &ProtocolError{File: dir, Err: errors.New(why), Advice: advice}
	}
	switch foreign := info.Owner != 0 && info.Owner != s.host.UID(); {
	case info.Mode.Type() != iofs.ModeDir:
		return refuse("is no directory, as it is for a strict lock", "move it elsewhere, or use another path")
	case info.Mode.Perm()&writableByOthers&^shared != 0:
		return refuse(fmt.Sprintf("others can remove claims there (its mode is %v)", info.Mode.Perm()), "take their right to write away, or trust them with Mode")
	case foreign && shared == 0:
		return refuse(fmt.Sprintf("belongs to another user (%d), who can remove claims there", info.Owner), "use a path in a directory of your own, or trust that user with Mode")
	}
	return info, nil
}

// makeDirectory makes one of the two directories, and those above it. With a Mode it gets its permissions whatever the umask.
func (s *strict) makeDirectory(dir string, perm fs.FileMode) error {
	err := s.host.Mkdir(dir, perm)
	if errors.Is(err, iofs.ErrNotExist) {
		if err := makeDir(s.host, filepath.Dir(dir)); err != nil {
			return err
		}
		err = s.host.Mkdir(dir, perm)
	}
	switch {
	case errors.Is(err, iofs.ErrExist):
		return nil
	case err != nil || perm&writableByOthers == 0:
		return err
	}
	f, err := s.host.Open(dir, fs.ReadOnly|fs.Directory|fs.NoFollow, 0)
	if err != nil {
		return err
	}
	return errors.Join(f.Chmod(perm), f.Close())
}
