package main

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// progress shows how far a long command has come: a bar on a terminal, and else a line every few seconds.
type progress struct {
	out      io.Writer
	bar      *progressbar.ProgressBar // nil where there is no terminal
	lastLine time.Time
}

const lineEvery = 10 * time.Second

func newProgress(out io.Writer) *progress {
	p := &progress{out: out, lastLine: time.Now()}
	if f, ok := out.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		p.bar = progressbar.NewOptions(1, progressbar.OptionSetWriter(out), progressbar.OptionSetWidth(30),
			progressbar.OptionClearOnFinish(), progressbar.OptionShowCount(), progressbar.OptionSetPredictTime(true))
	}
	return p
}

// show says that done of total steps are done and what the next one is.
func (p *progress) show(done, total int, what string) {
	switch {
	case p.bar != nil:
		p.bar.ChangeMax(total)
		p.bar.Describe(what)
		p.bar.Set(done)
	case time.Since(p.lastLine) >= lineEvery:
		p.lastLine = time.Now()
		fmt.Fprintf(p.out, "%d of %d: %s\n", done+1, total, what)
	}
}

func (p *progress) close() {
	if p.bar != nil {
		p.bar.Finish()
	}
}
