package marker

import (
	"math"
	"regexp"
	"strings"
	"testing"
	"time"
)

// TestWhatOthersWouldNotRecogniseIsNotWritten changes one thing in records that can be written.
func TestWhatOthersWouldNotRecogniseIsNotWritten(t *testing.T) {
	soft := Record{Kind: Soft, PID: 10858, Host: "vm", Start: "4711"}
	lease := Record{Kind: Lease, PID: 10858, Host: "vm", Start: "4711", Token: token, Duration: 30}
	both := []Record{soft, lease}
	for _, row := range []struct {
		name   string
		of     []Record
		change func(r *Record)
	}{
		{"malformed", both, func(r *Record) { *r = Record{} }},
		{"empty", both, func(r *Record) { *r = Record{Kind: Empty} }},
		{"strict", both, func(r *Record) { *r = Record{Kind: Strict} }},
		{"exclusive", both, func(r *Record) { r.Kind = Exclusive }},
		{"unknown", both, func(r *Record) { r.Kind = Unknown }},
		{"no pid", both, func(r *Record) { r.PID = 0 }},
		{"pid too large", both, func(r *Record) { r.PID = 1 << 31 }},
		{"no host", both, func(r *Record) { r.Host = "" }},
		{"blanks around the host", both, func(r *Record) { r.Host = "vm " }},
		{"line in the host", both, func(r *Record) { r.Host = "v\nm" }},
		{"Windows line in the host", both, func(r *Record) { r.Host = "v\r\nm" }},
		{"separator in the host", both, func(r *Record) { r.Host = "v\x1cm" }},
		{"Unicode line in the host", both, func(r *Record) { r.Host = "v\u2028m" }},
		{"host not UTF-8", both, func(r *Record) { r.Host = "v\xff" }},
		{"host too long", both, func(r *Record) { r.Host = strings.Repeat("v", MaxSize) }},
		{"start with zeros", both, func(r *Record) { r.Start = "04711" }},
		{"start is text", both, func(r *Record) { r.Start = "tuesday" }},
		{"cut", both, func(r *Record) { r.Cut = true }},
		{"token without a lease", []Record{soft}, func(r *Record) { r.Token = token }},
		{"duration without a lease", []Record{soft}, func(r *Record) { r.Duration = 30 }},
		{"line in the token", []Record{lease}, func(r *Record) { r.Token = "a\nb" }},
		{"field in the host", []Record{lease}, func(r *Record) { r.Host = "vm\npid=1" }},
		{"no duration", []Record{lease}, func(r *Record) { r.Duration = 0 }},
		{"negative duration", []Record{lease}, func(r *Record) { r.Duration = -1 }},
		{"duration is no number", []Record{lease}, func(r *Record) { r.Duration = math.NaN() }},
		{"infinite duration", []Record{lease}, func(r *Record) { r.Duration = math.Inf(1) }},
	} {
		for _, r := range row.of {
			if _, err := r.Encode(); err != nil {
				t.Fatal(err)
			}
			kind := r.Kind
			row.change(&r)
			if content, err := r.Encode(); err == nil {
				t.Errorf("%s: a %v record was written: %q", row.name, kind, content)
			}
		}
	}
}

func TestErrorNamesTheHolder(t *testing.T) {
	_, err := Record{Kind: Soft, PID: 10858, Host: "v\nm", Start: "4711"}.Encode()
	const want = `marker: others would not recognise the holder in a soft record with pid 10858, host "v\nm", start "4711", token "", duration 0 s`
	if err == nil || err.Error() != want {
		t.Errorf("got %v\nwant %s", err, want)
	}
}

// strictDuration is what 4.x takes for a duration.
var strictDuration = regexp.MustCompile(`^[0-9]+(\.[0-9]+)?(e[+-][0-9]+)?$`)

func TestDurationsAreSpeltForEveryReader(t *testing.T) {
	for seconds, want := range map[float64]string{
		30:                          "30.0",
		7.5:                         "7.5",
		1e-7:                        "0.0000001",
		1e22:                        "10000000000000000000000.0",
		0.30000000000000004:         "0.30000000000000004",
		math.SmallestNonzeroFloat64: "0." + strings.Repeat("0", 323) + "5",
		math.MaxFloat64:             "17976931348623157" + strings.Repeat("0", 292) + ".0",
	} {
		text := formatSeconds(seconds)
		if text != want || !strictDuration.MatchString(text) {
			t.Errorf("%v s is spelt %s, want %s", seconds, text, want)
		}
		r := Record{Kind: Lease, PID: 1, Host: "vm", Token: token, Duration: seconds}
		if content, err := r.Encode(); err != nil {
			t.Error(err)
		} else if got := Parse(content); got != r {
			t.Errorf("%v s is read back as %v s", seconds, got.Duration)
		}
	}
}

func TestDurationIsThatOfItsDecimalFraction(t *testing.T) {
	for d, want := range map[time.Duration]float64{
		30 * time.Second:        30,
		7100 * time.Millisecond: 7.1,
		1128 * time.Millisecond: 1.128, // of which Duration.Seconds makes the float64 above
		time.Nanosecond:         1e-9,
		math.MaxInt64:           9223372036.854775807,
	} {
		if got := Seconds(d); got != want {
			t.Errorf("%v is %v s, want %v", d, got, want)
		}
	}
}
