package fstest

import (
	"errors"
	"io"
	"strings"
)

var contentChecks = []check{
	{"WrittenIsRead", func(p *probe) {
		f, other := p.open("file"), p.open("file")
		p.write(f, "content", 0)
		p.write(f, "NT", 2)
		for what, file := range map[string]*openFile{"the file written to": f, "another open file": other} {
			if got := p.content(file); got != "coNTent" {
				p.Errorf("%s has %q, want what was written", what, got)
			}
		}
		p.closeFile(f)
		if got := p.contentOf("file"); got != "coNTent" {
			p.Errorf("the closed file has %q, want what was written", got)
		}
	}},
	{"ReadEndsAtTheEnd", func(p *probe) {
		f := p.open("file")
		p.write(f, "content", 0)
		for _, c := range []struct {
			off  int64
			room int
			want string
			eof  bool
		}{{0, 7, "content", false}, {2, 3, "nte", false}, {4, 7, "ent", true}, {7, 1, "", true}, {100, 1, "", true}} {
			b := make([]byte, c.room)
			n, err := f.ReadAt(b, c.off)
			// At the very end, either is a good answer.
			atEnd := !c.eof && int(c.off)+c.room == len("content")
			if string(b[:n]) != c.want || errors.Is(err, io.EOF) != c.eof && !atEnd || err != nil && !errors.Is(err, io.EOF) {
				p.Errorf("ReadAt of %d bytes at %d of \"content\" = %q, %v, want %q, end of file %v", c.room, c.off, b[:n], err, c.want, c.eof)
			}
		}
	}},
	{"WriteBeyondTheEndLeavesZeros", func(p *probe) {
		f := p.open("file")
		p.write(f, "a", 0)
		p.write(f, "z", 4)
		if got := p.content(f); got != "a\x00\x00\x00z" {
			p.Errorf("after writes at 0 and 4 the file has %q", got)
		}
	}},
	{"LargeContentIsKept", func(p *probe) {
		f := p.open("file")
		want := strings.Repeat("0123456789abcdef!", 1<<16) // no multiple of a block
		p.write(f, want, 0)
		if p.content(f) != want {
			p.Errorf("%d bytes are not read as they were written", len(want))
		}
	}},
	{"TasksShareAnOpenFile", func(p *probe) {
		f := p.open("file")
		const tasks, size = 8, 1000
		part := func(i int) string { return strings.Repeat(string(rune('a'+i)), size) }
		p.each(tasks, func(i int) {
			p.write(f, part(i), int64(i*size))
			b := make([]byte, size)
			if _, err := f.ReadAt(b, int64(i*size)); err != nil && !errors.Is(err, io.EOF) || string(b) != part(i) {
				p.Errorf("a task does not read what it has written beside others: %v", err)
			}
		})
		got := p.content(f)
		for i := range tasks {
			if !strings.HasPrefix(got[min(len(got), i*size):], part(i)) {
				p.Errorf("what task %d of %d wrote is not there", i, tasks)
			}
		}
	}},
	{"TruncateShrinks", func(p *probe) {
		f := p.open("file")
		p.write(f, "content", 0)
		for _, want := range []string{"cont", ""} {
			p.ok(Truncate, f.Truncate(int64(len(want))))
			if got := p.content(f); got != want {
				p.Errorf("after Truncate(%d) the file has %q, want %q", len(want), got, want)
			}
		}
	}},
	{"TruncateGrowsWithZeros", func(p *probe) {
		f := p.open("file")
		p.write(f, "content", 0)
		p.ok(Truncate, f.Truncate(4))
		p.ok(Truncate, f.Truncate(6))
		if got := p.content(f); got != "cont\x00\x00" {
			p.Errorf("after Truncate to 4 and to 6 the file has %q", got)
		}
	}},
}
