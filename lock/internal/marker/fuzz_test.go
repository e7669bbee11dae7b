package marker

import (
	"math"
	"math/big"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func FuzzParse(f *testing.F) {
	for _, folder := range []string{"eras", "malformed", "written"} {
		for _, content := range contents(f, folder) {
			f.Add(content)
		}
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		got := Parse(content)
		if want := plainReading(content); got.Kind != want.Kind || got.Kind != Malformed && got != want {
			t.Errorf("%q:\n got %+v\nwant %+v", content, got, want)
		}
		switch {
		case (got.Kind == Malformed) != (got.Reason != ""):
			t.Errorf("%q: %+v", content, got)
		case got.Kind == Malformed && got != Record{Reason: got.Reason}:
			t.Errorf("%q names somebody: %+v", content, got)
		}
		if written, err := got.Encode(); err == nil {
			if back := Parse(written); back != got || len(written) > MaxSize {
				t.Errorf("%q is %+v, written again %q, which is %+v", content, got, written, back)
			}
		}
	})
}

// FuzzEncode writes a record, reads it, and cuts and changes it.
func FuzzEncode(f *testing.F) {
	f.Add(false, 10858, "vm", bootAndStart, 0.0, 12, byte('\n'))
	f.Add(true, 10858, "web-3.example.org", "", 30.0, 100, byte('='))
	f.Add(true, 1<<31-1, "my host", "4711", 1e-9, 40, byte('\r'))
	f.Add(false, 1, "bÅro\x1f=pid=7", "-5", 0.0, 5, byte(0xc2))
	f.Fuzz(func(t *testing.T, lease bool, pid int, host, start string, duration float64, at int, b byte) {
		r := Record{Kind: Soft, PID: pid, Host: host, Start: StartToken(start)}
		if lease {
			r.Kind, r.Token, r.Duration = Lease, token, duration
		}
		content, err := r.Encode()
		if err != nil {
			return
		}
		if got := Parse(content); got != r {
			t.Fatalf("%q is %+v, was written as %+v", content, got, r)
		}
		if want := plainReading(content); want != r {
			t.Fatalf("%q is plainly %+v, was written as %+v", content, want, r)
		}
		whole := parsedWhole("written", content)
		at = int(uint(at) % uint(len(content)))
		whole.checkBeginning(t, at)
		whole.checkChange(t, at, b)
	})
}

var (
	plainLineEnd = regexp.MustCompile(`\r\n|[\n\v\f\r\x1c\x1d\x1e\x{85}\x{2028}\x{2029}]`)
	plainStrip   = regexp.MustCompile(`^[\x09-\x0d\x1c-\x20\x{85}\x{a0}\p{Z}]+|[\x09-\x0d\x1c-\x20\x{85}\x{a0}\p{Z}]+$`)
	plainTrim    = regexp.MustCompile(`^[\x09-\x0d\x20\x{85}\x{a0}\p{Z}]+|[\x09-\x0d\x20\x{85}\x{a0}\p{Z}]+$`)
	plainInt     = regexp.MustCompile(`^[-+]?[0-9]+(_[0-9]+)*$`)
	plainFloat   = regexp.MustCompile(`^[-+]?((([0-9]+(_[0-9]+)*)(\.([0-9]+(_[0-9]+)*)?)?|\.[0-9]+(_[0-9]+)*)([eE][-+]?[0-9]+(_[0-9]+)*)?)$`)
	plainSpecial = regexp.MustCompile(`^[-+]?(?i:nan|inf|infinity)$`)
)

// plainReading is a second statement of what Parse reads, without the reasons: it takes Python's steps one by one, and forgets what may be cut off at the end.
func plainReading(content []byte) Record {
	text := string(content)
	switch {
	case text == "":
		return Record{Kind: Empty}
	case text == "1\nfilelock-strict-v1\x00\n0\n":
		return Record{Kind: Strict}
	case !utf8.ValidString(text) || len(text) > 1024:
		return Record{}
	}
	stripped := plainStrip.ReplaceAllString(text, "")
	lines := plainLineEnd.Split(stripped, -1)
	unended := plainLineEnd.Split(strings.TrimLeftFunc(text, func(r rune) bool { return plainStrip.MatchString(string(r)) }), -1)
	r := Record{Cut: len(unended) == len(lines)}
	last := &lines[len(lines)-1]
	if lines[0] != "filelock/2" {
		r.Kind = Soft
		if len(lines) < 2 || len(lines) > 3 {
			return Record{}
		}
		r.Host = lines[1]
		start, valid := new(big.Int), true
		if len(lines) == 3 {
			start, valid = plainNumber(lines[2])
			r.Start = StartToken(start.String())
		}
		pid, isPID := plainNumber(lines[0])
		if !valid || !isPID || pid.Sign() <= 0 || pid.BitLen() > 31 {
			return Record{}
		}
		r.PID = int(pid.Int64())
		if r.Cut && last == &lines[1] {
			r.Host = ""
		}
		if r.Cut && len(lines) == 3 {
			r.Start = ""
		}
		return r
	}
	slices.Reverse(lines[1:]) // so that the first of a name counts
	field := func(name string) (string, bool) {
		for _, line := range lines[1:] {
			if strings.HasPrefix(line, name+"=") {
				return line[len(name)+1:], true
			}
		}
		return "", false
	}
	for _, line := range lines[1:] {
		if !strings.Contains(line, "=") {
			return Record{}
		}
	}
	pidText, _ := field("pid")
	pid, isPID := plainNumber(pidText)
	host, _ := field("host")
	mode, hasMode := field("mode")
	if !isPID || pid.Sign() <= 0 || pid.BitLen() > 31 || host == "" || !hasMode {
		return Record{}
	}
	r.Kind, r.PID, r.Host = Unknown, int(pid.Int64()), host
	if text, given := field("start"); given {
		start, valid := plainNumber(text)
		if !valid {
			return Record{}
		}
		r.Start = StartToken(start.String())
	}
	token, hasToken := field("token")
	r.Token = token
	duration := math.NaN()
	if text, given := field("duration"); given {
		text = plainDigits(plainTrim.ReplaceAllString(text, ""))
		switch {
		case plainFloat.MatchString(text):
			duration, _ = strconv.ParseFloat(strings.ReplaceAll(text, "_", ""), 64)
		case !plainSpecial.MatchString(text):
			return Record{}
		}
	}
	switch mode {
	case "exclusive":
		r.Kind = Exclusive
	case "lease":
		if !hasToken || math.IsNaN(duration) || math.IsInf(duration, 0) || duration <= 0 {
			return Record{}
		}
		r.Kind, r.Duration = Lease, duration
	}
	if !r.Cut {
		return r
	}
	// The last line stands second now.
	switch name, _, _ := strings.Cut(lines[1], "="); name {
	case "pid":
		r.PID, r.Host = 0, ""
	case "host":
		r.Host = ""
	case "start":
		r.Start = ""
	case "mode", "duration", "token":
		r.Kind, r.Duration = Unknown, 0
		if name == "token" {
			r.Token = ""
		}
	}
	return r
}

func plainNumber(text string) (*big.Int, bool) {
	text = plainDigits(plainTrim.ReplaceAllString(text, ""))
	if !plainInt.MatchString(text) {
		return new(big.Int), false
	}
	return new(big.Int).SetString(strings.ReplaceAll(text, "_", ""), 10)
}

// plainDigits finds the value of a digit by the range of the table that it stands in.
func plainDigits(text string) string {
	var b strings.Builder
	for _, r := range text {
		for _, digits := range unicode.Nd.R16 {
			if rune(digits.Lo) <= r && r <= rune(digits.Hi) {
				r = '0' + (r-rune(digits.Lo))%10
			}
		}
		for _, digits := range unicode.Nd.R32 {
			if rune(digits.Lo) <= r && r <= rune(digits.Hi) {
				r = '0' + (r-rune(digits.Lo))%10
			}
		}
		b.WriteRune(r)
	}
	return b.String()
}
