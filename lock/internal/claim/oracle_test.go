package claim

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"testing"
)

// requirePeers set to 1 makes a peer that is not installed a failure, so that a machine which is meant to have it does not pass for nothing.
const requirePeers = "HOLDFAST_REQUIRE_PEERS"

// TestPythonTakesAndRefusesTheSame compares the readers on the golden files, on these with a byte changed, and on records that are put together at random of what is easily taken for good.
func TestPythonTakesAndRefusesTheSame(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	var claims [][]byte
	for _, folder := range []string{"eras", "written"} {
		for _, content := range contents(t, folder) {
			for i := range content {
				changed := bytes.Clone(content)
				changed[i] = byte(rng.IntN(128))
				claims = append(claims, content, content[:i], changed)
			}
		}
	}
	for range 20000 {
		claims = append(claims, randomClaim(rng))
	}
	var input bytes.Buffer
	for _, content := range claims {
		fmt.Fprintf(&input, "%s %x\n", token, content)
	}
	if out, err := exec.Command("python3", "-c", "").CombinedOutput(); err != nil {
		if os.Getenv(requirePeers) == "1" {
			t.Fatalf("nobody to compare with, install python3: %v\n%s", err, out)
		}
		t.Skipf("nobody to compare with, install python3: %v\n%s", err, out)
	}
	python := exec.Command("python3", "testdata/reader.py")
	python.Stdin = &input
	out, err := python.Output()
	if err != nil {
		t.Fatal(err)
	}
	answers := json.NewDecoder(bytes.NewReader(out))
	taken := 0
	for _, content := range claims {
		var answer *Record
		if err := answers.Decode(&answer); err != nil {
			t.Fatal(err)
		}
		var want Record
		if answer != nil {
			taken++
			want = *answer
			want.Token = token
		}
		if got, err := Parse(content, token); got != want || (err == nil) != (answer != nil) {
			t.Errorf("%q:\n  Python %+v\n  we     %+v, %v", content, answer, got, err)
		}
	}
	t.Logf("%d of %d taken", taken, len(claims))
	if taken < len(claims)/10 || taken > len(claims)*9/10 {
		t.Errorf("%d of %d taken", taken, len(claims))
	}
}

// randomClaim returns a record with some oddities.
func randomClaim(rng *rand.Rand) []byte {
	choose := func(from ...string) string {
		if rng.IntN(8) > 0 {
			return from[0]
		}
		return from[rng.IntN(len(from))]
	}
	host := choose("vm", "büro", "v m", "v\u00a0m", "v\u200bm", "v\u00adm", "v\nm", "v\xff", "é", "\u2028", "日本", "🔒", "\ue000", "", "\ufffd", "\x7f", "\u0301", "~")
	digits := choose(hex.EncodeToString([]byte(host)), "76 6d", "766D", "0x766d", "766", host, " ")
	number := func(plain string) string {
		return choose(plain, "1", "0", "-1", "+1", "01", "1_0", " 1", "1 ", "2147483647", "2147483648", "10000000000000000000000", "١", "0x1", "1.0", "-0", "", "\t", "1\r")
	}
	return []byte(choose(magic, "filelock-strict-v2", magic+" ", "") + "\n" + choose(token, token[1:]+"0", token+"0", "") + "\n" + number("10858") + "\n" + digits + "\n" +
		number(choose("4711", "", bootAndStart)) + choose("\n", "", "\n\n", "\r\n", " \n", "\nmore"))
}
