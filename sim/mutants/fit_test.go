package mutants

import (
	"bytes"
	"errors"
	"go/format"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const root = "../.."

func all(t *testing.T) []*Mutant {
	t.Helper()
	list, err := All()
	if err != nil {
		t.Fatal(err)
	}
	if len(list) < 15 {
		t.Fatalf("the library has %d mutants only", len(list))
	}
	return list
}

func TestEveryMutantFitsTheEngineAndBuilds(t *testing.T) {
	for _, m := range all(t) {
		t.Run(m.Name, func(t *testing.T) {
			t.Parallel()
			files, err := m.Apply(root)
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range files {
				real, err := os.ReadFile(filepath.Join(root, f.Path))
				if err != nil {
					t.Fatal(err)
				}
				if bytes.Equal(real, f.Text) {
					t.Errorf("%s is as it was", f.Path)
				}
				if formatted, err := format.Source(f.Text); err != nil || !bytes.Equal(formatted, f.Text) {
					t.Errorf("%s is not as gofmt has it: %v", f.Path, err)
				}
			}
			overlay, err := m.Overlay(root, t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			build := exec.Command("go", "build", "-overlay", overlay, "./lock/...")
			build.Dir = root
			if out, err := build.CombinedOutput(); err != nil {
				t.Errorf("%v: %v\n%s", build, err, out)
			}
		})
	}
}

func TestMutantsDiffer(t *testing.T) {
	seen := make(map[string]string)
	for _, m := range all(t) {
		files, err := m.Apply(root)
		if err != nil {
			t.Fatal(err)
		}
		var text strings.Builder
		for _, f := range files {
			text.WriteString(f.Path + "\n" + string(f.Text))
		}
		if other, ok := seen[text.String()]; ok {
			t.Errorf("%s and %s are the same", other, m.Name)
		}
		seen[text.String()] = m.Name
	}
}

// TestMutantWhoseStepHasChangedIsNamed: code that moves on must not leave a mutant behind that mutates nothing.
func TestMutantWhoseStepHasChangedIsNamed(t *testing.T) {
	dir := t.TempDir()
	const code = "package lock\n\nfunc a() {\n\tb()\n\tc()\n}\n\nfunc d() {\n\tb()\n\te()\n}\n"
	if err := os.Mkdir(filepath.Join(dir, "lock"), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "lock", "a.go"), []byte(code), 0o666); err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		name, old string
		times     int
		want      []string // in the error
	}{
		{"fits", "\tb()\n\tc()\n", 1, nil},
		{"first line", "package lock\n", 1, nil},
		{"twice", "\tb()\n", 2, []string{"there 2 times"}},
		{"other line", "\tb()\n\tf()\n", 0, []string{`not there from "f()" on`}},
		{"not in a row", "\tc()\n\te()\n", 0, []string{`not there from "e()" on`}},
		{"part of a line", "b()\n\tc()\n", 0, []string{`not there from "b()" on`}},
		{"other file", "\tb()\n", 0, []string{"which is not there"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			m := &Mutant{Name: "weak", Changes: []Change{{"lock/a.go", row.old, "\tg()\n"}}}
			if row.name == "other file" {
				m.Changes[0].File = "lock/b.go"
			}
			overlay, err := m.Overlay(dir, t.TempDir())
			if row.want == nil {
				if err != nil {
					t.Fatal(err)
				}
				if _, err := os.Stat(overlay); err != nil {
					t.Error(err)
				}
				return
			}
			if err == nil {
				t.Fatal("fits")
			}
			for _, want := range append(row.want, "mutant weak", m.Changes[0].File, "weak.txtar") {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q does not say %q", err, want)
				}
			}
			if fit, ok := errors.AsType[*FitError](err); ok && fit.Times != row.times {
				t.Errorf("there %d times instead of %d", fit.Times, row.times)
			}
		})
	}
}

func TestChangesOfOneFileAddUp(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "a.go"), []byte("a\nb\nc\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	m := &Mutant{Name: "weak", Changes: []Change{{"a.go", "a\n", "x\ny\n"}, {"a.go", "c\n", ""}}}
	files, err := m.Apply(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(files) != 1 || string(files[0].Text) != "x\ny\nb\n" {
		t.Errorf("%q", files)
	}
}

func TestOverlayIsTheSameEachTime(t *testing.T) {
	dir := t.TempDir()
	m, err := Named("takeover-from-anybody")
	if err != nil {
		t.Fatal(err)
	}
	var first []byte
	for range 3 {
		overlay, err := m.Overlay(root, dir)
		if err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(overlay)
		if err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = text
		}
		if !bytes.Equal(first, text) {
			t.Errorf("%s\nand\n%s", first, text)
		}
	}
}

func TestUnknownMutantNamesTheKnown(t *testing.T) {
	_, err := Named("none")
	if err == nil || !strings.Contains(err.Error(), "unlink-after-unlock") {
		t.Error(err)
	}
}
