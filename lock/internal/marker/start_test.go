package marker

import (
	"math/big"
	"testing"

	"github.com/holdfast-lock/holdfast/fs"
)

const boot = "0fb17c9f-3f7a-4ba5-8ea3-c8e6e9d1a5c7"

// bootToken is int(boot without dashes, 16) << 64 | start.
func bootToken(start uint64) StartToken {
	n, _ := new(big.Int).SetString("0fb17c9f3f7a4ba58ea3c8e6e9d1a5c70000000000000000", 16)
	return StartToken(n.Add(n, new(big.Int).SetUint64(start)).String())
}

func TestTokenOfAProcess(t *testing.T) {
	for _, row := range []struct {
		name, goos string
		boot       string
		start      uint64
		want       StartToken
	}{
		{"Linux", "linux", boot, 4711, bootToken(4711)},
		{"Linux, largest start", "linux", boot, 1<<64 - 1, bootToken(1<<64 - 1)},
		{"Linux, leading zeros of the id matter not", "linux", "00000000-0000-0000-0000-000000000001", 4711, "18446744073709556327"},
		{"Android", "android", boot, 4711, bootToken(4711)},
		{"Linux, id unreadable", "linux", "", 4711, "4711"},
		{"Linux, start unreadable", "linux", boot, 0, ""},
		{"macOS", "darwin", "0FB17C9F-3F7A-4BA5-8EA3-C8E6E9D1A5C7", 1788254123456789, "1788254123456789"},
		{"Windows", "windows", "", 133987654321098765, "133987654321098765"},
		{"FreeBSD", "freebsd", "0fb17c9f3f7a4ba58ea3c8e6e9d1a5c7", 0, ""},
	} {
		if got := startOn(row.goos, fs.Identity{PID: 1, Host: "vm", Boot: row.boot, Start: row.start}); got != row.want {
			t.Errorf("%s: %s, want %s", row.name, got, row.want)
		}
	}
}

func TestBootsThatNoSystemNamesDifferToo(t *testing.T) {
	first, second := fs.Identity{PID: 7, Boot: "boot-0-1", Start: 4711}, fs.Identity{PID: 7, Boot: "boot-0-2", Start: 4711}
	const want = "3817944577616436780945800092040188009119228389468172980839" // FNV-1a of 128 bits before the start: also in recorded runs
	if got := StartOf(first); got != want {
		t.Errorf("%s, want %s", got, want)
	}
	for _, goos := range []string{"linux", "darwin", "windows"} {
		if startOn(goos, first) != StartOf(first) || startOn(goos, second) == startOn(goos, first) {
			t.Errorf("%s: %s and %s", goos, startOn(goos, first), startOn(goos, second))
		}
	}
}

func TestTokenIsTheProcesss(t *testing.T) {
	id := fs.Identity{PID: 10858, Host: "vm", Boot: "boot-0-1", Start: 4711}
	token := StartOf(id)
	another := id
	another.Start++
	rebooted := id
	rebooted.Boot = "boot-0-2"
	unknown := id
	unknown.Start = 0
	if !token.Is(id) || token.Is(another) || token.Is(rebooted) || token.Is(unknown) {
		t.Errorf("%s: is %t, another start %t, another boot %t, unknown %t, want only the first", token, token.Is(id), token.Is(another), token.Is(rebooted), token.Is(unknown))
	}
	if StartToken("").Is(id) || StartToken("").Is(unknown) {
		t.Error("an unknown token is a process's")
	}
}

func TestTokensAreReadInAnySpelling(t *testing.T) {
	for text, want := range map[string]StartToken{
		"4711": "4711", "+4711": "4711", "004711": "4711", "4_711": "4711", " 4711\t": "4711", "\u00a04711\u2003": "4711", "٤٧١١": "4711", "４７11": "4711", "𝟗𝟎𝟛": "903",
		"-4711": "-4711", "-0": "0", "0_0": "0",
	} {
		if got, ok := ParseStart(text); !ok || got != want {
			t.Errorf("%q is %q, %t, want %q", text, got, ok, want)
		}
	}
	for _, text := range []string{"", "+", "-", "_1", "1_", "1__1", "+_1", "+-1", "-+1", "++1", "+ 1", "1 1", "0x1", "1e3", "1.0", "½", "²", "\x1f1", "1\x1c", "1\x00", "−1", "四"} {
		if got, ok := ParseStart(text); ok || got != "" {
			t.Errorf("%q is %q", text, got)
		}
	}
}

// TestHolderInTheTermsOfTheReader: what a record says is what the writer knew of itself, as far as the reader can compare it.
func TestHolderInTheTermsOfTheReader(t *testing.T) {
	const (
		otherBoot = "c0ffee00-0000-0000-0000-00000000000a"
		macBoot   = "0FB17C9F-3F7A-4BA5-8EA3-C8E6E9D1A5C7"
	)
	other := startOn("linux", fs.Identity{Boot: otherBoot, Start: 4711})
	tooLong, _ := new(big.Int).SetString("1000000000000000000000000000000000000000000000000", 16)
	for _, row := range []struct {
		name, goos string
		start      StartToken
		selfBoot   string
		boot       string
		want       uint64
	}{
		{"same boot", "linux", bootToken(4711), boot, boot, 4711},
		{"another boot", "linux", other, boot, otherBoot, 4711},
		{"another boot with zeros in front", "linux", bootToken(4711), otherBoot, boot, 4711},
		{"writer without the id", "linux", "4711", boot, "", 4711},
		{"reader without the id", "linux", bootToken(4711), "", "", 4711},
		{"no token", "linux", "", boot, "", 0},
		{"negative", "linux", "-4711", boot, "", 0},
		{"too large for a token", "linux", StartToken(tooLong.String()), boot, "", 0},
		{"macOS", "darwin", "1788254123456789", macBoot, "", 1788254123456789},
		{"Linux token on macOS", "darwin", bootToken(4711), macBoot, "", 4711},
		{"Windows", "windows", "133987654321098765", "", "", 133987654321098765},
	} {
		self := fs.Identity{PID: 1, Host: "reader", Boot: row.selfBoot, Start: 1, PIDNamespace: 5}
		got := Record{Kind: Soft, PID: 10858, Host: "vm", Start: row.start}.identityOn(row.goos, self)
		if want := (fs.Identity{PID: 10858, Host: "vm", Boot: row.boot, Start: row.want}); got != want {
			t.Errorf("%s: %+v, want %+v", row.name, got, want)
		}
	}
	self := fs.Identity{PID: 7, Host: "vm", Boot: "boot-0-1", Start: 4711}
	if got := (Record{Kind: Soft, PID: 7, Host: "vm", Start: StartOf(self)}).Identity(self); got != self {
		t.Errorf("%+v, want %+v", got, self)
	}
}
