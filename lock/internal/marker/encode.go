package marker

import (
	"fmt"
	"math/big"
	"strconv"
	"strings"
	"time"
)

// Encode returns the bytes of a Soft or Lease record, in the spelling of the newest Python and with \n on every platform. An error says that some reader would not find the
// same holder in them: the host's name has the end of a line in it, say, or a number is out of range.
func (r Record) Encode() ([]byte, error) {
	var b strings.Builder
	switch r.Kind {
	case Soft:
		fmt.Fprintf(&b, "%d\n%s\n", r.PID, r.Host)
		if r.Start != "" {
			fmt.Fprintf(&b, "%s\n", r.Start)
		}
	case Lease:
		fmt.Fprintf(&b, "%s\npid=%d\nhost=%s\nmode=lease\ntoken=%s\nduration=%s\n", protocol2, r.PID, r.Host, r.Token, formatSeconds(r.Duration))
		if r.Start != "" {
			fmt.Fprintf(&b, "start=%s\n", r.Start)
		}
	}
	content := []byte(b.String())
	// Blanks around the name are lost where it is the last line, and no name at all makes one line too few.
	if Parse(content) != r || r.Host == "" || r.Host != strings.TrimFunc(r.Host, isStripped) {
		return nil, fmt.Errorf("marker: others would not recognise the holder in a %v record with pid %d, host %q, start %q, token %q, duration %v s",
			r.Kind, r.PID, r.Host, r.Start, r.Token, r.Duration)
	}
	return content, nil
}

// formatSeconds spells a duration so that Python's float() reads the same number and the stricter reader of 4.x takes it too: without an exponent, which that one wants
// a sign in, and with a fraction, as Python spells its own default.
func formatSeconds(seconds float64) string {
	text := strconv.FormatFloat(seconds, 'f', -1, 64)
	if !strings.Contains(text, ".") {
		text += ".0"
	}
	return text
}

// Seconds returns the number of seconds that stands for the duration in records: the float64 next to it, as Python reads the decimal fraction. The quotient of two floats may be
// another one.
func Seconds(d time.Duration) float64 {
	seconds, _ := new(big.Rat).SetFrac64(int64(d), int64(time.Second)).Float64()
	return seconds
}
