import TraceCore

/// ``WordEncoding`` through the path of the library.
enum WordStrategy: EmitStrategy {
    typealias Encoding = WordEncoding

    static let name = "words"

    private static let zero = EventState("words.zero", category: "bench.emit", kind: .instant)
    private static let one = EventState("words.one", category: "bench.emit", kind: .instant)
    private static let two = EventState("words.two", category: "bench.emit", kind: .instant)
    private static let three = EventState("words.three", category: "bench.emit", kind: .instant)
    private static let off = EventState("words.off", category: "bench.emit.off", kind: .instant)
    private static let text = EventState("words.text", category: "bench.emit", kind: .instant)
    private static let opening = EventState("words.span", category: "bench.emit", kind: .begin)
    private static let closing = EventState("words.span", category: "bench.emit", kind: .end)

    static func register() {
        _ = zero.registered { [] }
        _ = one.registered { numbers(1) }
        _ = two.registered { numbers(2) }
        _ = three.registered { numbers(3) }
        _ = off.registered { numbers(1) }
        _ = text.registered { [EventSchema.Field(name: "text", type: .string)] }
        _ = opening.registered { [] }
        _ = closing.registered { [] }
    }

    static var ids: EventIDs {
        EventIDs(
            zero: zero.id, one: one.id, two: two.id, three: three.id, text: text.id, begin: opening.id, end: closing.id)
    }

    private static func numbers(_ count: Int) -> [EventSchema.Field] {
        ["a", "b", "c"].prefix(count).map { EventSchema.Field(name: $0, type: .unsigned) }
    }

    @inline(__always)
    static func emit0() { zero.emit(WordEncoding.none(), at: Stamp.now, as: WordEncoding.self) { [] } }

    @inline(__always)
    static func emit1(_ value: UInt64) {
        one.emit(WordEncoding.one(value), at: Stamp.now, as: WordEncoding.self) { numbers(1) }
    }

    @inline(__always)
    static func emit3(_ a: UInt64, _ b: UInt64, _ c: UInt64) {
        three.emit(WordEncoding.three(a, b, c), at: Stamp.now, as: WordEncoding.self) { numbers(3) }
    }

    @inline(__always)
    static func emitOff(_ value: UInt64) {
        off.emit(WordEncoding.one(value), at: Stamp.now, as: WordEncoding.self) { numbers(1) }
    }

    @inline(__always)
    static func emitPair() {
        let instant = Stamp.now
        end(at: instant)
        begin(at: instant)
    }

    @inline(__always)
    static func emitPairOfStamps() {
        closing.emit(WordEncoding.none(), at: Stamp.now, as: WordEncoding.self) { [] }
        opening.emit(WordEncoding.none(), at: Stamp.now, as: WordEncoding.self) { [] }
    }

    @inline(__always)
    static func begin(at stamp: Stamp) { opening.emit(WordEncoding.none(), at: stamp, as: WordEncoding.self) { [] } }

    @inline(__always)
    static func end(at stamp: Stamp) { closing.emit(WordEncoding.none(), at: stamp, as: WordEncoding.self) { [] } }

    @inline(__always)
    static func emit1(_ value: UInt64, at stamp: Stamp) {
        one.emit(WordEncoding.one(value), at: stamp, as: WordEncoding.self) { numbers(1) }
    }

    @inline(__always)
    static func emit2(_ a: UInt64, _ b: UInt64, at stamp: Stamp) {
        two.emit(WordEncoding.two(a, b), at: stamp, as: WordEncoding.self) { numbers(2) }
    }

    @inline(__always)
    static func emitText(_ bytes: UnsafeRawBufferPointer, at stamp: Stamp) {
        text.emit(WordEncoding.text(TextArgument(bytes)), at: stamp, as: WordEncoding.self) {
            [EventSchema.Field(name: "text", type: .string)]
        }
    }

    static func walk(_ page: PageBytes, _ body: (DecodedRecord) -> Bool) -> String? {
        let bytes = page.bytes
        var offset = BatchHeader.byteCount
        var time = page.header.baseTime
        var high: UInt64 = 0
        while offset < bytes.count {
            guard offset + 8 <= bytes.count else { return "a record is cut off at byte \(offset)" }
            let word = bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
            let (id, words) = (UInt16(truncatingIfNeeded: word), Int(word >> 16 & 0xFF))
            let next = offset + 8 + 8 * words
            guard next <= bytes.count else { return "a record ends at byte \(next), behind \(bytes.count)" }
            func argument(_ index: Int) -> UInt64 {
                index < words ? bytes.loadUnaligned(fromByteOffset: offset + 8 + 8 * index, as: UInt64.self) : 0
            }
            if id == 0 {
                high = (word >> 24) << 40
                offset = next
                continue
            }
            time &+= high | word >> 24
            high = 0
            var record = DecodedRecord(id: id, time: time)
            if page.shapes[id] == PageBytes.textShape {
                let end = min(offset + 16 + Int(argument(0)), next)
                record.text = UnsafeRawBufferPointer(rebasing: bytes[offset + 16..<end])
            } else {
                record.arguments = Arguments(count: words, a: argument(0), b: argument(1), c: argument(2))
            }
            guard body(record) else { return "\(id) \(record.arguments) before byte \(next)" }
            offset = next
        }
        return nil
    }
}
