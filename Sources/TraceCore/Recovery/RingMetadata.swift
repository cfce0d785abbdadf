internal import CPlatform
package import MemoryAccess
internal import Synchronization

#if canImport(Darwin)
    internal import Darwin
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Glibc
#endif

// What makes an arena's file readable without the process that wrote it: schemas, strings, names, the clock. The layout is
// RingLayout's.
//
// Ownership
//   The log is appended to under the registry's lock, names under that of ThreadNames, clocks by one caller at a time. Whoever reads
//   maps the file to read.
//
// Invariants
//   1. An entry of the log is written before the end (release) that covers it. Otherwise, a reader takes half an entry.
//   2. An event's schema and a text are logged before their number can be seen by an emit. Otherwise, a record is published that
//      no reader can decode, nor anything behind it in its page.
//   3. A name or clock is stored with a check of all its words, in whatever order they arrive. Otherwise, a torn one is taken
//      for whole.
//   4. Of the two clocks, the older is overwritten. Otherwise, a process that is killed meanwhile has none.

package struct RingMetadata<Memory: MemoryModel>: Sendable {
    /// Keeps the memory.
    private let mapping: ArenaMapping
    private let offset: Int
    private let logCapacity: Int

    /// - Parameter range: in the mapping.
    init(_ mapping: ArenaMapping, _ range: Range<Int>) {
        self.mapping = mapping
        offset = range.lowerBound
        logCapacity = range.count - RingLayout.log
    }

    private func word(_ position: Int) -> SharedWord {
        // SAFETY: an aligned word of the mapping; nothing of the metadata but the log and the name is of another type.
        (mapping.base + (offset + position)).assumingMemoryBound(to: Atomic<UInt64>.self)
    }

    /// Writes what is known of the process. Nobody else has the mapping yet.
    func format(_ clock: TraceClock) {
        Memory.storeRelaxed(UInt64(getpid()), to: word(RingLayout.process))
        let name = CommandLine.arguments.first?.split(separator: "/").last.map { Array($0.utf8) } ?? []
        let kept = name.prefix(RingLayout.processNameCapacity)
        let start = mapping.base + (offset + RingLayout.processName)
        kept.withUnsafeBytes {
            (start + 8).copyMemory(from: $0.baseAddress ?? UnsafeRawPointer(start), byteCount: $0.count)
        }
        Memory.storeRelaxed(UInt64(kept.count), to: word(RingLayout.processName))
        var chunk = ChunkBuffer()
        NativeFileHeader(clock).append(to: &chunk)
        append(chunk.bytes)
        note(clock, newest: clock.start)
    }

    package func append(_ schema: EventSchema) {
        append(.schemas) { chunk in
            // No schema of the registry has id 0 or more than 255 fields.
            try? schema.append(to: &chunk, at: 0)
        }
    }

    package func append(_ string: NativeString) { append(.strings) { string.append(to: &$0) } }

    private func append(_ kind: NativeChunkKind, _ element: (inout ChunkBuffer) -> Void) {
        var chunk = ChunkBuffer()
        chunk.begin()
        chunk.append(1 as UInt32)
        element(&chunk)
        chunk.end(kind)
        append(chunk.bytes)
    }

    private func append(_ bytes: [UInt8]) {
        guard mapping.isMapped else { return }
        let end = Int(Memory.loadRelaxed(word(RingLayout.logEnd)))
        guard bytes.count <= logCapacity - end else {
            _ = Memory.fetchAdd(1, to: word(RingLayout.overflow), order: .relaxed)
            return
        }
        let start = mapping.base + (offset + RingLayout.log + end)
        Memory.willWrite(start, byteCount: bytes.count)
        bytes.withUnsafeBytes { start.copyMemory(from: $0.baseAddress!, byteCount: $0.count) }
        // Invariant 1.
        Memory.storeRelease(UInt64(end + bytes.count), to: word(RingLayout.logEnd))
    }

    /// Notes the clock as known now, and when that is.
    package func note(_ clock: TraceClock, newest: ClockPair) {
        guard mapping.isMapped else { return }
        let sequence = max(sequence(ofClock: 0), sequence(ofClock: 1)) &+ 1
        let clock = RingClock(
            sequence: sequence, rate: clock.rate, timeShift: clock.timeShift, start: clock.start, newest: newest)
        store(clock.words, at: RingLayout.clock + Int(sequence & 1) * RingLayout.clockByteCount)
    }

    private func sequence(ofClock slot: Int) -> UInt64 {
        Memory.loadRelaxed(word(RingLayout.clock + slot * RingLayout.clockByteCount + 8))
    }

    /// Notes a thread's name, over the oldest.
    package func note(_ thread: NativeThread) {
        guard mapping.isMapped else { return }
        let count = Memory.loadRelaxed(word(RingLayout.nameCount))
        var name = [UInt8](thread.name.utf8.prefix(RingLayout.nameTextCapacity))
        let length = name.count
        name += [UInt8](repeating: 0, count: RingLayout.nameTextCapacity - length)
        let text = (0..<RingLayout.nameTextCapacity / 8).map { index in
            name[index * 8..<index * 8 + 8].reversed().reduce(0 as UInt64) { $0 << 8 | UInt64($1) }
        }
        // The 48-bit sequence tells the latest of a thread's names.
        let head = [count << 16 | UInt64(length), UInt64(thread.lane) << 32 | UInt64(thread.thread)]
        let slot = Int(count % UInt64(RingLayout.nameCapacity))
        store(head + text, at: RingLayout.names + slot * RingLayout.nameByteCount)
        Memory.storeRelaxed(count + 1, to: word(RingLayout.nameCount))
    }

    /// Invariant 3.
    private func store(_ words: [UInt64], at position: Int) {
        for (index, value) in words.enumerated() { Memory.storeRelaxed(value, to: word(position + 8 + index * 8)) }
        Memory.storeRelaxed(CheckedWords.check(words), to: word(position))
    }

    func end() {
        if mapping.isMapped { Memory.storeRelaxed(1, to: word(RingLayout.isEnded)) }
    }
}
