package scenario

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// word is a part of a line. What was quoted is no keyword.
type word struct {
	text   string
	quoted bool
}

// line is a line that is being read from left to right. After the first error nothing is found any more.
type line struct {
	words []word
	next  int
	err   error
}

// split takes a line into words, which white space separates. A word in double quotes is written as a string in Go.
func split(text string) ([]word, error) {
	var words []word
	for {
		text = strings.TrimLeftFunc(text, unicode.IsSpace)
		if text == "" {
			return words, nil
		}
		if text[0] == '"' {
			quoted, err := strconv.QuotedPrefix(text)
			if err != nil {
				return nil, errors.New(`expected a closing quote, as in "a \"b\""`)
			}
			plain, _ := strconv.Unquote(quoted)
			words, text = append(words, word{plain, true}), text[len(quoted):]
			if text != "" && !unicode.IsSpace(rune(text[0])) {
				return nil, fmt.Errorf("expected white space after %s", quoted)
			}
			continue
		}
		end := strings.IndexFunc(text, unicode.IsSpace)
		if end < 0 {
			end = len(text)
		}
		words, text = append(words, word{text: text[:end]}), text[end:]
	}
}

func (l *line) expected(what string) {
	if l.err != nil {
		return
	}
	found := "the end of the line"
	if l.next < len(l.words) {
		word := l.words[l.next].text
		found = strconv.Quote(word)
		number := word[strings.IndexByte(word, '=')+1:]
		if n, err := strconv.ParseFloat(number, 64); err == nil && n > 0 && strings.Contains(strings.ToLower(what), "duration") && !strings.HasPrefix(what, "one of ") {
			what += " with a unit, such as " + strings.TrimPrefix(number, "+") + "s"
		}
	}
	l.err = fmt.Errorf("expected %s, not %s", what, found)
}

// peek returns the next word if it is a keyword or a name.
func (l *line) peek() string {
	if l.err != nil || l.next == len(l.words) || l.words[l.next].quoted {
		return ""
	}
	return l.words[l.next].text
}

// accept takes the next word if it is the given one.
func (l *line) accept(keyword string) bool {
	if l.peek() != keyword {
		return false
	}
	l.next++
	return true
}

// take returns the next word, which is what.
func (l *line) take(what string, ok func(string) bool) string {
	if l.err != nil || l.next == len(l.words) || ok != nil && !ok(l.words[l.next].text) {
		l.expected(what)
		return ""
	}
	l.next++
	return l.words[l.next-1].text
}

func (l *line) duration(what string, negative bool) time.Duration {
	var d time.Duration
	l.take(what, func(s string) (ok bool) {
		d, ok = parseDuration(s, negative)
		return ok
	})
	return d
}

// end makes sure that nothing is left.
func (l *line) end() {
	if l.next < len(l.words) {
		l.expected("the end of the line")
	}
}

func parseDuration(s string, negative bool) (time.Duration, bool) {
	d, err := time.ParseDuration(s)
	return d, err == nil && (negative || d >= 0) && (s == "0" || s[0] != '+' || negative)
}

// printDuration is d without units of which there are none: "1m", not "1m0s".
func printDuration(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// isName reports whether s can name a process, a lock, a machine or a hold.
func isName(s string) bool {
	for i, c := range s {
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
		if !letter && (i == 0 || (c < '0' || c > '9') && c != '-' && c != '_') {
			return false
		}
	}
	return s != ""
}

// isClient reports whether s can name a client: a process, or one of its tasks.
func isClient(s string) bool {
	name, task, further := strings.Cut(s, ".")
	return isName(name) && (!further || isTask(task))
}

// isTask reports whether s is the number of a further task.
func isTask(s string) bool {
	n, err := strconv.Atoi(s)
	return err == nil && n > 0 && s == strconv.Itoa(n)
}

// quote returns s as a word, in quotes if it would be something else without.
func quote(s string) string {
	for _, c := range s {
		if !(c > ' ' && c <= '~') || c == '"' || c == '#' {
			return strconv.Quote(s)
		}
	}
	if s == "" || s == "->" || s == "&" || s == "*" || strings.Contains(s, "=") {
		return strconv.Quote(s)
	}
	return s
}
