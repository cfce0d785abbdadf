internal import CPlatform
internal import MemoryAccess

/// The names of the threads that hold and held lanes: those of ended threads stay, as long as their records may. A thread's is noted
/// when it ends, and when somebody asks for names; what it was called when it took its lane stands there (``LaneName``).
final class ThreadNames: Sendable {
    static let shared = ThreadNames()

    /// A lane, and a thread that held it.
    struct Holder: Hashable {
        var lane: UInt32
        var thread: UInt32
    }

    private struct State {
        var names: [Holder: String] = [:]
        /// Oldest first.
        var order: [Holder] = []
        /// Of the file that is recorded into.
        var metadata: RingMetadata<NativeMemory>?
    }

    private let state = Lock(State())

    /// Entries that are kept. Each thread with a record in the arena holds a page at least, and no arena of a usual size has
    /// more pages; of one that has, the names of the threads that ended longest ago are missing.
    private static var capacity: Int { 8192 }

    func hold(_ takes: Bool) { if takes { state.lock() } else { state.unlock() } }

    /// Names are noted there as well from now on.
    func setMetadata(_ metadata: RingMetadata<NativeMemory>?) { state.withLock { $0.metadata = metadata } }

    /// Notes how a thread is called. Any thread.
    ///
    /// - Parameters:
    ///   - taken: how it was called when it took the lane: what counts where nothing later is known.
    ///   - asks: how it is called now. A system call, and more for another thread than the calling one.
    func note(lane: Int, thread: UInt32, taken: LaneName, asks: Bool) {
        let holder = Holder(lane: UInt32(lane), thread: thread)
        let name = asks ? Self.name(of: thread) : nil
        state.withLock { state in
            let known = state.names[holder]
            let name = name ?? known ?? taken.text
            state.names[holder] = name
            if name != known {
                state.metadata?.note(NativeThread(lane: holder.lane, thread: holder.thread, name: name))
            }
            let isNew = known == nil
            guard isNew else { return }
            state.order.append(holder)
            guard state.order.count > Self.capacity else { return }
            let half = Self.capacity / 2
            for holder in state.order[..<half] { state.names[holder] = nil }
            state.order.removeFirst(half)
        }
    }

    /// The names of these, in the order of their lanes. Complexity: O(holders), however many threads there were.
    func names(of holders: Set<Holder>) -> [NativeThread] {
        let ordered = holders.sorted { ($0.lane, $0.thread) < ($1.lane, $1.thread) }
        return state.withLock { state in
            ordered.map { NativeThread(lane: $0.lane, thread: $0.thread, name: state.names[$0] ?? "") }
        }
    }

    var all: [NativeThread] {
        state.withLock { state in
            state.order.map { NativeThread(lane: $0.lane, thread: $0.thread, name: state.names[$0] ?? "") }
        }
    }

    private static func name(of thread: UInt32) -> String? {
        withUnsafeTemporaryAllocation(byteCount: 64, alignment: 1) { buffer in
            let count = cplatform_thread_name(thread, buffer.baseAddress!, buffer.count)
            return count == 0 ? nil : String(decoding: buffer[..<count], as: UTF8.self)
        }
    }
}
