package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"
	"time"
)

const indent = "   "

// A screen is what a person reads: plain text, but bold titles on a terminal.
type screen struct {
	io.Writer
	bold, plain string // escape sequences, empty where there is no terminal
}

func newScreen(w io.Writer) *screen {
	s := &screen{Writer: w}
	if f, ok := w.(*os.File); ok && os.Getenv("NO_COLOR") == "" {
		if info, err := f.Stat(); err == nil && info.Mode()&os.ModeCharDevice != 0 {
			s.bold, s.plain = "\x1b[1m", "\x1b[0m"
		}
	}
	return s
}

func (s *screen) printf(format string, args ...any) {
	_, _ = fmt.Fprintf(s, format, args...) // nobody left to read is no reason to leave things running
}

func (s *screen) title(format string, args ...any) {
	s.printf("\n%s%s%s\n\n", s.bold, fmt.Sprintf(format, args...), s.plain)
}

func (s *screen) lines(lines ...string) {
	for _, line := range lines {
		s.printf("%s\n", strings.TrimRight(indent+line, " "))
	}
}

// step says what is being done, does it, and says how long it took.
func (s *screen) step(what string, do func() error) error {
	s.printf("%s%-66s", indent, what)
	start := time.Now()
	err := do()
	if err != nil {
		s.printf("\n")
		return err
	}
	s.printf(" %4.1f s\n", time.Since(start).Seconds())
	return nil
}

// table aligns rows, whose cells are separated by tabs.
func (s *screen) table(rows ...string) {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 3, ' ', 0)
	_, _ = fmt.Fprintln(w, strings.Join(rows, "\n"))
	_ = w.Flush()
	s.lines(strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")...)
}
