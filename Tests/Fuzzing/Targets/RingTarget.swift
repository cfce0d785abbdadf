internal import TraceCore
internal import TraceFormats
internal import TraceTestSupport

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

extension FuzzTarget {
    /// What a recovery takes as it finds it: fields of records and of schemas.
    private static let ofFields = [
        "is not in the table", "that is no UTF-8", "a boolean of", "no end has the next id",
    ]

    static let ring = FuzzTarget(
        name: "ring", summary: "recovery of ring files, good but for some words", maximumLength: 256,
        memory: MemoryBound(fixed: 8 << 20, perByte: 0)
    ) { input, meter in
        DamagedRing.shared.with(input) { path -> String? in
            guard let trace = meter.measure({ try? ArenaImage(path: path).recover() }) else { return nil }
            for problem in trace.problems where !(0...DamagedRing.shared.byteCount).contains(problem.offset) {
                return "a problem outside: \(problem)"
            }
            // Whatever the ring holds, what is made of it is a good file, but for what fields say.
            do {
                let file = try trace.write(to: MemorySink(), reason: "").bytes
                return FileVerifier.violations(file).first { violation in
                    !ofFields.contains { violation.what.contains($0) }
                }.map { "byte \($0.offset): \($0.what)" }
            } catch {
                return "\(error)"
            }
        }
    } seeds: {
        // Nothing, a word of each part, several.
        [[]]
            + [0, 10, 40, 60, 90, 120, 150, 180, 210, 240].map { place in
                [UInt8(place), 0, 1] + [UInt8](repeating: 0xFF, count: 8)
            }
    }
}

/// A ring file that a few threads have written to, and the same with some words changed.
///
/// An input is a list of changes of 11 bytes: which of the file's words that matter, how, and a number.
final class DamagedRing: @unchecked Sendable {
    static let shared = DamagedRing()

    /// One thread at a time.
    private let words: UnsafeMutablePointer<UInt64>
    private let original: [UInt64]
    /// Numbers of words.
    private let places: [Int]
    private let path: String
    var byteCount: Int { original.count * 8 }

    private init() {
        path = "/tmp/fuzzed-ring-\(getpid())"
        unlink(path)
        Self.record(path)
        let descriptor = open(path, O_RDWR)
        var status = stat()
        precondition(descriptor >= 0 && fstat(descriptor, &status) == 0)
        let count = Int(status.st_size)
        let base = mmap(nil, count, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0)!
        precondition(base != MAP_FAILED)
        close(descriptor)
        words = base.assumingMemoryBound(to: UInt64.self)
        original = Array(UnsafeBufferPointer(start: words, count: count / 8))
        // Of what is zero for a long way only the ends.
        let original = original
        places = original.indices.filter { place in
            place < 64 || original[max(place - 8, 0)...min(place + 2, original.count - 1)].contains { $0 != 0 }
        }
        atexit { unlink(DamagedRing.shared.path) }
    }

    private static func record(_ path: String) {
        do {
            let arena = try Arena(
                ArenaGeometry(pageByteCount: 4096, pageCount: 6, laneCapacity: 3), newFile: path, logByteCount: 4096)
            for schema in SmallFile.schemas { arena.metadata!.append(schema) }
            arena.metadata!.append(NativeString(number: 1, text: "GET"))
            arena.metadata!.note(NativeThread(lane: 0, thread: 7, name: "worker"))
            for _ in 0..<3 {
                let writer = try arena.makeWriter(as: DenseEncoding.self)
                for word in 0..<700 as Range<UInt64> {
                    writer.emit(DenseEncoding.one(word << (word & 31)), id: 3, at: Stamp(ticks: 1 << 40 + word << 8))
                }
                _ = try arena.advance()
                for word in 700..<720 as Range<UInt64> {
                    writer.emit(DenseEncoding.none(), id: 1, at: Stamp(ticks: 1 << 40 + word << 8))
                }
            }
        } catch {
            fatalError("no ring file at \(path): \(error)")
        }
    }

    func with<Result>(_ input: UnsafeRawBufferPointer, _ body: (String) -> Result) -> Result {
        var changed: [Int] = []
        var rest = input[...]
        while rest.count >= 11 {
            let change = UnsafeRawBufferPointer(rebasing: rest.prefix(11))
            rest = rest.dropFirst(11)
            let place = places[Int(change.loadUnaligned(as: UInt16.self)) % places.count]
            let number = change.loadUnaligned(fromByteOffset: 3, as: UInt64.self)
            changed.append(place)
            switch change[2] & 7 {
            case 0, 1: words[place] = number
            case 2, 3: words[place] ^= number
            case 4: words[place] &+= UInt64(bitPattern: Int64(Int8(truncatingIfNeeded: number)))
            case 5: words[place] = original[places[Int(truncatingIfNeeded: number % UInt64(places.count))]]
            case 6: words[place] = (words[place] & ~0xFFFF) | (number & 0xFFFF)
            default: words[place] ^= 1 << (number & 63)
            }
        }
        defer { for place in changed { words[place] = original[place] } }
        return body(path)
    }
}
