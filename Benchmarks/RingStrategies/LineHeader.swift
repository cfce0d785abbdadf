public import Synchronization

/// A line carries its own publication: seven items and a header word, so a hand-over moves one line and no index.
///
///     line 0     released   how many lines the consumer has given back, ascending   written by the consumer
///     payload    lines of 64 bytes: header, 7 items
///                header     index one past the last item published in this line     written by the producer
///
/// Item indices never repeat, so a header left by an earlier lap lies behind the consumer's index and reads as empty.
///
/// | access | order | partner |
/// | --- | --- | --- |
/// | push stores the header | release | pop loads it: the items before it are written |
/// | pop stores `released` | release | entering a line loads it: the line's items were read |
///
/// Gives up: an eighth of the memory (capacity 8 n holds 7 n items), straight copies of batches, and items that are not
/// one word.
public enum LineHeader {
    @inlinable
    public static func make(capacity: Int) -> Ends<Producer, Consumer> {
        let count = roundedUp(capacity / 8)
        let block = SharedBlock(lines: 1, payloadByteCount: count * 64)
        let lines = HeadedLines(block.payload(afterLines: 1), count: count)
        return Ends(producer: Producer(block, lines), consumer: Consumer(block, lines))
    }

    @frozen
    public struct Producer: ~Copyable, ItemProducer, @unchecked Sendable {
        @usableFromInline let block: SharedBlock
        @usableFromInline let lines: HeadedLines
        /// The line that is being filled.
        @usableFromInline var line: UnsafeMutableRawPointer
        /// How many of its items are written: 0 ... 7.
        @usableFromInline var filled = 7
        /// Index of the next item.
        @usableFromInline var tail: UInt64 = 0
        /// How many lines were entered.
        @usableFromInline var entered: UInt64 = 0
        /// The last seen `released` plus the number of lines.
        @usableFromInline var bound: UInt64

        @inlinable
        init(_ block: SharedBlock, _ lines: HeadedLines) {
            self.block = block
            self.lines = lines
            line = lines.base
            bound = lines.count
        }

        @inlinable
        deinit { block.release() }

        // SAFETY: the line was given back, and `filled` is below 7: item 1 + `filled` lies in it and is nobody else's.
        @inlinable @inline(__always)
        public mutating func push(_ item: UInt64) -> Bool {
            if filled == 7 {
                if entered == bound {
                    bound = block.word(line: 0).pointee.load(ordering: .acquiring) &+ lines.count
                    if entered == bound { return false }
                }
                line = lines[entered]
                entered &+= 1
                filled = 0
            }
            HeadedLines.items(line)[filled] = item
            filled &+= 1
            tail &+= 1
            HeadedLines.header(line).pointee.store(tail, ordering: .releasing)
            return true
        }
    }

    @frozen
    public struct Consumer: ~Copyable, ItemConsumer, @unchecked Sendable {
        @usableFromInline let block: SharedBlock
        @usableFromInline let lines: HeadedLines
        @usableFromInline var line: UnsafeMutableRawPointer
        /// How many of the line's items are read: 0 ... 7.
        @usableFromInline var taken = 0
        @usableFromInline var head: UInt64 = 0
        /// The last seen header of this line, or `head` after it.
        @usableFromInline var known: UInt64 = 0
        /// Number of the line that is being read.
        @usableFromInline var number: UInt64 = 0

        @inlinable
        init(_ block: SharedBlock, _ lines: HeadedLines) {
            self.block = block
            self.lines = lines
            line = lines.base
        }

        @inlinable
        deinit { block.release() }

        // SAFETY: `known` came from this line's header, so it lies within the line, and the items below it are written.
        @inlinable @inline(__always)
        public mutating func pop() -> UInt64? {
            if head == known, !look() { return nil }
            let item = HeadedLines.items(line)[taken]
            taken &+= 1
            head &+= 1
            return item
        }

        @inlinable @inline(__always)
        mutating func look() -> Bool {
            if taken == 7 {
                number &+= 1
                line = lines[number]
                taken = 0
                if number & lines.releaseMask == 0 { giveBack() }
            }
            let header = HeadedLines.header(line).pointee.load(ordering: .acquiring)
            if Int64(bitPattern: header &- head) <= 0 {
                giveBack()
                return false
            }
            known = header
            return true
        }

        @inlinable @inline(__always)
        func giveBack() { block.word(line: 0).pointee.store(number, ordering: .releasing) }
    }
}

/// A power of two of 64-byte lines, each with a header word of zero at first.
@frozen
@usableFromInline
struct HeadedLines: @unchecked Sendable {
    @usableFromInline let base: UnsafeMutableRawPointer
    @usableFromInline let mask: UInt64

    @inlinable
    init(_ memory: UnsafeMutableRawPointer, count: Int) {
        base = memory
        mask = UInt64(count - 1)
        for line in 0..<count {
            SharedBlock.initializeWords(at: base + line * 64, count: 1, to: 0)
            (base + line * 64 + 8).bindMemory(to: UInt64.self, capacity: 7)
        }
    }

    @inlinable @inline(__always) var count: UInt64 { mask &+ 1 }

    /// The consumer gives lines back at each number that is 0 under this mask: an eighth of them.
    @inlinable @inline(__always) var releaseMask: UInt64 { mask >> 3 }

    // SAFETY (all three): `init` bound each line so, and `number & mask` stays inside them.
    @inlinable @inline(__always)
    subscript(number: UInt64) -> UnsafeMutableRawPointer { base + Int(truncatingIfNeeded: number & mask) &* 64 }

    @inlinable @inline(__always)
    static func header(_ line: UnsafeMutableRawPointer) -> SharedBlock.Word {
        line.assumingMemoryBound(to: Atomic<UInt64>.self)
    }

    @inlinable @inline(__always)
    static func items(_ line: UnsafeMutableRawPointer) -> UnsafeMutablePointer<UInt64> {
        (line + 8).assumingMemoryBound(to: UInt64.self)
    }
}
