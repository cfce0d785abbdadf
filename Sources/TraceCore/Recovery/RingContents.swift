/// The metadata of a ring file, read and checked.
struct RingContents {
    let header: NativeFileHeader
    /// The newest that is whole; nil where both slots are torn.
    private(set) var clock: RingClock?
    let schemas: [UInt16: EventSchema]
    let strings: [NativeString]
    private(set) var threads: [NativeThread] = []
    let process: UInt32
    let processName: String
    let isEnded: Bool
    let overflow: UInt64
    /// Where the log could not be read on.
    private(set) var problem: RecoveryProblem?

    init(_ image: borrowing ArenaImage) throws(ArenaError) {
        let start = image.metadata.lowerBound
        // The end (acquire) before what it covers; it never goes back.
        let end = try image.word(start + RingLayout.logEnd)
        let fixed = try image.words(start..<start + RingLayout.log)
        let capacity = image.metadata.count - RingLayout.log
        guard end >= UInt64(NativeFileHeader.byteCount), end <= UInt64(capacity), end % 8 == 0 else {
            throw .notAnArena(field: "end of the log", offset: start, found: end)
        }
        let log = try image.words(start + RingLayout.log..<start + RingLayout.log + Int(end))
        var failure: NativeFileError?
        let reader = log.withUnsafeBytes { buffer -> NativeFileReader? in
            do throws(NativeFileError) {
                var reader = try NativeFileReader(buffer.bytes)
                do throws(NativeFileError) {
                    while try reader.next(in: buffer.bytes) != nil {}
                } catch {
                    failure = error
                }
                return reader
            } catch {
                return nil
            }
        }
        guard let reader else { throw .notAnArena(field: "clock", offset: start + RingLayout.log, found: log[0]) }
        header = reader.header
        schemas = reader.schemas
        strings = reader.strings.sorted { $0.key < $1.key }.map { NativeString(number: $0.key, text: $0.value) }
        // The log has no end marker: it goes as far as it goes.
        if let failure, failure.offset < Int(end) {
            problem = .init(offset: start + RingLayout.log + failure.offset, cause: "log: \(failure.reason)")
        }
        process = UInt32(truncatingIfNeeded: fixed[RingLayout.process / 8])
        isEnded = fixed[RingLayout.isEnded / 8] == 1
        overflow = fixed[RingLayout.overflow / 8]
        let length = Int(min(fixed[RingLayout.processName / 8], UInt64(RingLayout.processNameCapacity)))
        processName = fixed.withUnsafeBytes { bytes in
            let first = RingLayout.processName + 8
            return String(decoding: bytes[first..<first + length], as: UTF8.self)
        }
        for slot in 0..<2 {
            let first = (RingLayout.clock + slot * RingLayout.clockByteCount) / 8
            let words = fixed[first + 1..<first + 1 + RingClock.wordCount]
            if let found = RingClock(words, check: fixed[first]), found.sequence > clock?.sequence ?? 0 {
                clock = found
            }
        }
        threads = Self.threads(fixed)
    }

    /// The latest name of each thread.
    private static func threads(_ fixed: [UInt64]) -> [NativeThread] {
        var latest: [UInt64: (sequence: UInt64, name: String)] = [:]
        let wordCount = RingLayout.nameByteCount / 8
        for slot in 0..<RingLayout.nameCapacity {
            let first = RingLayout.names / 8 + slot * wordCount
            // Check, sequence and length, holder, text.
            let words = fixed[first + 1..<first + 3 + RingLayout.nameTextCapacity / 8]
            guard fixed[first] == CheckedWords.check(words) else { continue }
            let (sequence, length) = (fixed[first + 1] >> 16, Int(fixed[first + 1] & 0xFFFF))
            guard length <= RingLayout.nameTextCapacity else { continue }
            if let known = latest[fixed[first + 2]], known.sequence > sequence { continue }
            let name = fixed.withUnsafeBytes { bytes in
                String(decoding: bytes[(first + 3) * 8..<(first + 3) * 8 + length], as: UTF8.self)
            }
            latest[fixed[first + 2]] = (sequence, name)
        }
        return latest.sorted { $0.key < $1.key }.map {
            NativeThread(lane: UInt32($0.key >> 32), thread: UInt32(truncatingIfNeeded: $0.key), name: $0.value.name)
        }
    }
}
