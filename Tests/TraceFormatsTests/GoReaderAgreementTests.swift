import Testing
import TraceFormats

/// The verdicts of Go's own ordered reader on a damaged trace, as it gave them, against this scanner's.
@Suite("Agreement with Go's reader")
struct GoReaderAgreementTests {
    private static let orEnd = ", or takes it for the end"

    /// A byte's change or a cut: what Go's reader was given.
    private struct Damage: Hashable {
        /// Of the changed byte; the length that is left, for a cut.
        var offset: Int
        /// Nil for a cut.
        var value: UInt8?

        func applied(to bytes: [UInt8]) -> [UInt8] {
            guard let value else { return Array(bytes[..<offset]) }
            var damaged = bytes
            damaged[offset] = value
            return damaged
        }
    }

    /// All that `go-raw-reader -reader damage` tries.
    private func damages(of bytes: [UInt8]) -> [Damage] {
        bytes.indices.map { offset in
            let original = bytes[offset]
            return Damage(offset: offset, value: [original ^ 0x80, original &+ 1, 0xFF, 0][offset % 4])
        } + stride(from: 0, to: bytes.count, by: 16).map { Damage(offset: $0, value: nil) }
    }

    private func refusals() throws -> [Damage: String] {
        let text = String(decoding: try TestData.file("tiny.refused.txt"), as: UTF8.self)
        var refusals: [Damage: String] = [:]
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ", maxSplits: line.hasPrefix("set") ? 3 : 2)
            let offset = try #require(Int(words[1]))
            let value = line.hasPrefix("set") ? UInt8(words[2]) : nil
            refusals[Damage(offset: offset, value: value)] = String(words[words.count - 1].dropFirst().dropLast())
        }
        return refusals
    }

    /// Without what ``GoTraceError/Reason/goReaderMessage`` leaves out.
    private func simplified(_ message: String) -> String {
        if message.hasPrefix("failed to read full string") { return "EOF" }
        var message = message
        if message.hasPrefix("reading frame"), let colon = message.firstIndex(of: ":") {
            message = String(message[colon...].dropFirst(2))
        }
        if message.hasSuffix(Self.orEnd) { message = String(message.dropLast(Self.orEnd.count)) }
        if message.hasSuffix("unexpected EOF") { message = message.dropLast(14) + "EOF" }
        return message == "found invalid uvarint for timestamp" ? "found invalid uvarint" : message
    }

    /// Damage that shows only to a reader that orders events and looks up strings and stacks.
    private func isOutOfScope(_ message: String) -> Bool {
        [
            "invalid status for", "broken trace: f", "expected a ", "found invalid stack ID", "tried to create",
            "multiple ", "found invalid func string", "found invalid file string",
        ].contains { message.hasPrefix($0) }
    }

    @Test("a damaged trace is judged otherwise than by Go's reader, or for another reason")
    func everyByte() throws {
        let bytes = try TestData.file("tiny.trace")
        let refusals = try refusals()
        let damages = damages(of: bytes)
        #expect(Set(damages).isSuperset(of: refusals.keys))
        for damage in damages {
            let go = refusals[damage]
            let damaged = damage.applied(to: bytes)
            let ours = scanError(damaged)
            switch (go, ours) {
            case (nil, nil): break
            case (let go?, nil): #expect(isOutOfScope(go), "\(damage): Go says \(go)")
            case (_, let ours?):
                let message = ours.goReaderMessage(of: damaged.span.bytes)
                // Go's reader may meet an order of events that is broken before the event that is.
                if let go, let message, isOutOfScope(go), message.hasPrefix("found ") { continue }
                if go == nil, message?.hasSuffix(Self.orEnd) == true { continue }
                #expect(go.map(simplified) == message.map(simplified), "\(damage): \(ours)")
            }
        }
    }
}
