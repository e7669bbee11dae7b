package claim

import (
	"bytes"
	"flag"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/holdfast-lock/holdfast/lock/internal/marker"
)

var update = flag.Bool("update", false, "record what is written")

const (
	token        = "0123456789abcdef0123456789abcdef"
	bootAndStart = "4631868398881674110050848111297228460556124352729812367065"
)

// eras has, for the files of testdata/eras, what they say. Names begin with the version of Python's filelock that first wrote such a record.
var eras = map[string]Record{
	"3.30_linux":        {token, 10858, "vm", bootAndStart},
	"3.30_windows":      {token, 10858, "DESKTOP-4711", "133987654321098765"},
	"3.30_macos":        {token, 10858, "mac.local", "1788254123456789"},
	"3.30_freebsd":      {token, 10858, "vm", ""},
	"3.30_host-in-utf8": {token, 1<<31 - 1, "büro-3", "0"},
	"3.30_no-host":      {token, 1, "", "4711"},
}

// written has, for the files of testdata/written, what they were made of.
var written = map[string]Record{
	"with-start":    {token, 10858, "vm", bootAndStart},
	"without-start": {token, 10858, "web-3.example.org", ""},
}

func contents(t testing.TB, folder string) map[string][]byte {
	t.Helper()
	entries, err := os.ReadDir(filepath.Join("testdata", folder))
	if err != nil {
		t.Fatal(err)
	}
	files := make(map[string][]byte)
	for _, e := range entries {
		if files[e.Name()], err = os.ReadFile(filepath.Join("testdata", folder, e.Name())); err != nil {
			t.Fatal(err)
		}
	}
	return files
}

func TestRecordsOfEveryEraAreReadAndWrittenAlike(t *testing.T) {
	files := contents(t, "eras")
	if !maps.EqualFunc(files, eras, func([]byte, Record) bool { return true }) {
		t.Errorf("testdata/eras has %v", slices.Sorted(maps.Keys(files)))
	}
	for name, want := range eras {
		got, err := Parse(files[name], token)
		if err != nil || got != want {
			t.Errorf("%s: %+v, %v, want %+v", name, got, err, want)
		}
		again, err := want.Encode()
		if err != nil || !bytes.Equal(again, files[name]) {
			t.Errorf("%s: written %q, %v, is %q", name, again, err, files[name])
		}
	}
}

func TestRecordsAreWrittenAsRecorded(t *testing.T) {
	for name, r := range written {
		content, err := r.Encode()
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join("testdata", "written", name)
		if *update {
			if err := os.WriteFile(path, content, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if recorded, err := os.ReadFile(path); err != nil || !bytes.Equal(recorded, content) {
			t.Errorf("%s: wrote %q, recorded is %q, %v", name, content, recorded, err)
		}
	}
}

func TestWhatIsNotExactlyARecordIsRefused(t *testing.T) {
	const tail = "\n10858\n766d\n4711\n"
	for name, row := range map[string]struct{ content, want string }{
		"nothing":              {"", "not five lines"},
		"end missing":          {strings.TrimSuffix(magic+"\n"+token+tail, "\n"), "not five lines"},
		"a line more":          {magic + "\n" + token + tail + "\n", "not five lines"},
		"too long":             {magic + "\n" + token + "\n1\n" + strings.Repeat("61", 500) + "\n\n", "longer than 1024 bytes"},
		"Windows lines":        {strings.ReplaceAll(magic+"\n"+token+tail, "\n", "\r\n"), `"filelock-strict-v1\r" instead of filelock-strict-v1`},
		"another version":      {"filelock-strict-v2\n" + token + tail, `"filelock-strict-v2" instead of filelock-strict-v1`},
		"sentinel":             {marker.Sentinel, "not five lines"},
		"another token":        {magic + "\nf" + token[1:] + tail, `token "f` + token[1:] + `" is not that of the name, "` + token + `"`},
		"pid with zeros":       {magic + "\n" + token + "\n010858\n766d\n4711\n", `no process id: "010858"`},
		"pid with a sign":      {magic + "\n" + token + "\n+10858\n766d\n4711\n", `no process id: "+10858"`},
		"pid 0":                {magic + "\n" + token + "\n0\n766d\n4711\n", `no process id: "0"`},
		"pid too large":        {magic + "\n" + token + "\n2147483648\n766d\n4711\n", `no process id: "2147483648"`},
		"pid is long text":     {magic + "\n" + token + "\n" + strings.Repeat("x", 100) + "\n766d\n4711\n", `no process id: "` + strings.Repeat("x", 40) + `"`},
		"host in clear":        {magic + "\n" + token + "\n10858\nvm\n4711\n", `no host name in lower-case hexadecimal digits: "vm"`},
		"upper case":           {magic + "\n" + token + "\n10858\n766D\n4711\n", `no host name in lower-case hexadecimal digits: "766D"`},
		"blank in the host":    {magic + "\n" + token + "\n10858\n762076\n4711\n", `no host name in lower-case hexadecimal digits: "762076"`},
		"no-break space":       {magic + "\n" + token + "\n10858\n76c2a076\n4711\n", `no host name in lower-case hexadecimal digits: "76c2a076"`},
		"line in the host":     {magic + "\n" + token + "\n10858\n760a76\n4711\n", `no host name in lower-case hexadecimal digits: "760a76"`},
		"host not UTF-8":       {magic + "\n" + token + "\n10858\n76ff\n4711\n", `no host name in lower-case hexadecimal digits: "76ff"`},
		"host with zero width": {magic + "\n" + token + "\n10858\n76e2808b\n4711\n", `no host name in lower-case hexadecimal digits: "76e2808b"`},
		"start with zeros":     {magic + "\n" + token + "\n10858\n766d\n04711\n", `no start of a process: "04711"`},
		"start negative":       {magic + "\n" + token + "\n10858\n766d\n-4711\n", `no start of a process: "-4711"`},
		"start is text":        {magic + "\n" + token + "\n10858\n766d\ntuesday\n", `no start of a process: "tuesday"`},
		"start is a blank":     {magic + "\n" + token + "\n10858\n766d\n \n", `no start of a process: " "`},
	} {
		if got, err := Parse([]byte(row.content), token); err == nil || err.Error() != "claim: "+row.want || got != (Record{}) {
			t.Errorf("%s: %+v, %v, want %s", name, got, err, row.want)
		}
	}
	const short = "0123"
	if got, err := Parse([]byte(magic+"\n"+short+tail), short); err == nil {
		t.Errorf("a short token: %+v", got)
	}
}

func TestLongestRecord(t *testing.T) {
	const rest = len(magic) + 1 + len(token) + 1 + len("1\n") + len("766d\n") + 1
	r := Record{token, 1, "vm", marker.StartToken(strings.Repeat("1", MaxSize-rest))}
	content, err := r.Encode()
	if err != nil || len(content) != MaxSize {
		t.Fatalf("%d bytes: %v", len(content), err)
	}
	if got, err := Parse(content, token); err != nil || got != r {
		t.Errorf("%+v, %v", got, err)
	}
	r.Start += "1"
	if content, err := r.Encode(); err == nil {
		t.Errorf("%d bytes are written", len(content))
	}
}

func TestWhatReadersWouldRefuseIsNotWritten(t *testing.T) {
	for name, change := range map[string]func(r *Record){
		"short token":             func(r *Record) { r.Token = "0123" },
		"upper-case token":        func(r *Record) { r.Token = strings.ToUpper(token) },
		"no pid":                  func(r *Record) { r.PID = 0 },
		"pid too large":           func(r *Record) { r.PID = 1 << 31 },
		"blank in the host":       func(r *Record) { r.Host = "my host" },
		"host not UTF-8":          func(r *Record) { r.Host = "v\xff" },
		"host too long":           func(r *Record) { r.Host = strings.Repeat("v", 500) },
		"line in the start":       func(r *Record) { r.Start = "1\n2" },
		"negative start":          func(r *Record) { r.Start = "-4711" },
		"start in other spelling": func(r *Record) { r.Start = "+4711" },
	} {
		r := Record{token, 10858, "vm", "4711"}
		change(&r)
		if content, err := r.Encode(); err == nil || content != nil || !strings.HasPrefix(err.Error(), "cannot be written: claim: ") {
			t.Errorf("%s: %q, %v", name, content, err)
		}
	}
}

func TestBeginningOfARecordIsRefused(t *testing.T) {
	for name, content := range contents(t, "eras") {
		for n := range content {
			if got, err := Parse(content[:n], token); err == nil {
				t.Errorf("%s: the first %d bytes are %+v", name, n, got)
			}
		}
	}
}

// TestChangedByteChangesItsFieldAlone: nothing tells that a digit became another one, but what it says must be what the line of the digit says, and nothing else.
func TestChangedByteChangesItsFieldAlone(t *testing.T) {
	for name, content := range contents(t, "eras") {
		whole := eras[name]
		for i := range content {
			line := bytes.Count(content[:i], []byte("\n"))
			for b := range 256 {
				changed := slices.Clone(content)
				changed[i] = byte(b)
				got, err := Parse(changed, token)
				if err != nil || bytes.Equal(changed, content) {
					continue
				}
				other := [5]bool{2: got.PID != whole.PID, 3: got.Host != whole.Host, 4: got.Start != whole.Start}
				var want [5]bool
				want[line] = true
				if other != want {
					t.Errorf("%s: byte %d changed to %q: %+v, was %+v", name, i, changed[i], got, whole)
				}
			}
		}
	}
}
