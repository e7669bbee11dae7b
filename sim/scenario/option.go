package scenario

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// option is a word of a line that says something about a T, "reuse-inodes" or "mtime=4ms".
type option[T any] struct {
	name  string
	value string                    // what stands after the sign, "" for a word without one
	set   func(t *T, v string) bool // false: v is no such value
	get   func(t *T) (string, bool) // false: t does not say it
}

func (o option[T]) String() string {
	if o.value == "" {
		return o.name
	}
	return o.name + "=" + o.value
}

func flagOption[T any](name string, field func(*T) *bool) option[T] {
	return option[T]{name, "", func(t *T, _ string) bool {
		*field(t) = true
		return true
	}, func(t *T) (string, bool) { return "", *field(t) }}
}

func durationOption[T any](name string, signed bool, field func(*T) *time.Duration) option[T] {
	return option[T]{name, "DURATION", func(t *T, v string) (ok bool) {
		*field(t), ok = parseDuration(v, signed)
		return ok && *field(t) != 0
	}, func(t *T) (string, bool) {
		d := *field(t)
		if signed && d > 0 {
			return "+" + printDuration(d), true
		}
		return printDuration(d), d != 0
	}}
}

func numberOption[T any, N int | int64 | uint64](name string, field func(*T) *N) option[T] {
	return option[T]{name, "NUMBER", func(t *T, v string) bool {
		n, err := strconv.ParseInt(v, 10, 63)
		*field(t) = N(n)
		return err == nil && n > 0 && int64(N(n)) == n && strconv.FormatInt(n, 10) == v
	}, func(t *T) (string, bool) { return strconv.FormatInt(int64(*field(t)), 10), *field(t) != 0 }}
}

func modeOption[T any](name string, field func(*T) *uint32) option[T] {
	return option[T]{name, "MODE", func(t *T, v string) (ok bool) {
		*field(t), ok = parseMode(v)
		return ok && *field(t) != 0
	}, func(t *T) (string, bool) { return printMode(*field(t)), *field(t) != 0 }}
}

func wordOption[T any](name, value string, field func(*T) *string, ok func(string) bool) option[T] {
	return option[T]{name, value, func(t *T, v string) bool {
		*field(t) = v
		return ok(v)
	}, func(t *T) (string, bool) { return *field(t), *field(t) != "" }}
}

func floatOption[T any](name string, field func(*T) *float64) option[T] {
	return option[T]{name, "FRACTION", func(t *T, v string) bool {
		f, err := strconv.ParseFloat(v, 64)
		*field(t) = f
		return err == nil && f != 0 && f >= -0.5 && f <= 0.5
	}, func(t *T) (string, bool) { return strconv.FormatFloat(*field(t), 'g', -1, 64), *field(t) != 0 }}
}

// grammar returns options as the grammar has them.
func grammar[T any](options []option[T]) string {
	var b strings.Builder
	for _, o := range options {
		b.WriteString(" [" + o.String() + "]")
	}
	return b.String()
}

// parseOptions reads the options that the rest of a line consists of.
func parseOptions[T any](l *line, t *T, options []option[T]) {
	var seen []string
	for l.err == nil && l.next < len(l.words) {
		name, value, hasValue := strings.Cut(l.peek(), "=")
		i := slices.IndexFunc(options, func(o option[T]) bool { return o.name == name && hasValue == (o.value != "") })
		if i < 0 || slices.Contains(seen, name) {
			l.expected("one of " + strings.Join(names(options, seen), ", "))
			return
		}
		if !options[i].set(t, value) {
			l.expected(options[i].String())
			return
		}
		seen = append(seen, name)
		l.next++
	}
}

// names are the options that were not seen.
func names[T any](options []option[T], seen []string) []string {
	var list []string
	for _, o := range options {
		if !slices.Contains(seen, o.name) {
			list = append(list, o.String())
		}
	}
	return append(list, "the end of the line")
}

func printOptions[T any](b *strings.Builder, t *T, options []option[T]) {
	for _, o := range options {
		v, ok := o.get(t)
		switch {
		case !ok:
		case o.value == "":
			b.WriteString(" " + o.name)
		default:
			b.WriteString(" " + o.name + "=" + v)
		}
	}
}

// parseMode reads permission bits as chmod has them, with the sticky bit.
func parseMode(s string) (uint32, bool) {
	n, err := strconv.ParseUint(s, 8, 32)
	return uint32(n), err == nil && n&^0o1777 == 0 && len(s) == 4
}

func printMode(m uint32) string {
	s := strconv.FormatUint(uint64(m), 8)
	return "0000"[:max(0, 4-len(s))] + s
}
