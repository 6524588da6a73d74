// Package process holds what remote and local commands have in common: their outputs, their logging, their errors.
package process

import (
	"bytes"
	"fmt"
	"strings"
	"sync"
)

// Logging says which of a command's streams go to Pulumi's log; both when it is not given.
type Logging string

const (
	LogStdout Logging = "stdout"
	LogStderr Logging = "stderr"
	LogBoth   Logging = "stdoutAndStderr"
	LogNone   Logging = "none"
)

func (l *Logging) logs(stream Logging) bool {
	return l == nil || *l == LogBoth || *l == stream
}

// Outputs are what a command printed, without the last line's end.
type Outputs struct {
	Stdout string `pulumi:"stdout"`
	Stderr string `pulumi:"stderr"`
}

// Recorder collects a command's two streams and passes complete lines on to a log.
type Recorder struct {
	Stdout, Stderr *Stream
	secrets        []string
}

// NewRecorder masks the secrets in everything that it logs or puts into an error; what it returns as output is unchanged.
func NewRecorder(logging *Logging, log func(string), secrets []string) *Recorder {
	r := &Recorder{secrets: maskable(secrets)}
	stream := func(kind Logging) *Stream {
		s := &Stream{}
		if logging.logs(kind) {
			s.onLine = func(line string) { log(r.mask(line)) }
		}
		return s
	}
	r.Stdout, r.Stderr = stream(LogStdout), stream(LogStderr)
	return r
}

// Outputs returns both streams; the lines that had no end are logged now.
func (r *Recorder) Outputs() Outputs {
	return Outputs{Stdout: r.Stdout.finish(), Stderr: r.Stderr.finish()}
}

const errorLines = 30

// Failure is the error of a command that ran and failed, with the end of what it said. `status` is, for example, "exit
// status 3". It does not show the command, whose text may hold what its author did not mark as secret.
func (r *Recorder) Failure(what, status string) error {
	outputs := r.Outputs()
	said := outputs.Stderr
	if said == "" {
		said = outputs.Stdout
	}
	if said == "" {
		return fmt.Errorf("%s failed: %s, and printed nothing", what, status)
	}
	lines := strings.Split(r.mask(said), "\n")
	return fmt.Errorf("%s failed: %s:\n%s", what, status, strings.Join(lines[max(0, len(lines)-errorLines):], "\n"))
}

// A shorter value would mask ordinary words and figures.
const shortestSecret = 8

func maskable(secrets []string) []string {
	var result []string
	for _, secret := range secrets {
		// A command's line can only ever show a line of a secret.
		for _, line := range append(strings.Split(secret, "\n"), secret) {
			if line = strings.TrimSpace(line); len(line) >= shortestSecret {
				result = append(result, line)
			}
		}
	}
	return result
}

func (r *Recorder) mask(text string) string {
	for _, secret := range r.secrets {
		text = strings.ReplaceAll(text, secret, "[secret]")
	}
	return text
}

// Stream is one of a command's outputs; safe for the goroutine that writes and the one that reads.
type Stream struct {
	mutex  sync.Mutex
	all    bytes.Buffer
	rest   []byte
	onLine func(string)
}

func (s *Stream) Write(chunk []byte) (int, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.all.Write(chunk)
	s.rest = append(s.rest, chunk...)
	for {
		line, rest, found := bytes.Cut(s.rest, []byte("\n"))
		if !found {
			return len(chunk), nil
		}
		s.rest = rest
		s.log(line)
	}
}

func (s *Stream) log(line []byte) {
	if s.onLine != nil && len(line) > 0 {
		s.onLine(string(line))
	}
}

func (s *Stream) finish() string {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.log(s.rest)
	s.rest = nil
	return strings.TrimSuffix(s.all.String(), "\n")
}
