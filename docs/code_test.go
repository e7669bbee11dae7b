package docs_test

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// A block whose language is go is either a whole program, or the body of a function in which the names of prelude are known. A program that is
// followed by a block "text output" is run, and must print that.

// prelude declares what the fragments use without declaring it.
const prelude = `package fragment

import (
	"context"
	"os"

	"github.com/holdfast-lock/holdfast/fs"
	"github.com/holdfast-lock/holdfast/lock"
)

var (
	ctx  context.Context
	err  error
	l    *lock.Lock
	h    *lock.Hold
	f    *os.File
	host fs.Host
)
`

// imports are the packages that a fragment may use, by name.
var imports = map[string]string{
	"context": "context", "errors": "errors", "exec": "os/exec", "fmt": "fmt", "iofs": "io/fs", "log": "log", "os": "os", "slog": "log/slog",
	"sql": "database/sql", "sync": "sync", "syscall": "syscall", "testing": "testing", "time": "time",
	"fs":       "github.com/holdfast-lock/holdfast/fs",
	"fstest":   "github.com/holdfast-lock/holdfast/fs/fstest",
	"lock":     "github.com/holdfast-lock/holdfast/lock",
	"locktest": "github.com/holdfast-lock/holdfast/lock/locktest",
	"osfs":     "github.com/holdfast-lock/holdfast/fs/osfs",
}

func TestGoBlocksCompile(t *testing.T) {
	module := newModule(t)
	where := make(map[string]block)
	type run struct {
		dir  string
		want block
	}
	var runs []run
	for _, p := range pages(t) {
		all := p.blocks(t)
		for i, b := range all {
			if b.info != "go" {
				continue
			}
			dir := fmt.Sprintf("b%d", len(where))
			where[dir] = b
			if strings.HasPrefix(b.text, "package main\n") {
				module.write(t, dir+"/main.go", b.text)
				if i+1 < len(all) && all[i+1].info == "text output" {
					runs = append(runs, run{dir, all[i+1]})
				}
				continue
			}
			module.write(t, dir+"/prelude.go", prelude)
			module.write(t, dir+"/block.go", fragment(t, b))
		}
	}
	if len(where) == 0 || len(runs) == 0 {
		t.Fatalf("found %d Go blocks and %d outputs: the search is wrong", len(where), len(runs))
	}
	if out, err := module.goTool("vet", "./..."); err != nil {
		t.Errorf("go vet: %v\n%s", err, out)
		for _, dir := range regexp.MustCompile(`b\d+`).FindAllString(out, -1) {
			if b, ok := where[dir]; ok {
				t.Logf("%s is %s:%d", dir, b.page, b.line)
				delete(where, dir)
			}
		}
		return
	}
	for _, r := range runs {
		t.Run(fmt.Sprintf("%s:%d", r.want.page, r.want.line), func(t *testing.T) {
			t.Parallel()
			binary := filepath.Join(t.TempDir(), "program")
			if out, err := module.goTool("build", "-o", binary, "./"+r.dir); err != nil {
				t.Fatalf("go build: %v\n%s", err, out)
			}
			program := exec.Command(binary)
			program.Dir = t.TempDir()
			got, err := program.CombinedOutput()
			if err != nil || string(got) != r.want.text {
				t.Errorf("%v; the program printed\n%swhere the page says\n%s", err, got, r.want.text)
			}
		})
	}
}

// fragment makes a file of a block that is the body of a function, or consists of declarations.
func fragment(t *testing.T, b block) string {
	t.Helper()
	body := b.text
	_, err := parser.ParseFile(token.NewFileSet(), "", "package p\n"+body, parser.SkipObjectResolution)
	if err != nil {
		body = function(t, b)
	}
	var used []string
	for _, m := range regexp.MustCompile(`\b([a-z]+)\.[A-Z]`).FindAllStringSubmatch(body, -1) {
		if imports[m[1]] != "" && !slices.Contains(used, m[1]) {
			used = append(used, m[1])
		}
	}
	var file strings.Builder
	file.WriteString("package fragment\n\n")
	for _, name := range used {
		fmt.Fprintf(&file, "import %s %q\n", name, imports[name])
	}
	return file.String() + "\n" + body
}

// function makes a function of the body. What it declares counts as used, as it will be by what the reader goes on to write.
func function(t *testing.T, b block) string {
	t.Helper()
	const head = "package p\nfunc _() error {\n"
	file, err := parser.ParseFile(token.NewFileSet(), "", head+b.text+"}\n", parser.SkipObjectResolution)
	if err != nil {
		t.Fatalf("%s:%d: %v", b.page, b.line, err)
	}
	statements := file.Decls[0].(*ast.FuncDecl).Body.List
	before, last := b.text, "return nil\n"
	if r, ok := statements[len(statements)-1].(*ast.ReturnStmt); ok {
		end := int(r.Pos()) - 1 - len(head)
		before, last = b.text[:end], b.text[end:]
	}
	for _, s := range statements {
		a, ok := s.(*ast.AssignStmt)
		if !ok || a.Tok != token.DEFINE {
			continue
		}
		for _, name := range a.Lhs {
			if name := name.(*ast.Ident).Name; name != "_" {
				before += "_ = " + name + "\n"
			}
		}
	}
	return "func _() error {\n" + before + last + "}\n"
}

// module is a Go module outside of the repository that uses it.
type module struct{ dir string }

func newModule(t *testing.T) module {
	t.Helper()
	repository, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	m := module{t.TempDir()}
	for _, name := range []string{"go.mod", "go.sum"} { // the same versions of everything
		b, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		m.write(t, name, string(b))
	}
	const holdfast = "github.com/holdfast-lock/holdfast"
	out, err := m.goTool("mod", "edit", "-module=example.com/docs", "-require="+holdfast+"@v0.0.0", "-replace="+holdfast+"="+repository)
	if err != nil {
		t.Fatalf("go mod edit: %v\n%s", err, out)
	}
	return m
}

func (m module) write(t *testing.T, name, content string) {
	t.Helper()
	path := filepath.Join(m.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o666); err != nil {
		t.Fatal(err)
	}
}

// goTool runs the go command in the module and returns what it said.
func (m module) goTool(args ...string) (string, error) {
	cmd := exec.Command("go", args...)
	cmd.Dir = m.dir
	cmd.Env = append(os.Environ(), "GOFLAGS=-mod=mod", "GOWORK=off")
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	return out.String(), err
}
