// Times Go's own readers of execution traces over one file, and prints a JSON line for each repetition.
//
// usage: go-raw-reader [-n repetitions] [-reader raw|ordered|check|damage] FILE ...
//
// check prints, instead, whether the ordered reader takes each file: one line "ok|error FILE MESSAGE".
// damage does so for each file with one byte changed, and for its beginnings: one line "set OFFSET VALUE MESSAGE" or
// "cut LENGTH MESSAGE" for each one that the ordered reader refuses.
package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"internal/trace"
	"internal/trace/raw"
	"io"
	"log"
	"os"
	"time"
)

type result struct {
	Reader  string  `json:"reader"`
	Records int     `json:"records"`
	Seconds float64 `json:"seconds"`
}

func rawRecords(data []byte) (int, error) {
	r, err := raw.NewReader(bytes.NewReader(data))
	if err != nil {
		return 0, err
	}
	for n := 0; ; n++ {
		if _, err := r.ReadEvent(); err == io.EOF {
			return n, nil
		} else if err != nil {
			return n, err
		}
	}
}

func orderedEvents(data []byte) (int, error) {
	r, err := trace.NewReader(bytes.NewReader(data))
	if err != nil {
		return 0, err
	}
	for n := 0; ; n++ {
		if _, err := r.ReadEvent(); err == io.EOF {
			return n, nil
		} else if err != nil {
			return n, err
		}
	}
}

// damage changes every byte in one of four ways, and cuts at every 16th.
func damage(data []byte) {
	for offset, original := range data {
		value := [4]uint8{original ^ 0x80, original + 1, 0xff, 0}[offset%4]
		data[offset] = value
		if _, err := orderedEvents(data); err != nil {
			fmt.Printf("set %d %d %.80q\n", offset, value, err)
		}
		data[offset] = original
	}
	for length := 0; length < len(data); length += 16 {
		if _, err := orderedEvents(data[:length]); err != nil {
			fmt.Printf("cut %d %.80q\n", length, err)
		}
	}
}

func main() {
	repetitions := flag.Int("n", 5, "repetitions")
	reader := flag.String("reader", "raw", "raw, ordered, check or damage")
	flag.Parse()
	out := json.NewEncoder(os.Stdout)
	for _, name := range flag.Args() {
		data, err := os.ReadFile(name)
		if err != nil {
			log.Fatal(err)
		}
		if *reader == "check" {
			if _, err := orderedEvents(data); err != nil {
				fmt.Printf("error %s %.120q\n", name, err)
			} else {
				fmt.Printf("ok %s\n", name)
			}
			continue
		}
		if *reader == "damage" {
			damage(data)
			continue
		}
		read := rawRecords
		if *reader == "ordered" {
			read = orderedEvents
		}
		for range *repetitions {
			start := time.Now()
			n, err := read(data)
			seconds := time.Since(start).Seconds()
			if err != nil {
				log.Fatal(name, ": ", err)
			}
			if err := out.Encode(result{*reader, n, seconds}); err != nil {
				log.Fatal(err)
			}
		}
	}
}
