package lock_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	iofs "io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// The engine asks the machine through fs.Host alone; whatever it asks behind the host's back, the simulated machine cannot answer. These are the ways around.
var (
	// forbiddenImports, each with what lies below it.
	forbiddenImports = []string{"os", "syscall", "net", "unsafe", "math/rand", "crypto/rand", "plugin", "golang.org/x/sys"}
	// forbiddenNames are used through the package that they belong to. A name that ends in * stands for all that begin so.
	forbiddenNames = map[string][]string{
		"time":    {"Now", "Sleep", "After", "AfterFunc", "NewTimer", "NewTicker", "Tick", "Since", "Until"},
		"context": {"WithCancel*", "WithTimeout*", "WithDeadline*", "AfterFunc"},
		"sync":    {"Cond", "NewCond", "WaitGroup"},
		"runtime": {"SetFinalizer", "AddCleanup", "GC", "Gosched", "Goexit", "LockOSThread"},
		"signal":  {"*"},
	}
)

const (
	osfsImport = "github.com/holdfast-lock/holdfast/fs/osfs"
	hostFile   = "host.go" // may import it, being the one place where the engine names the operating system
)

func TestEngineAsksTheMachineThroughTheHostAlone(t *testing.T) {
	files := 0
	err := filepath.WalkDir(".", func(path string, d iofs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && d.Name() == "testdata":
			return filepath.SkipDir
		case d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go"):
			return nil
		}
		source, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		files++
		for _, v := range waysAround(t, filepath.ToSlash(path), string(source)) {
			t.Error(v)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if files < 10 {
		t.Errorf("found %d files only", files)
	}
}

// TestWaysAroundAreFound: in testdata/ways_around.go every line that ends in "// bad" is one.
func TestWaysAroundAreFound(t *testing.T) {
	const path = "testdata/ways_around.go"
	source, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for i, line := range strings.Split(string(source), "\n") {
		if strings.HasSuffix(line, "// bad") {
			want = append(want, fmt.Sprintf("%s:%d:", path, i+1))
		}
	}
	got := waysAround(t, path, string(source))
	for _, prefix := range want {
		if !slices.ContainsFunc(got, func(v string) bool { return strings.HasPrefix(v, prefix) }) {
			t.Errorf("%s is not found", prefix)
		}
	}
	for _, v := range got {
		if !slices.ContainsFunc(want, func(prefix string) bool { return strings.HasPrefix(v, prefix) }) {
			t.Errorf("found although it is none: %s", v)
		}
	}
	if len(want) == 0 {
		t.Error("no line says that it is one")
	}
}

// waysAround lists the ways around the host in one file, each with its place and its line. A way around that is reached through a value, such as a function of package time kept
// in a variable, is found where the function is named.
func waysAround(t *testing.T, path, source string) []string {
	t.Helper()
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, path, source, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(source, "\n")
	var found []string
	report := func(at token.Pos, what string) {
		line := files.Position(at).Line
		found = append(found, fmt.Sprintf("%s:%d: %s: %s", path, line, what, strings.TrimSpace(lines[line-1])))
	}

	packages := map[string]string{} // by the name that they have in this file
	for _, spec := range file.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			t.Fatal(err)
		}
		name := imported[strings.LastIndexByte(imported, '/')+1:]
		if spec.Name != nil {
			name = spec.Name.Name
		}
		packages[name] = imported
		switch {
		case name == ".":
			report(spec.Pos(), "imports names that cannot be told apart")
		case imported == osfsImport && path != hostFile:
			report(spec.Pos(), "imports the operating system's host")
		case slices.ContainsFunc(forbiddenImports, func(f string) bool { return imported == f || strings.HasPrefix(imported, f+"/") }):
			report(spec.Pos(), "imports what the host stands for")
		}
	}

	for _, group := range file.Comments {
		for _, c := range group.List {
			if strings.HasPrefix(c.Text, "//go:linkname") {
				report(c.Pos(), "reaches into another package")
			}
		}
	}
	looks := map[ast.Node]bool{} // the channel operations that do not wait
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GoStmt:
			report(n.Pos(), "starts a goroutine that is no task of the host")
		case *ast.SelectStmt:
			if !waits(n) {
				for _, clause := range n.Body.List {
					looks[clause.(*ast.CommClause).Comm] = true
				}
				break
			}
			report(n.Pos(), "waits other than through the host")
		case ast.Stmt:
			if looks[n] {
				return false
			}
			if _, ok := n.(*ast.SendStmt); ok {
				report(n.Pos(), "waits other than through the host")
			}
		case *ast.UnaryExpr:
			if n.Op == token.ARROW {
				report(n.Pos(), "waits other than through the host")
			}
		case *ast.SelectorExpr:
			if pkg, ok := n.X.(*ast.Ident); ok && forbidden(packages[pkg.Name], n.Sel.Name) {
				report(n.Pos(), "uses "+packages[pkg.Name]+"."+n.Sel.Name)
			}
		}
		return true
	})
	return found
}

// waits reports whether a select statement has no default.
func waits(s *ast.SelectStmt) bool {
	return !slices.ContainsFunc(s.Body.List, func(clause ast.Stmt) bool { return clause.(*ast.CommClause).Comm == nil })
}

func forbidden(pkg, name string) bool {
	return slices.ContainsFunc(forbiddenNames[pkg], func(f string) bool {
		begins, wild := strings.CutSuffix(f, "*")
		return name == f || wild && strings.HasPrefix(name, begins)
	})
}
