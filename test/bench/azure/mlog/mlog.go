// Package mlog stands in for monis.app/mlog, the logging library of
// azure-workload-identity: it has the few names that the webhook uses, and logs nothing,
// as no handler in this benchmark does. The webhook logs errors only, so on the way of a
// pod that is mutated this leaves out the making of one logger.
package mlog

// A LogLevel is one of the levels.
type LogLevel string

// The levels.
const (
	LevelWarning LogLevel = "warning"
	LevelInfo    LogLevel = "info"
	LevelDebug   LogLevel = "debug"
	LevelTrace   LogLevel = "trace"
	LevelAll     LogLevel = "all"
)

// Enabled reports that only warnings would be logged.
func Enabled(level LogLevel) bool { return level == LevelWarning }

// A Logger discards everything.
type Logger struct{}

// New returns a Logger.
func New() Logger { return Logger{} }

// WithName returns l.
func (l Logger) WithName(string) Logger { return l }

// WithValues returns l.
func (l Logger) WithValues(...any) Logger { return l }

// Error discards an error.
func (Logger) Error(string, error, ...any) {}
