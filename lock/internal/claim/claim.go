// Package claim knows the names and records by which contenders for a strict lock claim it. It does no I/O.
//
// The protocol is that of Python's StrictSoftFileLock (3.30 and later, 4.x too). At the path of the lock lies [marker.Sentinel], for good. A contender publishes its
// claims in a directory beside it, <path>.filelock/claims/, as two names of one file: an intent, and, when it has won, held. Nobody removes the claims of
// others, except for an operator who knows that they are gone; so whatever is not understood there is an error, and the lock is not free.
package claim

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/holdfast-lock/holdfast/lock/internal/marker"
)

// Record is the content of a claim: who made it. It is five lines, each ended by \n on every platform:
//
//	filelock-strict-v1
//	<token>
//	<pid>
//	<host's name in UTF-8, in hexadecimal>
//	<start, or nothing>
type Record struct {
	Token string            // names the claim: 32 lower-case hexadecimal digits, drawn at random by every attempt
	PID   int               // 1 to 2^31-1
	Host  string            // printable and without blanks; may be ""
	Start marker.StartToken // not negative; "" if unknown
}

// MaxSize is the most bytes that a record has. Readers ask for one more and hand that to [Parse] as well.
const MaxSize = 1024

const magic = "filelock-strict-v1"

// Encode returns the record's bytes. An error says that every reader would refuse them.
func (r Record) Encode() ([]byte, error) {
	content := fmt.Appendf(nil, "%s\n%s\n%d\n%x\n%s\n", magic, r.Token, r.PID, r.Host, r.Start)
	if _, err := Parse(content, r.Token); err != nil {
		return nil, fmt.Errorf("cannot be written: %w", err)
	}
	return content, nil
}

// Parse reads the record of the claim that has the token in its name. Nothing is passed over: an error says what is wrong, and that the lock must not be taken for free.
func Parse(content []byte, token string) (Record, error) {
	if len(content) > MaxSize {
		return Record{}, fmt.Errorf("claim: longer than %d bytes", MaxSize)
	}
	fields := strings.Split(string(content), "\n")
	if len(fields) != 6 || fields[5] != "" {
		return Record{}, errors.New("claim: not five lines")
	}
	if fields[0] != magic {
		return Record{}, fmt.Errorf("claim: %.40q instead of %s", fields[0], magic)
	}
	if fields[1] != token || !isToken(token) {
		return Record{}, fmt.Errorf("claim: token %.40q is not that of the name, %.40q", fields[1], token)
	}
	pid, err := strconv.ParseInt(fields[2], 10, 32)
	if err != nil || pid < 1 || strconv.FormatInt(pid, 10) != fields[2] {
		return Record{}, fmt.Errorf("claim: no process id: %.40q", fields[2])
	}
	host, err := hex.DecodeString(fields[3])
	if err != nil || hex.EncodeToString(host) != fields[3] || !isHost(string(host)) {
		return Record{}, fmt.Errorf("claim: no host name in lower-case hexadecimal digits: %.40q", fields[3])
	}
	if start := fields[4]; start != "" {
		if canonical, ok := marker.ParseStart(start); !ok || string(canonical) != start || start[0] == '-' {
			return Record{}, fmt.Errorf("claim: no start of a process: %.40q", start)
		}
	}
	return Record{Token: token, PID: int(pid), Host: string(host), Start: marker.StartToken(fields[4])}, nil
}

func isToken(s string) bool {
	return len(s) == 32 && !strings.ContainsFunc(s, func(r rune) bool { return (r < '0' || r > '9') && (r < 'a' || r > 'f') })
}

// isHost reports whether Python would show the name as it is. What only a later version of Unicode knows to be printable is refused.
func isHost(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool { return r == ' ' || !unicode.IsPrint(r) })
}
