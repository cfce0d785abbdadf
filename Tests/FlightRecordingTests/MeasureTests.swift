import CPlatform
import FlightRecording
import Synchronization
import Testing
import TraceTestSupport

private enum Events {
    static let parse = SpanEvent("parse", category: "measured")
    static let sized = SpanEvent1<Int>("sized", category: "measured", "size")
    static let request = AsyncSpanEvent("request", category: "measured")
    static let quiet = AsyncSpanEvent("quiet", category: "quiet measured")
    static let quietParse = SpanEvent("quiet parse", category: "quiet measured")
    static let inside = Event0("inside", category: "measured")
}

private struct TooShort: Error { var length: Int }

/// A value that can be moved and not copied.
private struct Token: ~Copyable { var number: Int }

private func quietly(_ value: Int) async -> Int {
    await Task.yield()
    return value
}

private actor Counter {
    var count = 0

    func measured() async -> Int {
        await Events.request.measure {
            count += 1
            await Task.yield()
            return count
        }
    }
}

@Suite(.serialized, .exclusiveTrace) struct ClosuresMeasuredWrongly {
    private func recording(_ body: () async throws -> Void) async throws -> [RecordedEvent] {
        let arena = try Arena(ArenaGeometry(pageCount: 64))
        try Trace.start(arena)
        do { try await body() } catch {
            Trace.stop()
            throw error
        }
        Trace.stop()
        #expect(arena.openSpans().isEmpty, "a span stayed open")
        return try arena.recordedEvents()
    }

    @Test func aSpanEndsBeforeItsBody() async throws {
        let events = try await recording {
            let result = Events.parse.measure {
                Events.inside.emit()
                return 42
            }
            #expect(result == 42)
            #expect(Events.sized.measure(7) { Token(number: 9) }.number == 9)
            withSpan(Events.parse) { Events.inside.emit() }
        }
        #expect(
            events.map(\.description) == [
                "begin parse", "instant inside", "end parse", "begin sized 14", "end sized",
                "begin parse", "instant inside", "end parse",
            ])
    }

    @Test func anErrorIsNotRecorded() async throws {
        let events = try await recording {
            do throws(TooShort) {
                try Events.parse.measure { () throws(TooShort) -> Void in throw TooShort(length: 3) }
                Issue.record("the error was swallowed")
            } catch { #expect(error.length == 3) }
            #expect(throws: TooShort.self) {
                try Events.sized.measure(1) { throw TooShort(length: 1) }
            }
        }
        let type = String(reflecting: TooShort.self)
        #expect(
            events.map(\.description) == [
                "begin parse", "instant error \(type) 0", "end parse", "begin sized 2", "instant error \(type) 0",
                "end sized",
            ])
        #expect(Set(events.map(\.category)) == ["measured"])
    }

    @Test func aSpanAcrossTasksLosesItsNumber() async throws {
        let type = String(reflecting: TooShort.self)
        let events = try await recording {
            await withTaskGroup(of: Void.self) { group in
                for index in 0..<20 {
                    group.addTask {
                        do throws(TooShort) {
                            try await Events.request.measure { () async throws(TooShort) -> Void in
                                await Task.yield()
                                if index % 2 == 0 { throw TooShort(length: index) }
                            }
                            #expect(index % 2 == 1)
                        } catch { #expect(error.length == index) }
                    }
                }
            }
        }
        let begins = events.filter { $0.kind == .asyncBegin }
        let numbers = Set(begins.map { $0.numbers[0] })
        #expect(begins.count == 20 && numbers.count == 20 && !numbers.contains(0))
        #expect(Set(begins.map { $0.numbers[1] }).count == 20, "two tasks have one number")
        let ends = events.filter { $0.kind == .asyncEnd }
        #expect(Set(ends.map { $0.numbers[0] }) == numbers && ends.count == 20)
        let errors = events.filter { $0.name == "error" }
        #expect(errors.count == 10)
        #expect(errors.allSatisfy { $0.text == type && numbers.contains($0.numbers[0]) })
    }

    /// One task has one number, and its name is told before its first span; another task has another.
    @Test func aTaskLosesItsName() async throws {
        let events = try await recording {
            for name in ["first", "second"] {
                await Task(name: name) {
                    for _ in 0..<3 {
                        await Events.request.measure {
                            await Task.yield()
                            await withSpan(Events.request) { await Task.yield() }
                        }
                    }
                }.value
            }
            await Task { await Events.request.measure { await Task.yield() } }.value
        }
        let begins = events.filter { $0.kind == .asyncBegin }
        let tasks = begins.map { $0.numbers[1] }
        #expect(tasks.count == 13 && Set(tasks).count == 3 && !tasks.contains(0))
        let names = events.filter { $0.name == "task" && $0.category == "task" }
        #expect(names.map(\.text) == ["first", "second"])
        #expect(names.map { $0.numbers[0] } == [tasks[0], tasks[6]])
    }

    /// A generation that begins later has the names of its tasks, too.
    @Test func aNameIsOnlyInTheFirstGeneration() async throws {
        let events = try await recording {
            await Task(name: "long") {
                for _ in 0..<3 {
                    await Events.request.measure { await Task.yield() }
                    await Events.request.measure { await Task.yield() }
                    _ = try? Trace.arena?.advance()
                }
            }.value
        }
        #expect(events.filter { $0.name == "task" }.count == 3)
    }

    @Test func aBodyLeavesItsActor() async throws {
        let counter = Counter()
        let events = try await recording {
            #expect(await counter.measured() == 1)
            #expect(await counter.measured() == 2)
        }
        #expect(events.filter { $0.kind == .asyncBegin || $0.kind == .asyncEnd }.count == 4)
    }

    @Test func aSwitchedOffClosureRecords() async throws {
        Trace.setCategory("quiet measured", isOn: false)
        let events = try await recording {
            #expect(Events.quietParse.measure { 1 } == 1)
            #expect(await Events.quiet.measure { await quietly(2) } == 2)
            #expect(throws: TooShort.self) { try Events.quietParse.measure { throw TooShort(length: 1) } }
            await #expect(throws: TooShort.self) {
                try await Events.quiet.measure {
                    await Task.yield()
                    throw TooShort(length: 1)
                }
            }
            // Switched inside of the body: what was not begun is not ended.
            Events.quietParse.measure { Trace.setCategory("quiet measured", isOn: true) }
            Events.quietParse.measure { Trace.setCategory("quiet measured", isOn: false) }
        }
        #expect(events.map(\.description) == ["begin quiet parse"])
        Trace.setCategory("quiet measured", isOn: true)
    }

    @Test func nothingIsRecordedOutsideOfARecording() async throws {
        Trace.stop()
        #expect(Events.parse.measure { 1 } == 1)
        #expect(await Events.request.measure { await quietly(2) } == 2)
        #expect(Events.request.begin() == .none)
    }
}
