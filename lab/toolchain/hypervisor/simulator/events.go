package simulator

import (
	"encoding/json"
	"log"
	"os"
	"sync"
	"time"
)

// eventLog appends one JSON object a line to events.jsonl: what happened to which VM, for people and tests to read.
type eventLog struct {
	mu   sync.Mutex
	file *os.File
}

type event struct {
	Time   string `json:"time"`
	VM     string `json:"vm,omitempty"`
	Event  string `json:"event"`
	Detail string `json:"detail,omitempty"`
}

func openEvents(path string) (*eventLog, error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	return &eventLog{file: file}, err
}

func (e *eventLog) add(vm, what, detail string) {
	line, err := json.Marshal(event{time.Now().UTC().Format(time.RFC3339Nano), vm, what, detail})
	if err == nil {
		e.mu.Lock()
		_, err = e.file.Write(append(line, '\n'))
		e.mu.Unlock()
	}
	if err != nil {
		log.Printf("event log: %v", err)
	}
	log.Printf("%s: %s %s", vm, what, detail)
}
