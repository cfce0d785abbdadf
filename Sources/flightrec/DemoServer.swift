import FlightRecording
import Foundation
import Synchronization

/// The events of the demo.
private enum Events {
    static let request = AsyncSpanEvent("request", category: "http")
    static let lookUp = AsyncSpanEvent("look up", category: "cache")
    static let parse = SpanEvent1<Int>("parse", category: "http", "bytes", unit: "bytes")
    static let header = SpanEvent("header", category: "http")
    static let body = SpanEvent("body", category: "http")
    static let render = SpanEvent("render", category: "http")
    static let compact = SpanEvent("compact", category: "storage")
    static let sync = SpanEvent1<Int>("sync", category: "storage", "pages")
    static let housekeeping = SpanEvent("housekeeping", category: "storage")
    static let route = Event2<StaticText.Reference, String>("route", category: "http", "method", "path")
    static let response = Event3<UInt16, Int, Double>("response", category: "http", "status", "size", "ratio")
    static let miss = Event1<UInt64>("miss", category: "cache", "key")
    static let tick = Event0("tick", category: "storage")
    static let handOff = FlowEvent("hand off", category: "storage")
    static let inFlight = CounterEvent<Int>("in flight", category: "http", unit: "requests")
    static let cached = CounterEvent<Int>("cached", category: "cache", unit: "entries")

    static let get = StaticText("GET")
    static let post = StaticText("POST")
}

/// What some requests end with. Not private: its name is recorded.
struct NotFound: Error {}

/// A made-up server of 800 requests, four at a time, with a cache and a thread that writes to disk: some 300 ms.
struct DemoServer {
    private let queue = WriteQueue()
    private let cache = Cache()

    private static var requests: Int { 800 }

    /// Calls `finish` while some spans are still open.
    func run<Result: Sendable>(_ finish: () throws -> Result) async throws -> Result {
        let started = DispatchSemaphore(value: 0)
        let writer = Thread { [queue] in
            // Foundation names a thread by its handle, which is there once `start` has returned. The first event takes the
            // name down.
            started.wait()
            Thread.current.name = "disk writer"
            Self.write(from: queue)
        }
        writer.start()
        started.signal()
        let shared = Shared(cache: cache, queue: queue)
        await withTaskGroup { group in
            for worker in 0..<4 {
                group.addTask(name: "worker \(worker)") {
                    for number in stride(from: worker, to: Self.requests, by: 4) { await shared.serve(number) }
                }
            }
        }
        // These are open in the file.
        let last = Events.request.begin()
        Events.parse.begin(1 << 20)
        Events.header.begin()
        let result = Swift.Result { try finish() }
        Events.header.end()
        Events.parse.end()
        Events.request.end(last)
        queue.close()
        return try result.get()
    }

    /// The thread that takes what requests hand over.
    private static func write(from queue: WriteQueue) {
        Events.housekeeping.begin()
        while let flow = queue.next() {
            Events.handOff.step(flow)
            Events.sync.measure(Int(flow % 7) + 1) {
                Work.spin(microseconds: 40 + Int(flow % 5) * 20)
                if flow % 11 == 0 { Events.compact.measure { Work.spin(microseconds: 400) } }
            }
            Events.handOff.end(flow)
            Events.tick.emit()
        }
        Events.housekeeping.end()
    }
}

/// What the workers share.
private final class Shared: Sendable {
    private let cache: Cache
    private let queue: WriteQueue
    private let inFlight = Atomic<Int>(0)

    init(cache: Cache, queue: WriteQueue) {
        self.cache = cache
        self.queue = queue
    }

    func serve(_ number: Int) async {
        Events.inFlight.set(inFlight.add(1, ordering: .relaxed).newValue)
        defer { Events.inFlight.set(inFlight.subtract(1, ordering: .relaxed).newValue) }
        try? await Events.request.measure {
            let size = parse(number)
            let entry = await Events.lookUp.measure { await cache.value(of: UInt64(number % 37)) }
            if number % 41 == 40 { throw NotFound() }
            Events.render.measure { Work.spin(microseconds: 60 + entry % 50) }
            if number % 5 == 0 {
                let flow = Flow.next()
                Events.handOff.begin(flow)
                queue.add(flow)
            }
            Events.response.emit(200, size, Double(entry) / 50)
        }
    }

    private func parse(_ number: Int) -> Int {
        let size = 200 + number * 37 % 4000
        return Events.parse.measure(size) {
            Events.header.measure { Work.spin(microseconds: 10 + number % 7) }
            Events.route.emit(
                number % 3 == 0 ? Events.post.reference : Events.get.reference, "/things/\(number % 37)")
            // One in a hundred is slow: what a flight recorder is for.
            Events.body.measure { Work.spin(microseconds: number % 100 == 99 ? 12_000 : 30 + size / 100) }
            return size
        }
    }
}

private actor Cache {
    private var entries: [UInt64: Int] = [:]

    func value(of key: UInt64) async -> Int {
        if let entry = entries[key], entry % 13 != 0 { return entry }
        Events.miss.emit(key)
        try? await Task.sleep(for: .milliseconds(1))
        let entry = Int(key) * 3 + entries.count
        entries[key] = entry
        Events.cached.set(entries.count)
        return entry
    }
}

/// Flows on their way to the disk writer.
private final class WriteQueue: @unchecked Sendable {
    /// Guards what follows.
    private let condition = NSCondition()
    private var flows: [UInt64] = []
    private var isClosed = false

    func add(_ flow: UInt64) {
        condition.withLock { flows.append(flow) }
        condition.signal()
    }

    func close() {
        condition.withLock { isClosed = true }
        condition.signal()
    }

    /// Waits for the next; nil behind the last.
    func next() -> UInt64? {
        condition.withLock {
            while flows.isEmpty && !isClosed { condition.wait() }
            return flows.isEmpty ? nil : flows.removeFirst()
        }
    }
}

private enum Work {
    /// Keeps the processor busy.
    static func spin(microseconds: Int) {
        let start = ContinuousClock.now
        while ContinuousClock.now - start < .microseconds(microseconds) {}
    }
}
