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

// sites knows the sites and singletons of a process, those of hosts that wrap its host included. What is closed or dropped is forgotten.
type sites struct {
	mu         sync.Mutex // never held across a call of a host
	open       map[siteKey]*site
	singletons map[siteKey]weak.Pointer[Lock]
}

// sitesKey is what a process keeps its sites under.
type sitesKey struct{}

func sitesOf(host fs.Host) *sites {
	return host.Local(sitesKey{}, func() any {
		return &sites{open: make(map[siteKey]*site), singletons: make(map[siteKey]weak.Pointer[Lock])}
	}).(*sites)
}

// open returns a Lock on the site of key, with whose protocol the site is made if there is none.
func open(key siteKey, o *options, protocolFor func(fs.Host, string) protocol) (*Lock, error) {
	l, err := sitesOf(key.host).enter(key, o, protocolFor)
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
		s = newSite(r, key, pid, protocolFor(key.host, key.path))
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
	s := newSite(sitesOf(key.host), key, o.host.Self().PID, p)
	l := s.join(o) // nobody else knows the site
	o.host.OnDropped(l, dropped)
	return l
}

func newSite(of *sites, key siteKey, pid int, p protocol) *site {
	return &site{of: of, key: key, host: key.host, path: key.path, pid: pid, proto: p}
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
