/// A protobuf message that is put together in memory: for what stands in a trace once, not for events.
struct ProtoMessage {
    private(set) var bytes: [UInt8] = []

    private mutating func append(varint number: UInt64) {
        var rest = number
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(truncatingIfNeeded: rest))
    }

    mutating func number(_ field: PerfettoField, _ value: UInt64) {
        append(varint: field.tag(.varint))
        append(varint: value)
    }

    mutating func message(_ field: PerfettoField, _ content: [UInt8]) {
        append(varint: field.tag(.bytes))
        append(varint: UInt64(content.count))
        bytes += content
    }

    mutating func message(_ field: PerfettoField, _ content: ProtoMessage) { message(field, content.bytes) }
    mutating func text(_ field: PerfettoField, _ content: String) { message(field, Array(content.utf8)) }
}
