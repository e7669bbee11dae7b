package marker

import (
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// How Python reads text and numbers. What counts as a digit or a blank outside of ASCII depends on the version of Unicode, in Python as in Go; nobody
// writes a record so.

// isStripped reports whether str.strip() takes the character off the ends.
func isStripped(r rune) bool { return unicode.IsSpace(r) || r >= 0x1c && r <= 0x1f }

// endsLine reports whether str.splitlines() ends a line with the character.
func endsLine(r rune) bool {
	switch r {
	case '\n', '\v', '\f', '\r', 0x1c, 0x1d, 0x1e, 0x85, 0x2028, 0x2029:
		return true
	}
	return false
}

// splitLines splits a text that does not end with the end of a line. The empty text is one line, where Python finds none.
func splitLines(text string) []string {
	text = strings.ReplaceAll(text, "\r\n", "\n")
	var lines []string
	for {
		end := strings.IndexFunc(text, endsLine)
		if end < 0 {
			return append(lines, text)
		}
		lines = append(lines, text[:end])
		_, size := utf8.DecodeRuneInString(text[end:])
		text = text[end+size:]
	}
}

// parseInt reads what int() reads, without a limit, and returns it in canonical spelling.
func parseInt(text string) (canonical string, ok bool) {
	text = plain(text)
	unsigned := strings.TrimPrefix(text, "+")
	negative := false
	if unsigned == text {
		unsigned, negative = strings.CutPrefix(text, "-")
	}
	digits := make([]byte, 0, len(unsigned))
	between := false // two digits, if another one follows
	for _, c := range []byte(unsigned) {
		switch {
		case c >= '0' && c <= '9':
			digits = append(digits, c)
			between = true
		case c == '_' && between:
			between = false
		default:
			return "", false
		}
	}
	if !between {
		return "", false
	}
	switch canonical = strings.TrimLeft(string(digits), "0"); {
	case canonical == "":
		return "0", true
	case negative:
		return "-" + canonical, true
	}
	return canonical, true
}

var floatSyntax = func() *regexp.Regexp {
	const digits = `[0-9](?:_?[0-9])*`
	return regexp.MustCompile(`^[+-]?(?:(?:` + digits + `\.?(?:` + digits + `)?|\.` + digits + `)(?:[eE][+-]?` + digits + `)?|(?i:inf|infinity|nan))$`)
}()

// parseFloat reads what float() reads, which is also infinity and what is no number.
func parseFloat(text string) (value float64, ok bool) {
	text = plain(text)
	if !floatSyntax.MatchString(text) {
		return 0, false
	}
	value, _ = strconv.ParseFloat(strings.ReplaceAll(text, "_", ""), 64) // infinite if it is too large, as in Python; 0 for +nan, which is no duration either
	return value, true
}

// plain takes off the blanks that int() and float() pass over, and writes every decimal digit in ASCII.
func plain(text string) string {
	return strings.Map(func(r rune) rune {
		if r < utf8.RuneSelf || !unicode.IsDigit(r) {
			return r
		}
		value := rune(0)
		for unicode.IsDigit(r - value - 1) { // digits lie in groups of ten
			value++
		}
		return '0' + value%10
	}, strings.TrimFunc(text, unicode.IsSpace))
}
