// Prints what Go's ordered reader makes of execution traces, whose paths come line by line on standard input.
//
// A file begins with "file PATH" and ends with "events COUNT" or "error MESSAGE"; between them a line an event that is a user's:
// "THREAD|NANOSECONDS|KIND|TASK|CATEGORY|TEXT", or a state of the thread, or "0|NANOSECONDS|sync": the reader moves events of the
// same time apart by a nanosecond each, and these count. Texts are escaped: all bytes but letters, digits and a few signs as backslash and
// two hexadecimal digits.
package main

import (
	"bufio"
	"fmt"
	"internal/trace"
	"io"
	"os"
	"strings"
)

const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 ._:/()-"

func escaped(text string) string {
	var out strings.Builder
	for _, b := range []byte(text) {
		if strings.IndexByte(plain, b) >= 0 {
			out.WriteByte(b)
		} else {
			fmt.Fprintf(&out, "\\%02x", b)
		}
	}
	return out.String()
}

func dump(path string, out io.Writer) (count int, err error) {
	file, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer file.Close()
	reader, err := trace.NewReader(bufio.NewReader(file))
	if err != nil {
		return 0, err
	}
	var zero int64
	for {
		event, err := reader.ReadEvent()
		if err == io.EOF {
			return count, nil
		} else if err != nil {
			return count, err
		}
		if event.Kind() == trace.EventSync {
			if snapshot := event.Sync().ClockSnapshot; snapshot != nil {
				zero = snapshot.Wall.UnixNano() - int64(snapshot.Trace)
			}
			fmt.Fprintf(out, "0|%d|sync\n", int64(event.Time())+zero)
			continue
		}
		if event.Kind() == trace.EventStateTransition {
			count++
			fmt.Fprintf(out, "%d|%d|state|0||\n", event.Thread(), int64(event.Time())+zero)
			continue
		}
		var kind, category, text string
		var task trace.TaskID
		switch event.Kind() {
		case trace.EventTaskBegin:
			kind, task, text = "taskBegin", event.Task().ID, event.Task().Type
		case trace.EventTaskEnd:
			kind, task, text = "taskEnd", event.Task().ID, event.Task().Type
		case trace.EventRegionBegin:
			kind, text = "begin", event.Region().Type
		case trace.EventRegionEnd:
			kind, text = "end", event.Region().Type
		case trace.EventLog:
			log := event.Log()
			kind, task, category, text = "log", log.Task, log.Category, log.Message
		default:
			continue
		}
		if int64(event.Thread()) != int64(event.Goroutine()) || int64(event.Thread()) != int64(event.Proc()) {
			return count, fmt.Errorf("thread %d, processor %d, goroutine %d", event.Thread(), event.Proc(), event.Goroutine())
		}
		count++
		fmt.Fprintf(out, "%d|%d|%s|%d|%s|%s\n", event.Thread(), int64(event.Time())+zero, kind, task, escaped(category), escaped(text))
	}
}

func main() {
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	paths := bufio.NewScanner(os.Stdin)
	for paths.Scan() {
		fmt.Fprintf(out, "file %s\n", paths.Text())
		if count, err := dump(paths.Text(), out); err != nil {
			fmt.Fprintf(out, "error %s\n", strings.ReplaceAll(err.Error(), "\n", " "))
		} else {
			fmt.Fprintf(out, "events %d\n", count)
		}
	}
}
