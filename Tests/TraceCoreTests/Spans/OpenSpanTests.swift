import CPlatform
import Synchronization
import Testing
import TraceCore

extension TraceOfTheProcess {
    @Suite(.serialized) struct OpenSpansOfTheProcess {
        static let outer = SpanEvent("outer", category: "spans")
        static let inner = SpanEvent1<Int>("inner", category: "spans", "count")
        static let other = SpanEvent("other", category: "other spans")
        static let late = SpanEvent("late", category: "spans")
        static let request = AsyncSpanEvent("request", category: "async spans")

        private func recording(pages: Int = 16) throws -> Arena {
            Recorded.register()
            let arena = try Arena(ArenaGeometry(pageByteCount: 4096, pageCount: pages, laneCapacity: 8))
            try Trace.start(arena)
            return arena
        }

        /// Runs `body` on a thread of its own. An expectation there belongs to no test: so what it checks is judged here.
        private func checked(_ body: @escaping @Sendable (Check) -> Void) async {
            let failures = Shared<[(String, Int)]>([])
            await onThread { body(Check(failures: failures)) }
            for (message, line) in failures.value { Issue.record("line \(line): \(message)") }
        }

        private struct Check: Sendable {
            let failures: Shared<[(String, Int)]>

            func callAsFunction(_ condition: Bool, _ message: String = "does not hold", line: Int = #line) {
                if !condition { failures.value.append((message, line)) }
            }
        }

        private func names(_ spans: [OpenSpan]) -> [String] {
            let schemas = Trace.schemas
            return spans.map { schemas[Int($0.schema) - 1].name }
        }

        @Test func anEndsIdIsNotTheNextOne() async throws {
            // Registered by its end.
            _ = try recording()
            await checked { _ in
                Self.late.end()
                Self.late.begin()
            }
            Trace.stop()
            #expect(Self.late.closing.id == Self.late.opening.id + 1)
            let schemas = Trace.schemas
            for event in schemas where event.kind == .begin {
                #expect(schemas[Int(event.id)].kind == .end && schemas[Int(event.id)].name == event.name)
            }
        }

        /// The begin was overwritten long ago; what is listed still tells when it was.
        @Test func aSpanIsForgottenWithItsPage() async throws {
            let arena = try recording(pages: 2)
            await checked { check in
                let before = Stamp.now.units
                Self.outer.begin()
                let after = Stamp.now.units
                for word in 0..<20_000 as Range<UInt64> { Recorded.one.emit(word) }
                Self.inner.begin(7)
                let spans = arena.openSpans()
                check(names(spans) == ["outer", "inner"])
                check((before...after).contains(spans[0].start))
                check(spans.map(\.depth) == [0, 1])
                check(spans.allSatisfy { $0.thread == cplatform_thread_id() && !$0.isAcrossThreads })
                Self.inner.end()
                Self.outer.end()
                check(arena.openSpans().isEmpty)
                Self.outer.begin()
            }
            #expect(arena.openSpans().isEmpty, "the thread has ended")
            Trace.stop()
        }

        /// The category is off at the begin, at the end, or in between.
        @Test func aCategoryThatIsSwitchedInside() async throws {
            let arena = try recording()
            await checked { check in
                Self.other.begin()
                Trace.setCategory("spans", isOn: false)
                Self.outer.begin()
                Trace.setCategory("spans", isOn: true)
                Self.outer.end()
                check(names(arena.openSpans()) == ["other"], "an end without a begin closed another span")

                Self.outer.begin()
                check(names(arena.openSpans()) == ["other", "outer"])
                Trace.setCategory("spans", isOn: false)
                Self.outer.end()
                check(names(arena.openSpans()) == ["other"], "an end that was not recorded left its span open")
                Trace.setCategory("spans", isOn: true)
                check(names(arena.openSpans()) == ["other"], "a span came back with its category")
                Self.outer.begin()
                check(names(arena.openSpans()) == ["other", "outer"])
                Self.outer.end()
                check(names(arena.openSpans()) == ["other"])
                Self.other.end()
                check(arena.openSpans().isEmpty)
            }
            Trace.stop()
        }

        /// What a switched category leaves in the stack takes no room for ever.
        @Test func switchesThatFillTheStack() async throws {
            let arena = try recording()
            await checked { check in
                for _ in 0..<100 {
                    Self.outer.begin()
                    Trace.setCategory("spans", isOn: false)
                    Self.outer.end()
                    Trace.setCategory("spans", isOn: true)
                }
                Self.inner.begin(1)
                check(names(arena.openSpans()) == ["inner"])
                Self.inner.end()
            }
            Trace.stop()
        }

        @Test func anArenaThatHasStoppedTellsWhatWasOpen() async throws {
            let arena = try recording()
            await checked { check in
                Self.outer.begin()
                Trace.stop()
                Self.outer.end()
                check(names(arena.openSpans()) == ["outer"])
            }
        }

        // MARK: Across threads

        @Test func aSpanEndsOnAnotherThread() async throws {
            let arena = try recording()
            let begun = Shared<AsyncSpan?>(nil)
            await onThread { begun.value = Self.request.begin() }
            let span = try #require(begun.value)
            let open = arena.openSpans()
            #expect(open.map(\.number) == [span.number])
            #expect(open.map(\.start) == [span.start.units])
            #expect(open.allSatisfy { $0.isAcrossThreads && $0.schema == Self.request.opening.id })
            await checked { _ in
                Self.request.end(span)
                Self.request.end(span)
            }
            #expect(arena.openSpans().isEmpty)
            Trace.stop()
            let events = try Recorded.contents(arena).flatMap(\.events)
            #expect(events.map(\.id) == [1, 2, 2].map { Int(Self.request.opening.id) + $0 - 1 })
            #expect(events.first?.payload == .numbers([span.number, 0]))
            #expect(events.last?.payload == .numbers([span.number]))
        }

        @Test func aSecondEndFreesAnothersSlot() async throws {
            let arena = try recording()
            await checked { check in
                let first = Self.request.begin()
                Self.request.end(first)
                // So many that every slot is taken, the first one's too.
                let others = (0..<3000).map { _ in Self.request.begin() }
                check(arena.openSpans().count == 1024)
                Self.request.end(first)
                check(arena.openSpans().count == 1024)
                for span in others { Self.request.end(span) }
                check(arena.openSpans().isEmpty)
            }
            Trace.stop()
        }

        @Test func fullSlotsAreCounted() async throws {
            let arena = try recording()
            await checked { check in
                let spans = (0..<3000).map { _ in Self.request.begin() }
                let listed = arena.openSpans().map(\.number)
                check(listed.count == 1024)
                check(arena.unlistedSpans == 3000 - 1024)
                check(Set(listed).isSubset(of: spans.map(\.number)))
                for span in spans { Self.request.end(span) }
                check(arena.openSpans().isEmpty)
                let one = Self.request.begin()
                check(arena.openSpans().map(\.number) == [one.number])
                Self.request.end(one)
            }
            Trace.stop()
        }

        @Test func aSwitchedCategoryKeepsItsSlots() async throws {
            let arena = try recording()
            await checked { check in
                let span = Self.request.begin()
                Trace.setCategory("async spans", isOn: false)
                let none = Self.request.begin()
                check(none.number == 0)
                Self.request.end(none)
                check(arena.openSpans().map(\.number) == [span.number], "its handle still ends it")
                Self.request.end(span)
                Trace.setCategory("async spans", isOn: true)
                check(arena.openSpans().isEmpty)
            }
            Trace.stop()
        }

        /// Spans that several threads begin and others end, while two read.
        @Test func aMixOfTwoSpans() async throws {
            let arena = try recording(pages: 64)
            let handed = (0..<64).map { _ in Shared<AsyncSpan?>(nil) }
            let hasEnded = Flag()
            let wrong = Atomic<Int>(0)
            let reader = SystemThread {
                while !hasEnded.isSet {
                    let spans = arena.openSpans()
                    for span in spans where span.schema != Self.request.opening.id || !span.isAcrossThreads {
                        wrong.add(1, ordering: .relaxed)
                    }
                    if Set(spans.map(\.number)).count != spans.count { wrong.add(1, ordering: .relaxed) }
                }
            }
            for round in 0..<30 {
                onThreads(2) { thread in
                    for index in 0..<32 { handed[thread * 32 + index].value = Self.request.begin() }
                }
                let numbers = Set(handed.compactMap { $0.value?.number })
                #expect(numbers.count == 64, "round \(round)")
                #expect(Set(arena.openSpans().map(\.number)) == numbers)
                onThreads(2) { thread in
                    for index in 0..<32 { Self.request.end(handed[(1 - thread) * 32 + index].value!) }
                }
                #expect(arena.openSpans().isEmpty)
            }
            hasEnded.set()
            reader.join()
            #expect(wrong.load(ordering: .relaxed) == 0)
            Trace.stop()
        }
    }
}

@Suite struct NumbersGivenTwice {
    @Test func acrossThreads() {
        let counts = 5000
        let all = (0..<4).map { _ in Shared<[UInt64]>([]) }
        onThreads(4) { thread in all[thread].value = (0..<counts).map { _ in Flow.next() } }
        let numbers = all.flatMap(\.value)
        #expect(Set(numbers).count == 4 * counts)
        #expect(!numbers.contains(0))
    }
}
