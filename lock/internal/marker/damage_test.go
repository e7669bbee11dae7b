package marker

import (
	"bytes"
	"slices"
	"strings"
	"testing"
)

// Nobody may be taken for a holder whom the record does not name: not of a record of which only the beginning is there, and of one with a changed byte only as far as the byte
// itself says so.

func TestBeginningOfARecordNamesNoOtherHolder(t *testing.T) {
	for name, content := range wholeRecords(t) {
		r := parsedWhole(name, content)
		for n := range content {
			r.checkBeginning(t, n)
		}
	}
}

func TestChangedByteNamesNoOtherHolder(t *testing.T) {
	for name, content := range wholeRecords(t) {
		r := parsedWhole(name, content)
		for i := range content {
			for b := range 256 {
				r.checkChange(t, i, byte(b))
			}
		}
	}
}

// wholeRecords are those that Python writes and we write.
func wholeRecords(t testing.TB) map[string][]byte {
	whole := contents(t, "written")
	for name, content := range contents(t, "eras") {
		if !strings.HasPrefix(name, "cut_") && !strings.HasPrefix(name, "odd_") {
			whole[name] = content
		}
	}
	return whole
}

// wholeRecord is one that nothing has happened to.
type wholeRecord struct {
	name    string
	content []byte
	Record
	lines map[string][2]int // of each field: where its line begins, and where its last byte is, the end of the line
}

func parsedWhole(name string, content []byte) wholeRecord {
	r := wholeRecord{name, content, Parse(content), make(map[string][2]int)}
	fields := []string{"pid", "host", "start"}
	if bytes.HasPrefix(content, []byte(protocol2)) {
		fields = nil
	}
	first := 0
	for i, line := range bytes.SplitAfter(content, []byte("\n")) {
		field, _, _ := strings.Cut(string(line), "=")
		if i < len(fields) {
			field = fields[i]
		}
		r.lines[field] = [2]int{first, first + len(line) - 1}
		first += len(line)
	}
	return r
}

// in reports whether the byte stands in the line of one of the fields, or ends the line before it.
func (r wholeRecord) in(i int, fields ...string) bool {
	return slices.ContainsFunc(fields, func(field string) bool {
		line, there := r.lines[field]
		return there && line[0]-1 <= i && i <= line[1]
	})
}

// checkBeginning demands that the first n bytes say nothing that the whole record does not.
func (r wholeRecord) checkBeginning(t *testing.T, n int) {
	t.Helper()
	got := Parse(r.content[:n])
	wrong := false
	switch {
	case n == 0:
		wrong = got != Record{Kind: Empty}
	case got.Kind == Malformed:
	case r.Kind == Strict: // whose beginning looks like a record, of a machine that does not exist
		wrong = got.Kind != Soft || got.Host != "" && got.Host != "filelock-strict-v1\x00" || got.Start != ""
	default:
		wrong = got.Kind != r.Kind && got.Kind != Unknown ||
			got.PID != r.PID && got.PID != 0 ||
			got.Host != r.Host && got.Host != "" ||
			got.Start != r.Start && got.Start != "" ||
			got.Token != r.Token && got.Token != "" ||
			got.Duration != r.Duration && got.Duration != 0
	}
	if wrong {
		t.Errorf("%s: %q is %+v, the whole is %+v", r.name, r.content[:n], got, r.Record)
	}
}

// checkChange demands that whatever the record says else when byte i is changed into b stood in the line of this byte, or in that which the byte begins or ends. Of the sentinel
// it demands that it does not become a claim on a machine that exists.
func (r wholeRecord) checkChange(t *testing.T, i int, b byte) {
	t.Helper()
	changed := slices.Clone(r.content)
	changed[i] = b
	got := Parse(changed)
	wrong := false
	switch {
	case got.Kind == Malformed || b == r.content[i]:
	case r.Kind == Strict:
		wrong = got.Kind != Soft || !strings.HasPrefix(got.Host, "filelock-strict-v1") && !r.in(i, "host")
	default:
		another := got.PID != r.PID && got.PID != 0 || got.Host != r.Host && got.Host != ""
		wrong = another && !r.in(i, "pid", "host") ||
			// Another process with the same number; where the line that names the holder came to name another one, a start may have come out of it too.
			!another && got.Start != r.Start && got.Start != "" && !r.in(i, "start") ||
			got.Kind != r.Kind && got.Kind != Unknown && !r.in(i, "mode") ||
			got.Token != r.Token && got.Token != "" && !r.in(i, "token") ||
			got.Duration != r.Duration && got.Duration != 0 && !r.in(i, "duration")
	}
	if wrong {
		t.Errorf("%s: byte %d %q of %q changed into %q: %+v, was %+v", r.name, i, r.content[i], r.content, b, got, r.Record)
	}
}
