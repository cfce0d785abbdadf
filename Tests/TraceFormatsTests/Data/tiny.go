// Writes tiny.trace beside it: two goroutines that meet once. See README.md.
package main

import (
	"log"
	"os"
	"runtime/trace"
)

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func main() {
	file, err := os.Create("tiny.trace")
	check(err)
	check(trace.Start(file))
	met := make(chan bool)
	go func() { met <- true }()
	<-met
	trace.Stop()
	check(file.Close())
}
