package marker

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/holdfast-lock/holdfast/fs/osfs"
)

// requirePeers set to 1 makes a peer that is not installed a failure, so that a machine which is meant to have it does not pass for nothing.
const requirePeers = "HOLDFAST_REQUIRE_PEERS"

// askPython runs a program of Python's and returns what it prints.
func askPython(t *testing.T, input []byte, args ...string) []byte {
	t.Helper()
	if out, err := exec.Command("python3", "-c", "").CombinedOutput(); err != nil {
		if os.Getenv(requirePeers) == "1" {
			t.Fatalf("nobody to compare with, install python3: %v\n%s", err, out)
		}
		t.Skipf("nobody to compare with, install python3: %v\n%s", err, out)
	}
	python := exec.Command("python3", args...)
	python.Env = append(os.Environ(), "PYTHONUTF8=1")
	python.Stdin = bytes.NewReader(input)
	var stderr bytes.Buffer
	python.Stderr = &stderr
	out, err := python.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, stderr.Bytes())
	}
	return out
}

// pythonRecord is what testdata/reader.py answers.
type pythonRecord struct {
	Kind     string `json:"kind"`
	PID      int    `json:"pid"`
	Host     string `json:"host"`
	Start    string `json:"start"`
	Token    string `json:"token"`
	Duration string `json:"duration"` // as float.hex writes it
}

// TestPythonReadsTheSame compares the readers on the golden files, on their beginnings, and on texts that are put together at random of what is easily read in two ways.
func TestPythonReadsTheSame(t *testing.T) {
	var texts [][]byte
	for _, folder := range []string{"eras", "malformed", "written"} {
		for _, content := range contents(t, folder) {
			for n := range min(len(content), MaxSize) {
				texts = append(texts, content[:n])
			}
			texts = append(texts, content)
		}
	}
	rng := rand.New(rand.NewPCG(1, 2))
	for range 60000 {
		texts = append(texts, randomText(rng))
	}
	var input bytes.Buffer
	for _, text := range texts {
		input.WriteString(hex.EncodeToString(text) + "\n")
	}
	answers := json.NewDecoder(bytes.NewReader(askPython(t, input.Bytes(), "testdata/reader.py")))
	read := make(map[string]int)
	for _, text := range texts {
		var python pythonRecord
		if err := answers.Decode(&python); err != nil {
			t.Fatal(err)
		}
		read[python.Kind]++
		if got := Parse(text); !agrees(t, got, python) {
			t.Errorf("%q:\n  Python %+v\n  we     %+v", text, python, got)
		}
	}
	t.Logf("%d texts: %v", len(texts), read)
	for _, kind := range []Kind{Malformed, Soft, Lease, Exclusive, Unknown} {
		if n := read[kind.String()]; n < len(texts)/100 {
			t.Errorf("only %d of %d texts are %v", n, len(texts), kind)
		}
	}
}

// agrees reports whether we read what Python reads, except for what we leave open as the end of it may be missing.
func agrees(t *testing.T, got Record, python pythonRecord) bool {
	t.Helper()
	if got.Kind.String() != python.Kind && !(got.Cut && got.Kind == Unknown && python.Kind != "malformed" && python.Kind != "soft") {
		return false
	}
	var duration float64
	if python.Duration != "" {
		var err error
		if duration, err = strconv.ParseFloat(python.Duration, 64); err != nil {
			t.Fatal(err)
		}
	}
	open := 0
	for _, field := range []struct{ same, open bool }{
		{got.PID == python.PID, got.PID == 0},
		{got.Host == python.Host, got.Host == ""},
		{string(got.Start) == python.Start, got.Start == ""},
		{got.Token == python.Token, got.Token == ""},
		{got.Duration == duration, got.Duration == 0},
	} {
		if field.same {
			continue
		}
		if !field.open {
			return false
		}
		open++
	}
	return open == 0 || got.Cut
}

var (
	blanks  = []string{"", "", "", "", "", " ", "\t", "\u00a0", "\u2003", "\u3000", "\x1f", "\x1c", "\x00", "\ufeff", "\u200b"}
	ends    = []string{"\n", "\n", "\n", "\n", "\n", "\n", "\r\n", "\r\n", "\r", "\v", "\f", "\x1c", "\x1d", "\x1e", "\x1f", "\u0085", "\u2028", "\u2029", "\n\n", ""}
	numbers = []string{"10858", "10858", "0010858", "+10858", "-10858", "1_0858", "1__0858", "_10858", "10858_", "0", "-0", "2147483647", "2147483648", "4294967297",
		"99999999999999999999", bootAndStart, "٤٧١١", "４711", "४७११", "𝟗𝟎𝟛", "²", "½", "四", "0x1f", "1e3", "+-1", "+ 1", "10 858", "--1", "", "−5", "1.0"}
	floats = []string{"30.0", "30", "7.5", "1e-07", "1E5", "+1.5", "-1", "0", "0.0", ".5", "5.", ".", "1_0.0_1", "1_.0", "1._0", "1e1_0", "1_e5", "1e", "1e+", "1e5.0", "inf", "-inf",
		"Infinity", "infin", "nan", "+NaN", "nan(1)", "1e400", "-1e400", "1e-400", "5e-324", "2.4e-324", "0x1p3", "0b1", "1f", "٣.٥", "٣e١", "179769313486231580793e289", "0.1", ""}
	hosts = []string{"vm", "vm", "web-3.example.org", "büro", "my host", "", " ", "a=b", "1", "filelock/2", "v\x00m", "pid=1"}
	modes = []string{"lease", "lease", "lease", "lease", "exclusive", "exclusive", "shared", "", "Lease", "lease ", "exclusi"}
)

func pick(rng *rand.Rand, from []string) string { return from[rng.IntN(len(from))] }

// randomText returns a record with some oddities.
func randomText(rng *rand.Rand) []byte {
	oddity := 1 + rng.IntN(12) // one choice in so many is a free one
	choose := func(from []string) string {
		if rng.IntN(oddity) > 0 {
			return from[0]
		}
		return pick(rng, from)
	}
	number := func() string { return choose(blanks) + choose(numbers) + choose(blanks) }
	var b strings.Builder
	line := func(text string) { b.WriteString(text + choose(ends)) }
	b.WriteString(choose(append([]string{"", "\n"}, blanks...)))
	if rng.IntN(2) == 0 {
		line(number())
		line(choose(blanks) + choose(hosts) + choose(blanks))
		if rng.IntN(2) == 0 {
			line(number())
		}
	} else {
		line(choose([]string{protocol2, "filelock/1", "filelock/2 ", "Filelock/2"}))
		fields := []string{
			"pid=" + number(),
			"host=" + choose(hosts) + choose(blanks),
			"mode=" + pick(rng, modes),
			"token=" + choose([]string{token, "", "a=b"}),
			"duration=" + choose(blanks) + choose(floats) + choose(blanks),
			"start=" + number(),
			"zone=eu-1",
			"start",
			" pid=7",
		}[:6+max(0, rng.IntN(40)-36)]
		if rng.IntN(oddity) == 0 {
			rng.Shuffle(len(fields), func(i, j int) { fields[i], fields[j] = fields[j], fields[i] })
		}
		for _, field := range fields {
			times := 1
			if rng.IntN(oddity*3) == 0 {
				times = rng.IntN(3)
			}
			for range times {
				line(field)
			}
		}
	}
	text := []byte(b.String())
	switch rng.IntN(oddity * 4) {
	case 0: // the beginning only
		text = text[:rng.IntN(len(text)+1)]
	case 1: // one byte changed
		if len(text) > 0 {
			text[rng.IntN(len(text))] = byte(rng.IntN(256))
		}
	}
	return text
}

// TestPythonMakesTheSameTokenOfAProcess lets Python make the token of the process that runs this test.
func TestPythonMakesTheSameTokenOfAProcess(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("the program reads /proc")
	}
	const program = `
import sys
with open("/proc/sys/kernel/random/boot_id") as f:
    boot = int(f.read().strip().replace("-", ""), 16)
with open(f"/proc/{sys.argv[1]}/stat") as f:
    start = int(f.read().rpartition(")")[2].split()[19])
print(boot << 64 | start)
`
	self := osfs.Default().Self()
	want := strings.TrimSpace(string(askPython(t, nil, "-c", program, fmt.Sprint(self.PID))))
	if got := StartOf(self); string(got) != want {
		t.Errorf("%s, Python's is %s", got, want)
	}
}
