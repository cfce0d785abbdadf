import TraceCore

/// What ships.
enum DenseStrategy: EmitStrategy {
    typealias Encoding = DenseEncoding

    static let name = "dense"

    private static let zero = Event0("zero", category: "bench.emit")
    private static let one = Event1<UInt64>("one", category: "bench.emit", "value")
    private static let two = Event2<UInt64, UInt64>("two", category: "bench.emit", "address", "value")
    private static let three = Event3<UInt64, UInt64, UInt64>("three", category: "bench.emit", "a", "b", "c")
    private static let off = Event1<UInt64>("off", category: "bench.emit.off", "value")
    private static let text = Event1<String>("text", category: "bench.emit", "text")
    private static let span = SpanEvent("span", category: "bench.emit")

    static func register() {
        zero.register()
        one.register()
        two.register()
        three.register()
        off.register()
        text.register()
        span.register()
    }

    static var ids: EventIDs {
        EventIDs(
            zero: zero.state.id, one: one.state.id, two: two.state.id, three: three.state.id, text: text.state.id,
            begin: span.opening.id, end: span.closing.id)
    }

    @inline(__always) static func emit0() { zero.emit() }
    @inline(__always) static func emit1(_ value: UInt64) { one.emit(value) }
    @inline(__always) static func emit3(_ a: UInt64, _ b: UInt64, _ c: UInt64) { three.emit(a, b, c) }
    @inline(__always) static func emitOff(_ value: UInt64) { off.emit(value) }
    @inline(__always) static func emitPair() { span.end(beginning: span) }

    @inline(__always)
    static func emitPairOfStamps() {
        span.end()
        span.begin()
    }

    @inline(__always) static func begin(at stamp: Stamp) { span.begin(at: stamp) }
    @inline(__always) static func end(at stamp: Stamp) { span.end(at: stamp) }
    @inline(__always) static func emit1(_ value: UInt64, at stamp: Stamp) { one.emit(value, at: stamp) }
    @inline(__always) static func emit2(_ a: UInt64, _ b: UInt64, at stamp: Stamp) { two.emit(a, b, at: stamp) }

    @inline(__always)
    static func emitText(_ bytes: UnsafeRawBufferPointer, at stamp: Stamp) {
        text.state.emit(DenseEncoding.text(TextArgument(bytes)), at: stamp, as: DenseEncoding.self) { text.fields }
    }
}

// MARK: Reading back

extension DenseStrategy {
    /// A simple reader of docs/FORMAT.md, for the shapes that this suite emits.
    static func walk(_ page: PageBytes, _ body: (DecodedRecord) -> Bool) -> String? {
        let bytes = page.bytes
        var offset = BatchHeader.byteCount
        let end = bytes.count
        var time = page.header.baseTime
        var digits: UInt64 = 0
        while offset < end {
            guard offset + 3 <= end else { return "a record is cut off at byte \(offset)" }
            let id = bytes[offset]
            let delta = UInt64(bytes[offset + 1]) | UInt64(bytes[offset + 2]) << 8
            digits = digits << 16 | delta
            if id == RecordID.sync {
                offset += 3
                continue
            }
            time &+= digits
            digits = 0
            guard let shape = page.shapes[UInt16(id)] else { return "id \(id) at byte \(offset)" }
            var record = DecodedRecord(id: UInt16(id), time: time)
            offset = arguments(bytes, offset + 3, shape, &record)
            guard offset <= end else { return "a record ends at byte \(offset), behind \(end)" }
            guard body(record) else { return "\(record.id) \(record.arguments) before byte \(offset)" }
        }
        return nil
    }

    private static func arguments(
        _ bytes: UnsafeRawBufferPointer, _ offset: Int, _ shape: Int, _ record: inout DecodedRecord
    ) -> Int {
        func number(_ offset: Int, _ length: Int) -> UInt64 {
            guard offset + length <= bytes.count else { return 0 }
            return (0..<length).reduce(0) { $0 | UInt64(bytes[offset + $1]) << (8 * UInt64($1)) }
        }
        let control = shape == 0 || offset >= bytes.count ? 0 : Int(bytes[offset])
        switch shape {
        case 0: return offset
        case 1:
            let length = control == 0 ? 9 : control.trailingZeroBitCount + 1
            let value = control == 0 ? number(offset + 1, 8) : number(offset, length) >> UInt64(length)
            record.arguments = Arguments(value)
            return offset + length
        case 2:
            let (a, b) = (control & 15 + 1, control >> 4 + 1)
            record.arguments = Arguments(number(offset + 1, a), number(offset + 1 + a, b))
            return offset + 1 + a + b
        case 3:
            let (a, b, c) = (control & 7 + 1, control >> 3 & 7 + 1, 1 << (control >> 6))
            record.arguments = Arguments(
                number(offset + 1, a), number(offset + 1 + a, b), number(offset + 1 + a + b, c))
            return offset + 1 + a + b + c
        default:
            let end = min(offset + 1 + control, bytes.count)
            record.text = UnsafeRawBufferPointer(rebasing: bytes[offset + 1..<end])
            return offset + 1 + control
        }
    }
}
