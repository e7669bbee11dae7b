package holdfast_test

import (
	"bytes"
	"go/parser"
	"go/token"
	iofs "io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/holdfast-lock/holdfast"

// layer says what a folder, and what lies below it without a layer of its own, may import besides itself and the standard library.
type layer struct {
	dir     string
	folders []string // of this module; with "/..." also what lies below
	modules []string // other modules
}

var anyModule = []string{""}

// layers is the picture of who may know whom. Arrows point down only. What lies deeper stands before what it lies in.
var layers = []layer{
	{"cmd/holdfast", []string{"bench/...", "sim/scenario/...", "linearize", "lock/...", "fs/..."}, anyModule},
	{"bench", []string{"lock/...", "fs/..."}, anyModule},
	{"fuzz", []string{"sim/...", "linearize", "model/...", "lock/...", "fs/..."}, anyModule},
	{"sim/scenario", []string{"sim/...", "linearize", "model/...", "lock/...", "fs/..."}, anyModule},
	{"sim/mutants", []string{"sim/scenario/..."}, anyModule},
	{"sim", []string{"fs"}, anyModule}, // a machine, which knows no lock
	{"linearize", []string{"model/..."}, anyModule},
	{"model", nil, nil},
	{"lock/sqlite", []string{"lock/...", "fs"}, anyModule},
	{"lock", []string{"fs", "fs/osfs"}, nil},
	{"fs/osfs", []string{"fs"}, []string{"golang.org/x/sys"}},
	{"fs/aferofs", []string{"fs"}, []string{"github.com/spf13/afero"}},
	{"fs/fstest", []string{"fs"}, nil},
	{"fs", nil, nil},
}

// Other lock libraries are here to be measured, and for nothing else.
const peersDir = "bench/peers"

var peers = []string{
	"github.com/gofrs/flock", "github.com/rogpeppe/go-internal", "github.com/alexflint/go-filemutex", "github.com/juju/mutex",
	"github.com/nightlyone/lockfile", "github.com/danjacques/gofslock", "github.com/theckman/go-flock", "github.com/zbiljic/go-filelock",
}

func within(name, dir string) bool {
	return dir == "" || name == dir || strings.HasPrefix(name, dir+"/")
}

// layerOf returns the layer of a folder.
func layerOf(dir string) (layer, bool) {
	i := slices.IndexFunc(layers, func(l layer) bool { return within(dir, l.dir) })
	if i < 0 {
		return layer{}, false
	}
	return layers[i], true
}

// wrong says what is wrong with an import by a file in dir, or "". Tests may reach across the layers, but not to the peers.
func wrong(dir, imported string, test bool) string {
	isPeer := slices.ContainsFunc(peers, func(peer string) bool { return within(imported, peer) })
	if isPeer && !within(dir, peersDir) {
		return "imports a peer outside " + peersDir
	}
	if test {
		return ""
	}
	l, ok := layerOf(dir)
	if !ok {
		return "has no place in the layers"
	}
	if folder, ours := strings.CutPrefix(imported, module+"/"); ours {
		own, _ := layerOf(folder)
		named := slices.ContainsFunc(l.folders, func(pattern string) bool {
			tree, below := strings.CutSuffix(pattern, "/...")
			return folder == tree || below && within(folder, tree)
		})
		if own.dir != l.dir && !named {
			return l.dir + " must not know " + folder
		}
		return ""
	}
	domain, _, _ := strings.Cut(imported, "/")
	if strings.Contains(domain, ".") && !slices.ContainsFunc(l.modules, func(m string) bool { return within(imported, m) }) {
		return l.dir + " must not use this module"
	}
	return ""
}

func TestArrowsPointDown(t *testing.T) {
	files := 0
	eachFile(t, func(name string, content []byte) {
		if path.Ext(name) != ".go" || slices.Contains(strings.Split(name, "/"), "testdata") {
			return
		}
		files++
		// Parsed rather than built, so that the files of every platform count.
		set := token.NewFileSet()
		file, err := parser.ParseFile(set, name, content, parser.ImportsOnly)
		if err != nil {
			t.Error(err)
			return
		}
		for _, spec := range file.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			if what := wrong(path.Dir(name), imported, strings.HasSuffix(name, "_test.go")); what != "" {
				t.Errorf("%v: %s: %s", set.Position(spec.Pos()), spec.Path.Value, what)
			}
		}
	})
	if files < 30 {
		t.Errorf("found %d files only", files)
	}
}

func TestArrowsThatPointUpAreFound(t *testing.T) {
	for _, row := range []struct {
		dir, imported string
		test, wrong   bool
	}{
		{"lock", module + "/fs", false, false},
		{"lock", module + "/fs/osfs", false, false},
		{"lock", module + "/fs/aferofs", false, true},
		{"lock", module + "/lock/internal/queue", false, false},
		{"lock", module + "/lock/sqlite", false, true},
		{"lock", module + "/sim", false, true},
		{"lock", module + "/sim", true, false},
		{"lock", "golang.org/x/sys/unix", false, true},
		{"lock", "github.com/spf13/afero", false, true},
		{"lock/internal/fence", module + "/lock", false, false}, // the compiler refuses the cycle
		{"lock/internal/fence", module + "/model", false, true},
		{"lock/sqlite", module + "/lock", false, false},
		{"fs", "io/fs", false, false},
		{"fs", module + "/fs/osfs", false, true},
		{"fs", module + "/lock", false, true},
		{"fs", "golang.org/x/sys/unix", false, true},
		{"fs/osfs", "golang.org/x/sys/unix", false, false},
		{"fs/osfs", "golang.org/x/system", false, true},
		{"fs/osfs", module + "/fs/aferofs", false, true},
		{"sim", module + "/fs", false, false},
		{"sim", module + "/fs/osfs", false, true},
		{"sim/nfs", module + "/lock", false, true},
		{"sim", module + "/sim/scenario", false, true},
		{"sim/scenario", module + "/sim/trace", false, false},
		{"sim/scenario", module + "/bench", false, true},
		{"linearize", module + "/model", false, false},
		{"linearize", module + "/lock", false, true},
		{"model", module + "/linearize", false, true},
		{"bench", module + "/lock/sqlite", false, false},
		{"bench", module + "/sim", false, true},
		{"bench", "github.com/gofrs/flock", false, true},
		{"bench", "github.com/gofrs/flock", true, true},
		{"bench/peers", "github.com/gofrs/flock", false, false},
		{"cmd/holdfast", module + "/bench", false, false},
		{"cmd/holdfast", module + "/model", false, true},
		{"elsewhere", "fmt", false, true},
	} {
		if got := wrong(row.dir, row.imported, row.test); (got != "") != row.wrong {
			t.Errorf("%s imports %s (test: %t): %q", row.dir, row.imported, row.test, got)
		}
	}
}

// TestNothingRefersOutsideTheRepository: a path of the machine on which it was written means nothing elsewhere.
func TestNothingRefersOutsideTheRepository(t *testing.T) {
	outside := []string{"/" + "work/", ".." + "/shared"} // put together, so that this file is none that holds them
	eachFile(t, func(name string, content []byte) {
		if bytes.IndexByte(content[:min(len(content), 8000)], 0) >= 0 {
			return // not a text
		}
		for n, line := range strings.Split(string(content), "\n") {
			for _, word := range outside {
				if strings.Contains(line, word) {
					t.Errorf("%s:%d: %s", name, n+1, strings.TrimSpace(line))
				}
			}
		}
	})
}

// eachFile calls f for the files of the repository.
func eachFile(t *testing.T, f func(name string, content []byte)) {
	t.Helper()
	err := filepath.WalkDir(".", func(name string, d iofs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && name == ".git":
			return filepath.SkipDir
		case !d.Type().IsRegular() || name == ".git": // which in a linked worktree is a file, with the path of the repository
			return nil
		}
		content, err := os.ReadFile(name)
		if err == nil {
			f(filepath.ToSlash(name), content)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
