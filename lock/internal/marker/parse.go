package marker

import (
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Parse tells what the content of the file at the path means. The content is all of a regular file, or its first [MaxSize]+1 bytes. Whatever else lies at the
// path, a symbolic link say, is malformed too.
func Parse(content []byte) Record {
	switch {
	case len(content) == 0:
		return Record{Kind: Empty}
	case string(content) == Sentinel:
		return Record{Kind: Strict}
	case len(content) > MaxSize:
		return malformed("longer than " + strconv.Itoa(MaxSize) + " bytes")
	case !utf8.Valid(content):
		return malformed("not UTF-8")
	}
	text := strings.TrimRightFunc(string(content), isStripped)
	cut := !strings.ContainsFunc(string(content[len(text):]), endsLine)
	lines := splitLines(strings.TrimLeftFunc(text, isStripped))
	if lines[0] == protocol2 {
		return parseFields(lines[1:], cut)
	}
	return parseLines(lines, cut)
}

// parseLines reads protocol 1.
func parseLines(lines []string, cut bool) Record {
	if len(lines) != 2 && len(lines) != 3 {
		return malformed("not 2 or 3 lines but " + strconv.Itoa(len(lines)))
	}
	pid, ok := parsePID(lines[0])
	if !ok {
		return malformed("no process id: " + excerpt(lines[0]))
	}
	r := Record{Kind: Soft, PID: pid, Host: lines[1], Cut: cut}
	if len(lines) == 2 {
		if cut {
			r.Host = "" // part of a name can be the name of another machine
		}
		return r
	}
	start, ok := ParseStart(lines[2])
	if !ok {
		return malformed("no start of a process: " + excerpt(lines[2]))
	}
	if !cut { // part of a start would prove that the process is another one
		r.Start = start
	}
	return r
}

// parseFields reads protocol 2 after its first line. Of a field that is there twice the last counts, and fields of later versions are passed over.
func parseFields(lines []string, cut bool) Record {
	fields := make(map[string]string, len(lines))
	last := ""
	for _, line := range lines {
		key, value, found := strings.Cut(line, "=")
		if !found {
			return malformed("no field: " + excerpt(line))
		}
		fields[key] = value
		last = key
	}
	r := Record{Host: fields["host"], Token: fields["token"], Cut: cut}
	if r.Host == "" {
		return malformed("no host")
	}
	var ok bool
	if r.PID, ok = parsePID(fields["pid"]); !ok {
		return malformed("no process id: " + excerpt(fields["pid"]))
	}
	if start, given := fields["start"]; given {
		if r.Start, ok = ParseStart(start); !ok {
			return malformed("no start of a process: " + excerpt(start))
		}
	}
	var duration float64
	if text, given := fields["duration"]; given {
		if duration, ok = parseFloat(text); !ok {
			return malformed("no duration: " + excerpt(text))
		}
	}
	switch mode, given := fields["mode"]; {
	case !given:
		return malformed("no mode")
	case mode == "lease":
		if _, given := fields["token"]; !given {
			return malformed("a lease without a token")
		}
		if !(duration > 0) || math.IsInf(duration, 0) { // neither is a number that is none
			return malformed("a lease without a duration")
		}
		r.Kind, r.Duration = Lease, duration
	case mode == "exclusive":
		r.Kind = Exclusive
	default:
		r.Kind = Unknown
	}
	if cut {
		r.forget(last)
	}
	return r
}

// forget leaves open what the field says of which the end may be missing.
func (r *Record) forget(field string) {
	switch field {
	case "pid":
		r.PID, r.Host = 0, "" // nobody may look for a process 0 of that machine
	case "host":
		r.Host = ""
	case "start":
		r.Start = ""
	case "mode", "duration":
		r.Kind, r.Duration = Unknown, 0
	case "token":
		r.Kind, r.Duration, r.Token = Unknown, 0, ""
	}
}

func parsePID(text string) (pid int, ok bool) {
	digits, _ := parseInt(text)
	n, err := strconv.ParseInt(digits, 10, 32)
	return int(n), err == nil && n > 0
}

func malformed(reason string) Record { return Record{Kind: Malformed, Reason: reason} }

// excerpt quotes the beginning of a text.
func excerpt(text string) string {
	const most = 40
	if len(text) <= most {
		return strconv.Quote(text)
	}
	return strconv.Quote(text[:most]) + "..."
}
