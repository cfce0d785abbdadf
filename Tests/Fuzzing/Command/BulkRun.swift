import Foundation
import FuzzTargets
import SeededNumbers
import TraceTestSupport

/// Random changes of inputs that libFuzzer has kept: in a build without its instrumentation, and so many times as many in the
/// same time. Nothing new is kept, so it does not go far from them; libFuzzer does that.
struct BulkRun {
    /// Why there is nothing to look at, or nowhere to note it.
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    let target: FuzzTarget
    private var random: SeededGenerator
    private let corpus: [[UInt8]]
    private let guarded: GuardedMemory
    private let journal: UnsafeMutableRawBufferPointer
    private var input: [UInt8] = []

    /// - Parameters:
    ///   - directories: of inputs; those that are too long are left out.
    ///   - journal: a file that has the last input in it, also when this process crashes: 8 bytes of length, then the input.
    init(_ target: FuzzTarget, seed: UInt64, directories: [String], journal: String) throws {
        self.target = target
        random = SeededGenerator(seed: seed)
        let files = try directories.flatMap { directory in
            try FileManager.default.contentsOfDirectory(atPath: directory).sorted().map { directory + "/" + $0 }
        }
        let inputs = try files.map { [UInt8](try Data(contentsOf: URL(fileURLWithPath: $0))) }
        corpus = inputs.filter { !$0.isEmpty && $0.count <= target.maximumLength }
        guard !corpus.isEmpty else { throw Failure(description: "no inputs in \(directories.joined(separator: ", "))") }
        guarded = GuardedMemory(capacity: target.maximumLength)
        self.journal = try Self.map(journal, byteCount: 8 + target.maximumLength)
    }

    /// Looks at inputs for so long. Returns how many, and what is wrong with the last, if anything.
    mutating func run(seconds: Double) -> (executions: Int, wrong: String?) {
        let clock = ContinuousClock()
        let end = clock.now + .seconds(seconds)
        var executions = 0
        while executions & 63 != 0 || clock.now < end {
            change()
            note()
            executions += 1
            if let wrong = target.wrong(UnsafeRawBufferPointer(guarded.copy(input))) { return (executions, wrong) }
        }
        return (executions, nil)
    }

    /// A file's bytes, which outlive a process that crashes: a write of the last input for each look would take longer than
    /// the look.
    private static func map(_ path: String, byteCount: Int) throws -> UnsafeMutableRawBufferPointer {
        let file = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        defer { close(file) }
        guard file >= 0, ftruncate(file, off_t(byteCount)) == 0,
            let base = mmap(nil, byteCount, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0), base != MAP_FAILED
        else { throw Failure(description: "\(path): \(String(cString: strerror(errno)))") }
        return UnsafeMutableRawBufferPointer(start: base, count: byteCount)
    }

    private func note() {
        journal.storeBytes(of: UInt64(input.count), as: UInt64.self)
        UnsafeMutableRawBufferPointer(rebasing: journal[8...]).copyBytes(from: input)
    }

    private mutating func change() {
        input = corpus[below(corpus.count)]
        repeat { changeOnce() } while random.next() % 4 != 0
        if input.count > target.maximumLength { input.removeLast(input.count - target.maximumLength) }
    }

    private mutating func below(_ bound: Int) -> Int { random.below(max(bound, 1)) }

    /// A part of `bytes` that is not empty, and mostly short.
    private mutating func part(of bytes: [UInt8]) -> Range<Int> {
        let start = below(bytes.count)
        let length = 1 + below(min(bytes.count - start, 1 << below(9)))
        return start..<start + length
    }

    private static let numbers: [UInt64] = [
        0, 1, 2, 127, 128, 255, 256, 32767, 65535, 1 << 31, 1 << 32 - 1, 1 << 47, 1 << 63, .max,
    ]

    private mutating func changeOnce() {
        guard !input.isEmpty else { return input.append(UInt8(truncatingIfNeeded: random.next())) }
        let place = below(input.count)
        switch random.next() % 10 {
        case 0, 1: input[place] ^= 1 << UInt8(below(8))
        case 2: input[place] = UInt8(truncatingIfNeeded: random.next())
        case 3: changeNumber(at: place, toAnEdge: false)
        case 4: changeNumber(at: place, toAnEdge: true)
        case 5: input.removeSubrange(part(of: input))
        case 6: input.insert(contentsOf: input[part(of: input)], at: place)
        case 7:
            let from = part(of: input)
            for (offset, byte) in input[from].enumerated() where place + offset < input.count {
                input[place + offset] = byte
            }
        case 8:
            let other = corpus[below(corpus.count)]
            input.replaceSubrange(part(of: input), with: other[part(of: other)])
        default: input.removeLast(input.count - place)
        }
    }

    /// A number of 1, 2, 4 or 8 bytes becomes a little larger or smaller, or one at the edge of a size.
    private mutating func changeNumber(at place: Int, toAnEdge: Bool) {
        let length = min(1 << below(4), input.count - place)
        var number: UInt64 = 0
        for offset in 0..<length { number |= UInt64(input[place + offset]) << UInt64(8 * offset) }
        let small = UInt64(bitPattern: Int64(below(33) - 16))
        let changed = toAnEdge ? Self.numbers[below(Self.numbers.count)] &+ small % 3 : number &+ small
        for offset in 0..<length { input[place + offset] = UInt8(truncatingIfNeeded: changed >> UInt64(8 * offset)) }
    }
}
