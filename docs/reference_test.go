package docs_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	iofs "io/fs"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// reference returns the page that has to name everything.
func reference(t *testing.T) string {
	t.Helper()
	return strings.Join(readPage(t, "docs/reference.md").lines, "\n")
}

// mustName fails unless the page has the name in code type, alone or followed by what is no part of it.
func mustName(t *testing.T, page, name string) {
	t.Helper()
	if !regexp.MustCompile("`" + regexp.QuoteMeta(name) + `[^A-Za-z0-9_-]`).MatchString(page) {
		t.Errorf("docs/reference.md does not name `%s`", name)
	}
}

func TestReferenceNamesTheWholeOfPackageLock(t *testing.T) {
	page := reference(t)
	names := exported(t, filepath.Join(root, "lock"))
	for _, name := range []string{"New", "Do", "Timeout", "Lock.TryAcquire", "ErrExpired", "EventBroke", "RecheckInterval"} {
		if !slices.Contains(names, name) {
			t.Fatalf("package lock is said not to have %s: the search is wrong", name)
		}
	}
	for _, name := range names {
		mustName(t, page, name)
	}
}

// exported lists the exported names of the package in a directory; methods that are called by interfaces of the standard library are left out.
func exported(t *testing.T, dir string) []string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	add := func(name string) {
		last := name[strings.LastIndexByte(name, '.')+1:]
		if ast.IsExported(last) && !slices.Contains([]string{"Error", "Unwrap", "String"}, last) || last == name && ast.IsExported(name) {
			names = append(names, name)
		}
	}
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, decl := range file.Decls {
			switch d := decl.(type) {
			case *ast.FuncDecl:
				if receiver := receiverOf(d); receiver == "" {
					add(d.Name.Name)
				} else if ast.IsExported(receiver) {
					add(receiver + "." + d.Name.Name)
				}
			case *ast.GenDecl:
				for _, spec := range d.Specs {
					switch s := spec.(type) {
					case *ast.TypeSpec:
						add(s.Name.Name)
					case *ast.ValueSpec:
						for _, name := range s.Names {
							add(name.Name)
						}
					}
				}
			}
		}
	}
	return names
}

func receiverOf(d *ast.FuncDecl) string {
	if d.Recv == nil {
		return ""
	}
	typ := d.Recv.List[0].Type
	if star, ok := typ.(*ast.StarExpr); ok {
		typ = star.X
	}
	return typ.(*ast.Ident).Name
}

var (
	subcommandPattern = regexp.MustCompile(`(?m)^  ([a-z]+) {2,}`)
	flagPattern       = regexp.MustCompile(`(?m)^ +(?:-\w, )?--([a-z][a-z-]*)`)
	exitCodePattern   = regexp.MustCompile(`(?m)^\| (\d+)(?: \+ n)? \|`)
)

// TestReferenceNamesEveryFlag asks the program itself.
func TestReferenceNamesEveryFlag(t *testing.T) {
	binary := filepath.Join(programs(t), "holdfast")
	help := func(args ...string) string {
		out, err := exec.Command(binary, append(args, "--help")...).CombinedOutput()
		if err != nil {
			t.Fatalf("holdfast %s --help: %v\n%s", strings.Join(args, " "), err, out)
		}
		return string(out)
	}
	page := reference(t)
	found := 0
	for _, m := range subcommandPattern.FindAllStringSubmatch(help(), -1) {
		command := m[1]
		if command == "help" || command == "completion" {
			continue
		}
		found++
		mustName(t, page, "holdfast "+command)
		section := sectionOf(page, "holdfast "+command)
		for _, flag := range flagPattern.FindAllStringSubmatch(help(command), -1) {
			if flag[1] != "help" {
				mustName(t, section+commonFlags(page), "--"+flag[1])
			}
		}
	}
	if found < 5 {
		t.Fatalf("found %d commands in the help text: the search is wrong", found)
	}
}

// sectionOf returns the part of the page under the heading that names a command.
func sectionOf(page, command string) string {
	_, rest, _ := strings.Cut(page, "\n### `"+command)
	section, _, _ := strings.Cut(rest, "\n#")
	return section
}

func commonFlags(page string) string {
	_, rest, _ := strings.Cut(page, "\n### Common flags")
	section, _, _ := strings.Cut(rest, "\n#")
	return section
}

// TestReferenceNamesEveryExitCode compares the table with the constants of the program.
func TestReferenceNamesEveryExitCode(t *testing.T) {
	_, rest, _ := strings.Cut(reference(t), "\n### Exit codes")
	table, _, _ := strings.Cut(rest, "\n#")
	var documented []string
	for _, m := range exitCodePattern.FindAllStringSubmatch(table, -1) {
		documented = append(documented, m[1])
	}
	codes := exitCodes(t)
	if len(codes) < 5 {
		t.Fatalf("found the exit codes %v in the program: the search is wrong", codes)
	}
	for _, code := range codes {
		if !slices.Contains(documented, code) {
			t.Errorf("docs/reference.md does not say what exit code %s means", code)
		}
	}
}

// exitCodes returns the values of the constants named exit… or Exit… in the program.
func exitCodes(t *testing.T) []string {
	t.Helper()
	var codes []string
	err := filepath.WalkDir(filepath.Join(root, "cmd", "holdfast"), func(path string, d iofs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok {
				return true
			}
			for i, name := range spec.Names {
				if !strings.HasPrefix(strings.ToLower(name.Name), "exit") || i >= len(spec.Values) {
					continue
				}
				if value, ok := spec.Values[i].(*ast.BasicLit); ok && value.Kind == token.INT {
					codes = append(codes, value.Value)
				}
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return codes
}
