package lock

import (
	"errors"
	"sync"
	"weak"

	"github.com/holdfast-lock/holdfast/fs"
)

var errNoPath = errors.New("the path is empty")

// siteKey says which locks share a site: those of one process (each has a host of its own), one kind and one path.
type siteKey struct {
	host fs.Host
	kind string
	path string
}

// registry knows the sites and singletons of all hosts.
var registry = sites{
	open:       make(map[siteKey]*site),
	singletons: make(map[siteKey]weak.Pointer[Lock]),
}

type sites struct {
	mu         sync.Mutex // never held across a call of a host
	open       map[siteKey]*site
	singletons map[siteKey]weak.Pointer[Lock]
}

// open returns a Lock on the site of key, with whose protocol the site is made if there is none.
func open(key siteKey, o *options, protocolFor func(fs.Host, string) protocol) (*Lock, error) {
	l, err := registry.enter(key, o, protocolFor)
	if err != nil {
		return nil, err
	}
	if l.opts == o { // made by this call
		o.host.OnDropped(l, dropped)
	}
	return l, nil
}

func (r *sites) enter(key siteKey, o *options, protocolFor func(fs.Host, string) protocol) (*Lock, error) {
	pid := o.host.Self().PID
	r.mu.Lock()
	defer r.mu.Unlock()
	if o.singleton {
		if l := r.singletons[key].Value(); l != nil && !l.closed.Load() {
			if diff := l.opts.differences(o); diff != nil {
				return nil, &SettingsError{Path: key.path, Differences: diff}
			}
			l.users++
			return l, nil
		}
	}
	s := r.open[key]
	if s == nil {
		s = newSite(key, pid, protocolFor(key.host, key.path))
		r.open[key] = s
	}
	l := s.join(o)
	if o.singleton {
		r.singletons[key] = weak.Make(l)
	}
	return l, nil
}

// openUnshared returns a Lock on a site that nobody else finds.
func openUnshared(key siteKey, o *options, p protocol) *Lock {
	s := newSite(key, o.host.Self().PID, p)
	registry.mu.Lock()
	l := s.join(o)
	registry.mu.Unlock()
	o.host.OnDropped(l, dropped)
	return l
}

func newSite(key siteKey, pid int, p protocol) *site {
	return &site{key: key, host: key.host, path: key.path, pid: pid, proto: p}
}

// join makes a Lock on the site.
func (s *site) join(o *options) *Lock {
	single := *o
	single.once = true
	s.locks++
	l := &Lock{opts: o, single: &single, site: s, users: 1}
	l.refs.Store(1)
	return l
}

// dropUser takes one user off a singleton and reports whether it was the last. From then on New gives the Lock to nobody.
func (r *sites) dropUser(l *Lock) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if l.users > 0 {
		l.users--
	}
	if l.users > 0 {
		return false
	}
	if r.singletons[l.site.key].Value() == l {
		delete(r.singletons, l.site.key)
	}
	return true
}

// leave takes one Lock off a site and closes the site with the last.
func (r *sites) leave(s *site) error {
	r.mu.Lock()
	s.locks--
	last := s.locks == 0
	if last && r.open[s.key] == s {
		delete(r.open, s.key)
	}
	if p, ok := r.singletons[s.key]; ok && (p.Value() == nil || p.Value().closed.Load()) {
		delete(r.singletons, s.key)
	}
	r.mu.Unlock()
	if !last {
		return nil
	}
	return s.proto.close()
}
