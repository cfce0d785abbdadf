// Writes the two traces beside it: one by runtime/trace, one by its flight recorder. See README.md.
package main

import (
	"context"
	"log"
	"os"
	"runtime/trace"
	"strings"
	"sync"
	"time"
)

// work makes tasks, regions, logs, goroutines that block and wake each other, and with blocks enough
// a garbage collection.
func work(workers, rounds, blocks int) {
	ctx, task := trace.NewTask(context.Background(), "request")
	defer task.End()
	trace.Log(ctx, "user", strings.Repeat("long value ", 20))
	items := make(chan int)
	var group sync.WaitGroup
	for range workers {
		group.Add(1)
		go func() {
			defer group.Done()
			defer trace.StartRegion(ctx, "worker").End()
			for item := range items {
				trace.WithRegion(ctx, "item", func() {
					trace.Logf(ctx, "item", "number %d", item)
					_ = make([]byte, 4096)
				})
			}
		}()
	}
	for item := range rounds {
		_, inner := trace.NewTask(ctx, "step")
		items <- item
		inner.End()
	}
	close(items)
	group.Wait()
	// Past the smallest heap that starts a collection. runtime.GC would yield ten thousand times while it waits.
	for range blocks {
		garbage = make([]byte, 256<<10)
	}
}

var garbage []byte

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func main() {
	file, err := os.Create("runtime.trace")
	check(err)
	check(trace.Start(file))
	work(3, 40, 24)
	trace.Stop()
	check(file.Close())

	recorder := trace.NewFlightRecorder(trace.FlightRecorderConfig{MinAge: time.Minute, MaxBytes: 1 << 20})
	check(recorder.Start())
	work(2, 20, 0)
	// A generation lasts a second: this one makes the snapshot hold more than one.
	time.Sleep(1200 * time.Millisecond)
	work(2, 20, 0)
	file, err = os.Create("recorder.trace")
	check(err)
	_, err = recorder.WriteTo(file)
	check(err)
	check(file.Close())
	recorder.Stop()
}
