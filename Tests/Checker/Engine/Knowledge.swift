/// What an agent knows: of each agent, up to which of its epochs everything happened before (8 clocks); and of each word, the
/// oldest store that it may still read (a view). A row of 128 numbers of 16 bits, so that two are joined by a few instructions.
typealias Knowledge = UnsafeMutablePointer<UInt16>

enum KnowledgeLayout {
    static let clocks = 8
    static let words = 120
    static let count = clocks + words
}

extension UnsafeMutablePointer where Pointee == UInt16 {
    @inline(__always)
    func join(_ other: Knowledge, words: Int) {
        var index = 0
        while index < KnowledgeLayout.clocks + words {
            let mine = UnsafeMutableRawPointer(self + index).assumingMemoryBound(to: SIMD32<UInt16>.self)
            let theirs = UnsafeRawPointer(other + index).loadUnaligned(as: SIMD32<UInt16>.self)
            mine.pointee = pointwiseMax(mine.pointee, theirs)
            index += 32
        }
    }

    /// Only what may be read, without what happened before: what sequentially consistent fences hand on.
    @inline(__always)
    func joinView(_ other: Knowledge, words: Int) {
        for index in KnowledgeLayout.clocks..<KnowledgeLayout.clocks + words where other[index] > self[index] {
            self[index] = other[index]
        }
    }

    @inline(__always)
    func copy(_ other: Knowledge) { update(from: other, count: KnowledgeLayout.count) }

    @inline(__always)
    func clear() { update(repeating: 0, count: KnowledgeLayout.count) }

    @inline(__always)
    var view: Knowledge { self + KnowledgeLayout.clocks }

    static func allocateKnowledge(_ rows: Int = 1) -> Knowledge {
        let bytes = UnsafeMutableRawPointer.allocate(byteCount: rows * KnowledgeLayout.count * 2, alignment: 64)
        let numbers = bytes.bindMemory(to: UInt16.self, capacity: rows * KnowledgeLayout.count)
        numbers.initialize(repeating: 0, count: rows * KnowledgeLayout.count)
        return numbers
    }
}
