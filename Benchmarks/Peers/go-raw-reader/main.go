// Times Go's own readers of execution traces over one file, and prints a JSON line for each repetition.
//
// usage: go-raw-reader [-n repetitions] [-reader raw|ordered|check] FILE ...
//
// check prints, instead, whether the ordered reader takes each file: one line "ok|error FILE MESSAGE".
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

func main() {
	repetitions := flag.Int("n", 5, "repetitions")
	reader := flag.String("reader", "raw", "raw, ordered or check")
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
