package marker

import (
	"bytes"
	"flag"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

var update = flag.Bool("update", false, "record what is written")

const (
	bootAndStart = "4631868398881674110050848111297228460556124352729812367065"
	token        = "0123456789abcdef0123456789abcdef"
)

// eras has, for the files of testdata/eras, what they say. Names begin with the version of Python's filelock that first wrote such a record, or with what is odd.
var eras = map[string]Record{
	"to-3.21_empty":         {Kind: Empty},
	"3.22_two-lines":        {Kind: Soft, PID: 10858, Host: "vm"},
	"3.22_windows":          {Kind: Soft, PID: 10858, Host: "vm"},
	"3.29_windows":          {Kind: Soft, PID: 10858, Host: "DESKTOP-4711", Start: "133987654321098765"},
	"3.30_linux":            {Kind: Soft, PID: 10858, Host: "vm", Start: bootAndStart},
	"3.30_linux-no-boot-id": {Kind: Soft, PID: 10858, Host: "vm", Start: "4711"},
	"3.30_macos":            {Kind: Soft, PID: 10858, Host: "mac.local", Start: "1788254123456789"},
	"3.30_freebsd":          {Kind: Soft, PID: 10858, Host: "vm"},
	"3.30_host-in-utf8":     {Kind: Soft, PID: 10858, Host: "büro-3", Start: "4711"},
	"3.30_strict":           {Kind: Strict},
	"3.30_lease":            {Kind: Lease, PID: 10858, Host: "vm", Start: bootAndStart, Token: token, Duration: 30},
	"3.30_lease-int":        {Kind: Lease, PID: 10858, Host: "vm", Start: bootAndStart, Token: token, Duration: 30},
	"3.30_lease-exponent":   {Kind: Lease, PID: 10858, Host: "vm", Token: token, Duration: 1e-7},
	"3.30_lease-windows":    {Kind: Lease, PID: 10858, Host: "DESKTOP-4711", Start: "133987654321098765", Token: token, Duration: 7.5},
	"4.0_exclusive":         {Kind: Exclusive, PID: 10858, Host: "vm", Start: bootAndStart},
	"later_mode":            {Kind: Unknown, PID: 10858, Host: "vm", Start: bootAndStart, Token: token},
	"later_field":           {Kind: Exclusive, PID: 10858, Host: "vm"},
	"odd_spelling":          {Kind: Soft, PID: 10858, Host: "vm", Start: "4711"},
	"odd_zeros":             {Kind: Soft, PID: 10858, Host: "vm", Start: "4711"},
	"odd_host-with-blanks":  {Kind: Soft, PID: 10858, Host: " my host ", Start: "4711"},
	"odd_fields":            {Kind: Lease, PID: 10858, Host: "a=b", Duration: 30},
	"cut_host":              {Kind: Soft, PID: 10858, Cut: true},
	"cut_start":             {Kind: Soft, PID: 10858, Host: "vm", Cut: true},
	"cut_lease-start":       {Kind: Lease, PID: 10858, Host: "vm", Token: token, Duration: 30, Cut: true},
	"cut_lease-duration":    {Kind: Unknown, PID: 10858, Host: "vm", Token: token, Cut: true},
	"cut_mode":              {Kind: Unknown, PID: 10858, Host: "vm", Cut: true},
	"cut_pid":               {Kind: Exclusive, Cut: true},
	"cut_fields-host":       {Kind: Exclusive, PID: 10858, Cut: true},
	"cut_token":             {Kind: Unknown, PID: 10858, Host: "vm", Cut: true},
	"cut_later-field":       {Kind: Exclusive, PID: 10858, Host: "vm", Cut: true},
}

// reasons has, for the files of testdata/malformed, what is wrong with them.
var reasons = map[string]string{
	"blanks":                    "not 2 or 3 lines but 1",
	"one-line":                  "not 2 or 3 lines but 1",
	"four-lines":                "not 2 or 3 lines but 4",
	"json":                      "not 2 or 3 lines but 1",
	"zeros-after-power-failure": "longer than 1024 bytes",
	"too-long":                  "longer than 1024 bytes",
	"not-utf8":                  "not UTF-8",
	"surrogate":                 "not UTF-8",
	"pid-zero":                  `no process id: "0"`,
	"pid-negative":              `no process id: "-1"`,
	"pid-too-large":             `no process id: "2147483648"`,
	"pid-hexadecimal":           `no process id: "0x2a6a"`,
	"pid-text":                  `no process id: "a process with a long name that goes on "...`,
	"blank-in-number":           `no process id: "10 858"`,
	"underscores":               `no process id: "1__0858"`,
	"underscore-at-end":         `no process id: "10858_"`,
	"sign-only":                 `no process id: "+"`,
	"separator-before-number":   `not 2 or 3 lines but 4`,
	"start-text":                `no start of a process: "tuesday"`,
	"protocol-3":                "not 2 or 3 lines but 6",
	"fields-none":               "no host",
	"fields-no-equals":          `no field: "start"`,
	"fields-no-pid":             `no process id: ""`,
	"fields-pid-too-large":      `no process id: "4294967296"`,
	"fields-no-host":            "no host",
	"fields-empty-host":         "no host",
	"fields-no-mode":            "no mode",
	"fields-start-text":         `no start of a process: ""`,
	"lease-no-token":            "a lease without a token",
	"lease-no-duration":         "a lease without a duration",
	"lease-duration-text":       `no duration: "0x1p3"`,
	"lease-duration-zero":       "a lease without a duration",
	"lease-duration-negative":   "a lease without a duration",
	"lease-duration-infinite":   "a lease without a duration",
	"lease-duration-too-large":  "a lease without a duration",
	"lease-duration-none":       "a lease without a duration",
	"exclusive-duration-text":   `no duration: "1._5"`,
}

// written has, for the files of testdata/written, what they were made of.
var written = map[string]Record{
	"two-lines":     {Kind: Soft, PID: 10858, Host: "vm"},
	"three-lines":   {Kind: Soft, PID: 10858, Host: "vm", Start: bootAndStart},
	"largest-pid":   {Kind: Soft, PID: 1<<31 - 1, Host: "web-3.example.org", Start: "1"},
	"lease":         {Kind: Lease, PID: 10858, Host: "vm", Start: bootAndStart, Token: token, Duration: 30},
	"lease-no-boot": {Kind: Lease, PID: 10858, Host: "vm", Token: token, Duration: 7.5},
	"lease-short":   {Kind: Lease, PID: 10858, Host: "vm", Token: token, Duration: 1e-9},
	"lease-long":    {Kind: Lease, PID: 10858, Host: "vm", Token: token, Duration: 1e21},
}

// golden calls f for every file of the folder, which must be those of the table.
func golden[T any](t *testing.T, folder string, table map[string]T, f func(t *testing.T, content []byte, want T)) {
	t.Helper()
	for _, name := range slices.Sorted(maps.Keys(contents(t, folder))) {
		if _, known := table[name]; !known {
			t.Errorf("nothing is said of testdata/%s/%s", folder, name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(table)) {
		t.Run(name, func(t *testing.T) {
			content, err := os.ReadFile(filepath.Join("testdata", folder, name))
			if err != nil {
				t.Fatal(err)
			}
			f(t, content, table[name])
		})
	}
}

// contents returns the files of testdata/folder by name.
func contents(t testing.TB, folder string) map[string][]byte {
	t.Helper()
	entries, err := os.ReadDir(filepath.Join("testdata", folder))
	if err != nil {
		t.Fatal(err)
	}
	files := make(map[string][]byte)
	for _, e := range entries {
		content, err := os.ReadFile(filepath.Join("testdata", folder, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		files[e.Name()] = content
	}
	return files
}

func TestRecordsOfEveryEraAreRead(t *testing.T) {
	golden(t, "eras", eras, func(t *testing.T, content []byte, want Record) {
		if got := Parse(content); got != want {
			t.Errorf("%q:\n got %+v\nwant %+v", content, got, want)
		}
	})
}

func TestMalformedRecordsSayWhatIsWrong(t *testing.T) {
	golden(t, "malformed", reasons, func(t *testing.T, content []byte, want string) {
		if got := Parse(content); got != (Record{Kind: Malformed, Reason: want}) {
			t.Errorf("%q:\n got %+v\nwant %s", content, got, want)
		}
	})
}

func TestRecordsAreWrittenAsRecorded(t *testing.T) {
	if *update {
		for name, r := range written {
			content, err := r.Encode()
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join("testdata", "written", name), content, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	golden(t, "written", written, func(t *testing.T, content []byte, r Record) {
		got, err := r.Encode()
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, content) {
			t.Errorf("wrote %q, recorded is %q", got, content)
		}
		if back := Parse(got); back != r {
			t.Errorf("read back %+v, wrote %+v", back, r)
		}
	})
}

func TestKindsHaveNames(t *testing.T) {
	for kind, want := range map[Kind]string{Malformed: "malformed", Empty: "empty", Soft: "soft", Lease: "lease", Exclusive: "exclusive", Unknown: "unknown", Strict: "strict"} {
		if kind.String() != want {
			t.Errorf("kind %d is %q, want %q", kind, kind, want)
		}
	}
}
