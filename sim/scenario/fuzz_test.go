package scenario

import (
	"errors"
	"strings"
	"testing"
)

// FuzzParse: whatever a file says, it is read or refused with an error that says where, and what was read comes back from how it is printed.
func FuzzParse(f *testing.F) {
	for _, name := range Library() {
		text, err := LibraryFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		s, err := Parse("x", text)
		if err != nil {
			e, ok := errors.AsType[*Error](err)
			if !ok || e.Line > strings.Count(string(text), "\n")+1 || strings.Contains(err.Error(), "\n") {
				t.Fatalf("%q is refused with %q", text, err)
			}
			return
		}
		printed := s.String()
		again, err := Parse("x", []byte(printed))
		if err != nil {
			t.Fatalf("%q is printed as %q: %v", text, printed, err)
		}
		if !s.Equal(again) {
			t.Fatalf("%q is printed as %q, which comes back as another one", text, printed)
		}
		if second := again.String(); second != printed {
			t.Fatalf("%q is printed as %q, and that as %q", text, printed, second)
		}
	})
}
