package campaign

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/go/packages"
)

// judged are the packages that run in the machine, draw what does, or judge it. The machine itself is held to more, by its own test.
var judged = []string{"fs", "lock", "lock/internal/...", "model", "linearize", "sim/scenario", "sim/scenario/property", "sim/scenario/campaign"}

// outside are files of these packages that run where nothing is deterministic: with real processes.
var outside = []string{"sim/scenario/on.go", "sim/scenario/on_*.go", "sim/scenario/worker.go"}

// harmless says where what could differ from run to run can make no difference, by file and function.
var harmless = map[string]string{
	"lock/options.go differences":                  "scenarios give no logger",
	"linearize/check.go check":                     "bounds how long a check takes, of which the hash knows nothing",
	"linearize/check.go linearize":                 "the same",
	"sim/scenario/campaign/explore.go run":         "the workers of a campaign share no world",
	"sim/scenario/campaign/explore.go watch":       "shows how far a campaign has come",
	"sim/scenario/campaign/explore.go report":      "copies counts, and says how long it took",
	"sim/scenario/campaign/explore.go newExplorer": "begins to count how long it takes",
	"sim/scenario/campaign/exhaust.go Exhaust":     "shows how far a search has come",
	"sim/scenario/campaign/report.go add":          "adds counts up",
	"sim/scenario/campaign/sensible.go forItself":  "asks whether any is so",
}

// behind are what gives another answer in every process, by package. A * stands for everything but the names after it.
var behind = map[string][]string{
	"time":         {"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "Tick", "NewTicker", "NewTimer"},
	"math/rand/v2": {"*", "New", "NewPCG", "NewChaCha8", "Rand", "Source", "PCG", "ChaCha8"},
	"runtime":      {"SetFinalizer", "AddCleanup"},
	"sync":         {"Pool"},
}

// never are packages with nothing in them that is the same in every process.
var never = []string{"math/rand", "crypto/rand", "hash/maphash", "unsafe"}

const leaky = "sim/scenario/campaign/testdata/leaks"

// load loads packages of the module, and calls f for each file, with its path below the root.
func load(t *testing.T, f func(p *packages.Package, file *ast.File, path string), dirs ...string) {
	t.Helper()
	root, err := filepath.Abs("../../..")
	if err != nil {
		t.Fatal(err)
	}
	for i, dir := range dirs {
		dirs[i] = "./" + dir
	}
	loaded, err := packages.Load(&packages.Config{Mode: packages.NeedName | packages.NeedFiles | packages.NeedSyntax | packages.NeedTypes | packages.NeedTypesInfo | packages.NeedImports, Dir: root}, dirs...)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range loaded {
		for _, err := range p.Errors {
			t.Fatal(err)
		}
		for _, file := range p.Syntax {
			path, err := filepath.Rel(root, p.Fset.Position(file.Pos()).Filename)
			if err != nil {
				t.Fatal(err)
			}
			f(p, file, filepath.ToSlash(path))
		}
	}
}

// leak is a place where two runs of a seed could come to differ.
type leak struct {
	at   token.Pos
	what string
}

// leaks returns those of a declaration.
func leaks(info *types.Info, decl ast.Node) (found []leak) {
	add := func(n ast.Node, what string) { found = append(found, leak{n.Pos(), what}) }
	sorted := make(map[ast.Node]bool)
	ast.Inspect(decl, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.ImportSpec:
			if name := strings.Trim(n.Path.Value, `"`); slices.Contains(never, name) {
				add(n, "imports "+name)
			}
		case *ast.RangeStmt:
			if _, isMap := info.TypeOf(n.X).Underlying().(*types.Map); isMap {
				add(n, "ranges over a map, in an order that differs from run to run")
			}
		case *ast.SelectStmt:
			cases := slices.DeleteFunc(slices.Clone(n.Body.List), func(s ast.Stmt) bool { return s.(*ast.CommClause).Comm == nil })
			if len(cases) > 1 {
				add(n, "selects one of several cases, at random")
			}
		case *ast.GoStmt:
			add(n, "starts a goroutine, which runs when it likes")
		case *ast.CallExpr:
			if isOf(info, n.Fun, "slices", "Sorted") && len(n.Args) == 1 {
				if c, ok := n.Args[0].(*ast.CallExpr); ok {
					sorted[c.Fun] = true
				}
			}
		case *ast.SelectorExpr:
			if isOf(info, n, "maps", "Keys", "Values", "All") && !sorted[n] {
				add(n, "ranges over a map, in an order that differs from run to run")
			}
			for name, list := range behind {
				if list[0] == "*" && isOf(info, n, name) && !isOf(info, n, name, list[1:]...) || list[0] != "*" && isOf(info, n, name, list...) {
					add(n, "uses "+name+"."+n.Sel.Name)
				}
			}
			if isOf(info, n, "unsafe") {
				add(n, "uses unsafe."+n.Sel.Name)
			}
		case *ast.BasicLit:
			if n.Kind == token.STRING && strings.Contains(n.Value, "%p") {
				add(n, "writes a pointer")
			}
		}
		return true
	})
	return found
}

// isOf reports whether an expression names one of the names of a package, or anything of it if none are given.
func isOf(info *types.Info, e ast.Expr, pkg string, names ...string) bool {
	s, ok := e.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	x, ok := s.X.(*ast.Ident)
	if !ok {
		return false
	}
	p, ok := info.Uses[x].(*types.PkgName)
	return ok && p.Imported().Path() == pkg && (len(names) == 0 || slices.Contains(names, s.Sel.Name))
}

func TestNothingThatIsJudgedDiffersFromRunToRun(t *testing.T) {
	files, met := 0, make(map[string]bool)
	load(t, func(p *packages.Package, file *ast.File, path string) {
		if slices.ContainsFunc(outside, func(pattern string) bool { ok, _ := filepath.Match(pattern, path); return ok }) {
			return
		}
		files++
		for _, decl := range file.Decls {
			place := path
			if f, ok := decl.(*ast.FuncDecl); ok {
				place += " " + f.Name.Name
			}
			for _, l := range leaks(p.TypesInfo, decl) {
				if met[place] = true; harmless[place] == "" {
					t.Errorf("%v: %s: %s", p.Fset.Position(l.at), place, l.what)
				}
			}
		}
	}, slices.Clone(judged)...)
	for place := range harmless {
		if !met[place] {
			t.Errorf("%s is said to be harmless, and there is nothing", place)
		}
	}
	if files < 60 {
		t.Errorf("found %d files only", files)
	}
}

// TestLeaksAreFound: in the package every line that ends in "// leaks" does.
func TestLeaksAreFound(t *testing.T) {
	seen := false
	load(t, func(p *packages.Package, file *ast.File, _ string) {
		seen = true
		var got, want []int
		for _, l := range leaks(p.TypesInfo, file) {
			got = append(got, p.Fset.Position(l.at).Line)
		}
		source, err := os.ReadFile(p.Fset.Position(file.Pos()).Filename)
		if err != nil {
			t.Fatal(err)
		}
		for i, line := range bytes.Split(source, []byte("\n")) {
			if bytes.HasSuffix(line, []byte("// leaks")) {
				want = append(want, i+1)
			}
		}
		slices.Sort(got)
		if got = slices.Compact(got); !slices.Equal(got, want) {
			t.Errorf("found in lines %s\nwant lines %s", fmt.Sprint(got), fmt.Sprint(want))
		}
	}, leaky)
	if !seen {
		t.Fatal("no file was loaded")
	}
}
