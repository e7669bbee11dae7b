package python

import (
	"encoding/hex"
	"hash/fnv"
	"math/big"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/holdfast-lock/holdfast/fs"
)

// maxRecord is the most bytes that a record has.
const maxRecord = 1024

// sentinel lies at the path of a strict lock.
const sentinel = "1\nfilelock-strict-v1\x00\n0\n"

// record is what a marker says of its holder.
type record struct {
	pid   int64
	host  string
	start *big.Int // nil if it does not say
}

// record returns what a holder writes, and the token of a lease.
func (l *Lock) record() (text []byte, token string) {
	self := l.host.Self()
	start := ""
	if l.era.starts {
		start = startToken(self)
	}
	if l.Class == Lease {
		token = l.nonce()
		return leaseRecord(self, start, token, l.Lifetime.Seconds()), token
	}
	text = append(strconv.AppendInt(nil, int64(self.PID), 10), '\n')
	text = append(append(text, self.Host...), '\n')
	if start != "" {
		text = append(append(text, start...), '\n')
	}
	return text, ""
}

// IsRecord reports whether the newest version takes a content for one that names a holder.
func IsRecord(content []byte) bool {
	seen := sighting{content: content, regular: true}
	e := eraOf(Last)
	if _, what := parseRecord(seen, &e); what == readable {
		return true
	}
	_, ok := parseLease(seen)
	return ok
}

// reading is what a version makes of a marker.
type reading uint8

const (
	readable   reading = iota
	malformed          // it is no record
	unreadable         // the version stumbles over a number
	outOfRange         // and over one that no process has
	foreign            // the version lets it be
)

// parseRecord reads two or three lines.
func parseRecord(seen sighting, e *era) (r record, what reading) {
	what = malformed
	if !e.evictsMalformed {
		what = foreign
	}
	if !seen.regular || e.bounded && len(seen.content) > maxRecord || !utf8.Valid(seen.content) {
		return r, what
	}
	lines := splitLines(seen.content)
	if len(lines) != 2 && !(len(lines) == 3 && e.threeLines) {
		return r, what
	}
	pid, ok := parseInt(lines[0])
	if ok && len(lines) == 3 {
		r.start, ok = parseInt(lines[2])
	}
	if !ok {
		if !e.malformsNumbers {
			what = unreadable
		}
		return r, what
	}
	r.host = lines[1]
	if r.pid = pid.Int64(); !pid.IsInt64() || r.pid > 1<<31-1 || r.pid < 1 {
		switch {
		case e.malformsPIDs:
			return r, what
		case !pid.IsInt64() || r.pid > 1<<31-1:
			return r, outOfRange
		}
	}
	return r, readable
}

// splitLines returns the lines of a text, of those ends that anybody writes.
func splitLines(content []byte) []string {
	return strings.Split(strings.TrimSpace(strings.ReplaceAll(string(content), "\r\n", "\n")), "\n")
}

// parseInt reads a number as Python's int() does, of digits that everybody writes.
func parseInt(text string) (*big.Int, bool) {
	text = strings.TrimSpace(text)
	digits := strings.TrimLeft(text, "+-")
	if len(text)-len(digits) > 1 || strings.Contains(digits, "__") || strings.HasPrefix(digits, "_") || strings.HasSuffix(digits, "_") {
		return nil, false
	}
	return new(big.Int).SetString(strings.ReplaceAll(text, "_", ""), 10)
}

// startToken returns the number that stands for the start of a process, "" if it is not known.
func startToken(id fs.Identity) string {
	if id.Start == 0 {
		return ""
	}
	n := bootNumber(id.Boot)
	return n.Or(n.Lsh(n, 64), new(big.Int).SetUint64(id.Start)).String()
}

// startIdentity returns which boot and start a token stands for. Of another boot than this one it is only known that it is another.
func startIdentity(token *big.Int, self fs.Identity) (boot string, start uint64) {
	const another = "another boot"
	if token.Sign() < 0 || new(big.Int).Rsh(token, 64).Cmp(bootNumber(self.Boot)) != 0 {
		return another, 0
	}
	return self.Boot, new(big.Int).And(token, new(big.Int).SetUint64(1<<64-1)).Uint64()
}

// bootNumber returns the id of a boot as a number of 128 bits. Simulated machines have other ids than Linux has, and a number of theirs stands for each.
func bootNumber(boot string) *big.Int {
	id, err := hex.DecodeString(strings.ReplaceAll(boot, "-", ""))
	if err != nil || len(id) != 16 {
		h := fnv.New128a()
		h.Write([]byte(boot))
		id = h.Sum(nil)
	}
	return new(big.Int).SetBytes(id)
}
