import FuzzTargets
import Testing
import TraceFormats
import TraceTestSupport

/// Every damage that a byte can do, against the reference decoder: the same traces are accepted, with the same counts,
/// and an error lies inside the input.
@Suite("Damaged Go traces")
struct GoTraceMutationTests {
    // A debug build of the two decoders takes minutes for what a release build does in seconds.
    #if DEBUG
        private static let isThorough = false
    #else
        private static let isThorough = true
    #endif

    /// What went wrong with `bytes`, or nil.
    private func disagreement(_ bytes: [UInt8]) -> String? { bytes.withUnsafeBytes { GoAgreement.failure($0) } }

    /// Mutates bytes at `positions` to `values` and expects agreement for each.
    private func mutate(_ original: [UInt8], positions: some Sequence<Int>, values: (UInt8) -> [UInt8]) {
        var bytes = original
        for position in positions {
            for value in values(original[position]) {
                bytes[position] = value
                if let problem = disagreement(bytes) {
                    Issue.record("byte \(position) set to \(value): \(problem)")
                    return
                }
            }
            bytes[position] = original[position]
        }
    }

    @Test("a byte's 256 values are judged otherwise than by the reference", arguments: [22, 23, 25, 26])
    func everyValueOfEveryByte(minor: Int) {
        let bytes = TraceBuilder.variety(minor: minor, generations: 1...1)
        mutate(bytes, positions: bytes.indices) { original in
            Self.isThorough ? Array(0...UInt8.max) : [0, 1, 0x7F, 0x80, 0xFF, original ^ 1, original ^ 0x80, 49, 52]
        }
    }

    @Test("damage to a real trace is judged otherwise than by the reference", arguments: 0..<4)
    func everyByteOfATinyRealTrace(change: Int) throws {
        let bytes = try TestData.file("tiny.trace")
        mutate(bytes, positions: bytes.indices) { [[$0 ^ 0x80, $0 &+ 1, 0xFF, 0][change]] }
    }

    @Test("damage to a longer trace is judged otherwise than by the reference", arguments: ["runtime", "recorder"])
    func bytesOfARealTrace(_ name: String) throws {
        let bytes = try TestData.file("\(name).trace")
        // A prime stride reaches every kind of place.
        let step = Self.isThorough ? 1 : 211
        mutate(bytes, positions: stride(from: 0, to: bytes.count, by: step)) { [$0 ^ 0x80, $0 &+ 1, 0xFF, 0] }
    }

    @Test("a cut-off trace is read past its end, or a cut is not noticed", arguments: [22, 23, 25, 26])
    func everyLength(minor: Int) {
        let bytes = TraceBuilder.variety(minor: minor)
        for length in 0...bytes.count {
            // A copy of exactly that size, so that an address sanitizer sees a read behind it.
            let problem = disagreement(Array(bytes[..<length]))
            #expect(problem == nil, "length \(length)")
        }
    }

    @Test("a real trace that was cut off is read past its end, or the cut is not noticed")
    func everyLengthOfATinyRealTrace() throws {
        let bytes = try TestData.file("tiny.trace")
        for length in 0...bytes.count {
            let problem = disagreement(Array(bytes[..<length]))
            #expect(problem == nil, "length \(length)")
        }
    }

    @Test("random bytes crash the scanner")
    func randomBytes() {
        var generator = SeededGenerator(seed: 0x5EED)
        for round in 0..<3000 {
            var bytes = TraceBuilder(minor: [22, 23, 25, 26][round % 4]).bytes
            if !round.isMultiple(of: 3) {
                TraceBuilder.varint(UInt64(round % 300)).forEach { bytes += [1, 1, 1, 1, $0] }
            }
            let count = Int.random(in: 0..<300, using: &generator)
            for _ in 0..<count { bytes.append(.random(in: 0...255, using: &generator)) }
            let problem = disagreement(bytes)
            #expect(problem == nil, "round \(round)")
        }
    }

    @Test("several bytes damaged at once are judged otherwise than by the reference")
    func randomMutations() {
        var generator = SeededGenerator(seed: 0xFEED)
        let original = TraceBuilder.variety(minor: 26)
        for round in 0..<3000 {
            var bytes = original
            for _ in 0..<Int.random(in: 1...6, using: &generator) {
                bytes[.random(in: 16..<bytes.count, using: &generator)] = .random(in: 0...255, using: &generator)
            }
            let problem = disagreement(bytes)
            #expect(problem == nil, "round \(round)")
        }
    }
}
