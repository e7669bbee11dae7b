package claim

import (
	"encoding/hex"
	"math/big"
	"regexp"
	"testing"
	"unicode"

	"github.com/holdfast-lock/holdfast/lock/internal/marker"
)

var plainRecord = regexp.MustCompile(`\Afilelock-strict-v1\n([0-9a-f]{32})\n([1-9][0-9]{0,9})\n((?:[0-9a-f]{2})*)\n(0|[1-9][0-9]*|)\n\z`)

// plainReading is a second statement of what Parse takes.
func plainReading(content []byte, token string) (Record, bool) {
	fields := plainRecord.FindSubmatch(content)
	if fields == nil || len(content) > 1024 || string(fields[1]) != token {
		return Record{}, false
	}
	pid, _ := new(big.Int).SetString(string(fields[2]), 10)
	host := make([]byte, len(fields[3])/2)
	if _, err := hex.Decode(host, fields[3]); err != nil || pid.BitLen() > 31 {
		return Record{}, false
	}
	for _, r := range string(host) {
		if unicode.IsSpace(r) || !unicode.IsPrint(r) {
			return Record{}, false
		}
	}
	if string([]rune(string(host))) != string(host) { // some byte was none of UTF-8
		return Record{}, false
	}
	return Record{token, int(pid.Int64()), string(host), marker.StartToken(fields[4])}, true
}

func FuzzParse(f *testing.F) {
	for _, folder := range []string{"eras", "written"} {
		for _, content := range contents(f, folder) {
			f.Add(content, token)
		}
	}
	f.Add([]byte(marker.Sentinel), token)
	f.Fuzz(func(t *testing.T, content []byte, token string) {
		got, err := Parse(content, token)
		want, ok := plainReading(content, token)
		if got != want || (err == nil) != ok {
			t.Fatalf("%q of %q:\n got %+v, %v\nwant %+v, %t", content, token, got, err, want, ok)
		}
		if err != nil {
			return
		}
		if again, err := got.Encode(); err != nil || string(again) != string(content) {
			t.Errorf("%q is written again as %q, %v", content, again, err)
		}
	})
}

func FuzzEncode(f *testing.F) {
	f.Add(token, 10858, "vm", bootAndStart, 60)
	f.Add(token, 1<<31-1, "büro-3", "", 1)
	f.Fuzz(func(t *testing.T, token string, pid int, host, start string, at int) {
		r := Record{token, pid, host, marker.StartToken(start)}
		content, err := r.Encode()
		if err != nil {
			return
		}
		if got, err := Parse(content, token); err != nil || got != r {
			t.Errorf("%q is %+v, %v, was written as %+v", content, got, err, r)
		}
		if got, err := Parse(content[:uint(at)%uint(len(content))], token); err == nil {
			t.Errorf("the beginning of %q is %+v", content, got)
		}
	})
}

var (
	plainName    = regexp.MustCompile(`\A(intent|held)-v1-([0-9a-f]{32})\.claim\z`)
	plainPrivate = regexp.MustCompile(`\A\.((?s:.*))\.private-v1-([0-9a-f]{32})\.tmp\z`)
)

func FuzzParseName(f *testing.F) {
	f.Add(Name(Intent, token))
	f.Add(Name(Held, token))
	f.Add(PrivateName(Name(Held, token), token))
	f.Add(PrivateName("work.lock", token))
	f.Add("held-v2-" + token + ".claim")
	f.Fuzz(func(t *testing.T, name string) {
		state, token, ok := ParseName(name)
		if parts := plainName.FindStringSubmatch(name); ok != (parts != nil) || ok && (string(state) != parts[1] || token != parts[2] || Name(state, token) != name) {
			t.Errorf("%q is %q, %q, %t", name, state, token, ok)
		}
		public, nonce, ok := ParsePrivateName(name)
		if parts := plainPrivate.FindStringSubmatch(name); ok != (parts != nil) || ok && (public != parts[1] || nonce != parts[2] || PrivateName(public, nonce) != name) {
			t.Errorf("%q is that of %q, %q, %t", name, public, nonce, ok)
		}
	})
}
