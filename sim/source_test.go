package sim_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// Everything that the machine may use. What is not here has to be shown first to be the same in every process: hash/maphash and math/rand are not, and sync waits behind the scheduler's back.
var imports = []string{
	"bytes", "context", "encoding/binary", "encoding/json", "errors", "fmt", "io", "io/fs", "iter", "math", "math/bits", "os", "path", "runtime/debug", "slices", "strconv", "strings", "syscall", "text/tabwriter", "time",
	"github.com/holdfast-lock/holdfast/fs", "github.com/holdfast-lock/holdfast/sim/disk",
}

// Of these packages it may use no more than what has to do with no clock, no place and no real machine.
var parts = map[string][]string{
	"time": {"Time", "Duration", "Month", "Date", "January", "UTC", "Unix", "RFC3339Nano", "Nanosecond", "Microsecond", "Millisecond", "Second", "Minute", "Hour"},
	"os":   {"LinkError"},
}

// leaks returns what in a file of the machine could differ from one run to the next.
func leaks(set *token.FileSet, file *ast.File) []string {
	var found []string
	engine := filepath.Base(set.Position(file.Pos()).Filename) == "engine.go" // the one that hands tasks the processor
	at := func(n ast.Node, what string) { found = append(found, set.Position(n.Pos()).String()+": "+what) }
	for _, spec := range file.Imports {
		if name, _ := strconv.Unquote(spec.Path.Value); !slices.Contains(imports, name) {
			at(spec, "imports "+name)
		}
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.MapType:
			at(n, "a map: the order of its keys differs from run to run; a slice serves")
		case *ast.SelectStmt:
			at(n, "select: which case it takes is drawn at random")
		case *ast.GoStmt:
			if !engine {
				at(n, "go: a goroutine runs when it likes; a task does not")
			}
		case *ast.ChanType:
			if !engine {
				at(n, "a channel waits behind the scheduler's back")
			}
		case *ast.SelectorExpr:
			if x, ok := n.X.(*ast.Ident); ok && parts[x.Name] != nil && !slices.Contains(parts[x.Name], n.Sel.Name) {
				at(n, x.Name+"."+n.Sel.Name)
			}
		case *ast.BasicLit:
			if n.Kind == token.STRING && strings.Contains(n.Value, "%p") {
				at(n, "%p: a pointer differs from run to run")
			}
		}
		return true
	})
	return found
}

func TestNothingOfTheMachineDiffersFromRunToRun(t *testing.T) {
	files := 0
	for _, dir := range []string{".", "disk"} {
		names, err := filepath.Glob(filepath.Join(dir, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			files++
			set := token.NewFileSet()
			file, err := parser.ParseFile(set, name, nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			for _, leak := range leaks(set, file) {
				t.Error(leak)
			}
		}
	}
	if files < 30 {
		t.Errorf("found %d files only", files)
	}
}

func TestLeaksAreFound(t *testing.T) {
	for source, want := range map[string]string{
		`import "math/rand/v2"`:                           "imports math/rand/v2",
		`import "hash/maphash"`:                           "imports hash/maphash",
		`import "sync"`:                                   "imports sync",
		`import "os"; var pid = os.Getpid()`:              "os.Getpid",
		`import "time"; var t = time.Now()`:               "time.Now",
		`import "time"; func f() { time.Sleep(0) }`:       "time.Sleep",
		`import "time"; var t time.Duration`:              "",
		`var m = map[string]int{}`:                        "a map",
		`func f(m map[int]int) { for range m {} }`:        "a map",
		`func f() { select {} }`:                          "select",
		`func f() { go f() }`:                             "go:",
		`var c chan int`:                                  "a channel",
		`import "fmt"; func f() { fmt.Sprintf("%p", f) }`: "%p",
		`import "fmt"; func f() { fmt.Sprint(1) }`:        "",
	} {
		set := token.NewFileSet()
		file, err := parser.ParseFile(set, "f.go", "package sim; "+source, parser.SkipObjectResolution)
		if file == nil {
			t.Fatal(err)
		}
		got := strings.Join(leaks(set, file), "\n")
		if (got == "") != (want == "") || !strings.Contains(got, want) {
			t.Errorf("%s: found %q, want %q", source, got, want)
		}
	}
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, "engine.go", "package sim; var c chan int; func f() { go f() }", parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	if got := leaks(set, file); len(got) > 0 {
		t.Errorf("the engine is refused what it is for: %q", got)
	}
}
