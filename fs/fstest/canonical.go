package fstest

import (
	"path/filepath"

	"github.com/holdfast-lock/holdfast/fs"
)

var canonicalChecks = []check{
	{"CanonicalIsAbsolute", func(p *probe) {
		for _, path := range []string{"name", filepath.Join("some", "name"), p.path("name")} {
			if got := p.canonical(path); !filepath.IsAbs(got) || filepath.Base(got) != "name" {
				p.Errorf("Canonical(%q) = %q, want an absolute path to the same name", path, got)
			}
		}
	}},
	{"CanonicalIsCanonical", func(p *probe) {
		p.create("file", "")
		for _, name := range []string{"file", "missing", "missing/deeper"} {
			got := p.canonical(p.path(name))
			if again := p.canonical(got); again != got {
				p.Errorf("Canonical(%q) = %q, whose Canonical is %q", p.path(name), got, again)
			}
		}
	}},
	{"CanonicalCleansTheSpelling", func(p *probe) {
		p.mkdir("directory")
		want := p.canonical(p.path("directory", "file"))
		for _, path := range []string{
			p.spelled("directory", "", "file"), p.spelled(".", "directory", ".", "file"),
			p.spelled("directory", "..", "directory", "file"), p.spelled("directory", "file", ""),
		} {
			if got := p.canonical(path); got != want {
				p.Errorf("Canonical(%q) = %q, want %q", path, got, want)
			}
		}
	}},
	{"CanonicalResolvesTheParent", func(p *probe) {
		p.mkdir("real")
		p.mkdir("real", "deep")
		p.symlink("real", "link")
		p.symlink("link", "link to link")
		p.symlink(p.path("real"), "absolute link")
		want := p.canonical(p.path("real", "deep", "file"))
		for _, link := range []string{"link", "link to link", "absolute link"} {
			if got := p.canonical(p.path(link, "deep", "file")); got != want {
				p.Errorf("Canonical(%q) = %q, want %q", p.path(link, "deep", "file"), got, want)
			}
		}
	}},
	{"CanonicalKeepsTheLastElement", func(p *probe) {
		p.create("file", "")
		parent := filepath.Dir(p.canonical(p.path("file")))
		for _, target := range []string{"file", "missing"} {
			link := "to " + target
			p.symlink(target, link)
			if got, want := p.canonical(p.path(link)), filepath.Join(parent, link); got != want {
				p.Errorf("Canonical of a symbolic link to %s = %q, want %q", target, got, want)
			}
		}
	}},
	{"CanonicalResolvesWhatExistsOfTheParent", func(p *probe) {
		p.mkdir("real")
		p.symlink("real", "link")
		want := filepath.Join(p.canonical(p.path("real")), "missing", "file")
		for _, path := range []string{p.path("link", "missing", "file"), p.spelled("link", "missing", ".", "deep", "..", "file")} {
			if got := p.canonical(path); got != want {
				p.Errorf("Canonical(%q) = %q, want %q", path, got, want)
			}
		}
	}},
	{"CanonicalNamesTheSameFile", func(p *probe) {
		// Whether ".." is the parent of a symbolic link or of its target is the platform's to say, and Open says it.
		p.mkdir("real")
		p.mkdir("real", "deep")
		p.symlink("real/deep", "link")
		p.create("file", "beside the link")
		p.create("real/file", "beside the target")
		path := p.spelled("link", "..", "file")
		read := func(path string) string {
			f, err := p.Open(path, 0, 0)
			p.must(err)
			defer f.Close()
			return p.content(f)
		}
		if got, want := read(p.canonical(path)), read(path); got != want {
			p.Errorf("Canonical(%q) = %q, which is the file %s, not the one %s", path, p.canonical(path), got, want)
		}
	}},
	{"CanonicalBelowAFileSaysSo", func(p *probe) {
		p.create("file", "")
		for _, path := range []string{p.path("file", "name"), p.path("file", "deeper", "name")} {
			if _, err := p.Canonical(path); err != nil { // else it is left to Open
				p.wantError(Canonical, "Canonical below a file", err, fs.ErrNotDirectory)
			}
		}
	}},
	{"CanonicalOfALoopFails", func(p *probe) {
		p.symlink("loop", "loop")
		if got, err := p.Canonical(p.path("loop", "file")); err == nil {
			p.Errorf("Canonical below a symbolic link to itself = %q, want an error", got)
		}
	}},
}

func (p *probe) canonical(path string) string {
	p.Helper()
	got, err := p.Canonical(path)
	p.ok(Canonical, err)
	return got
}
