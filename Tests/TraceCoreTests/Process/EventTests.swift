import Testing
import TraceCore

extension TraceOfTheProcess {
    @Suite(.serialized) struct EventsRecordedWrongly {
        static let plain = Event0("plain", category: "test")
        static let number = Event1<Int>("number", category: "test", "value", unit: "bytes")
        static let text = Event1<String>("text", category: "test", "value")
        static let mixed = Event2<UInt8, String>("mixed", category: "test", "code", "message")
        static let span = SpanEvent("span", category: "test")
        static let quiet = Event0("quiet", category: "quiet")
        static let label = StaticText("label")

        /// Before others take the numbers that fit one byte: the records below are those of low ones.
        static func register() {
            plain.register()
            number.register()
            text.register()
            mixed.register()
            span.register()
            quiet.register()
        }

        /// Runs `body` on a thread of its own, in a fresh arena; returns the bytes of what it emitted.
        private func recorded(_ body: @escaping @Sendable () -> Void) async throws -> [[UInt8]] {
            Recorded.register()
            let arena = try Arena(ArenaGeometry(pageByteCount: 4096, pageCount: 16))
            try Trace.start(arena)
            await onThread(body)
            Trace.stop()
            var batches: [[UInt8]] = []
            try arena.visitPages { batch, bytes in bytes.withUnsafeBytes { batches.append(Array($0[batch.records])) } }
            return batches
        }

        /// The same, again where the thread was interrupted for so long that a record has a long delta.
        private func recorded(
            byteCount: Int, _ body: @escaping @Sendable () -> Void
        ) async throws -> [UInt8] {
            for _ in 0..<100 {
                let batches = try await recorded(body)
                if batches.map(\.count) == [byteCount] { return batches[0] }
            }
            return try await recorded(body).flatMap { $0 }
        }

        @Test func aNumberHasItsSchema() async throws {
            let batches = try await recorded { Self.number.emit(-3) }
            let schema = try #require(Trace.schemas.first { $0.id == Self.number.state.id })
            #expect(schema.name == "number")
            #expect(schema.category == "test")
            #expect(schema.fields == [.init(name: "value", type: .signed, unit: "bytes")])
            // The id, the time, and 5, zigzag of -3, as a prefix varint of one byte.
            #expect(batches.count == 1)
            #expect(batches[0].count == 4)
            #expect(batches[0][0] == UInt8(Self.number.state.id))
            #expect(batches[0][3] == 2 * 5 + 1)
        }

        @Test func aStringIsCutAtAScalar() async throws {
            let batches = try await recorded { Self.text.emit(String(repeating: "é", count: 600)) }
            let record = batches[0]
            #expect(record[3] == 255)
            #expect(UInt16(record[4]) | UInt16(record[5]) << 8 == 0x8000 | 1024)
            #expect(record.count == 6 + 1024)
            #expect(String(decoding: record[6...], as: UTF8.self) == String(repeating: "é", count: 512))
            let odd = try await recorded { Self.text.emit("x" + String(repeating: "é", count: 600)) }
            #expect(odd[0].count == 6 + 1023)
        }

        @Test func anEmptyAndAShortString() async throws {
            let records = try await recorded(byteCount: 4 + 6) {
                Self.text.emit("")
                Self.text.emit("ab")
            }
            try #require(records.count == 4 + 6)
            #expect(records[3] == 0)
            #expect(Array(records[7...]) == [2, 97, 98])
        }

        @Test func aWideRecordStatesItsLength() async throws {
            let batches = try await recorded { Self.mixed.emit(7, "hi") }
            #expect(Array(batches[0][3...]) == [5, 0, 2 * 7 + 1, 2, 0, 104, 105])
        }

        @Test func aSwitchedOffCategoryIsSilent() async throws {
            Trace.setCategory("quiet", isOn: false)
            let silent = try await recorded {
                Self.quiet.emit()
                Self.quiet.emit()
            }
            #expect(silent.isEmpty)
            Trace.setCategory("quiet", isOn: true)
            let heard = try await recorded { Self.quiet.emit() }
            #expect(heard.count == 1)
        }

        @Test func nothingIsRecordedWhileNothingRecords() async throws {
            Trace.stop()
            await onThread { Self.plain.emit() }
            let batches = try await recorded {}
            #expect(batches.isEmpty)
            #expect(Trace.arena == nil)
        }

        @Test func aPairSharesItsStamp() async throws {
            let record = try await recorded(byteCount: 12) {
                Self.span.begin()
                Self.span.end(beginning: Self.span)
                Self.span.end()
            }
            try #require(record.count == 12)
            #expect(Array(record[6...8]) == [UInt8(Self.span.opening.id), 0, 0])
        }

        @Test func aHandleThatMovedStillWorks() async throws {
            let batches = try await recorded {
                let here = Event0("moved", category: "test")
                here.emit()
                let there = here
                there.emit()
            }
            // Two records of one event: of 3 bytes, or of 5 where its number is a high one.
            let half = batches[0].count / 2
            #expect(half == 3 || half == 5)
            #expect(batches[0][0] == batches[0][half])
        }

        @Test func aStaticTextKeepsItsNumber() {
            let reference = Self.label.reference
            #expect(reference == Self.label.reference)
            #expect(Trace.texts[Int(reference.number) - 1] == "label")
        }
    }
}
