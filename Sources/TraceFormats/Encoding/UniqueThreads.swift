/// Threads as viewers have to be told of them: each with a number of its own, because they take threads of the same number for
/// the same one, and 0 for an idle processor.
///
/// A system's number goes to another thread after its thread's end, and a lane to another thread, so two threads of a file may
/// share one. The first keeps it; the others get numbers that no system gives, and the true one in their names.
struct UniqueThreads {
    struct Thread: Hashable {
        var id: UInt32
        /// Empty where the file tells none.
        var name: String
    }

    /// As ``TimelineContext/threads``.
    let threads: [Thread]
    /// What the file tells; else the least of the threads, which on Linux is the process's first one if that has a record.
    let process: UInt32

    /// Linux has 2^22 at most.
    private static var firstOfOurs: UInt32 { 1 << 30 }

    init() { (threads, process) = ([], 0) }

    init(_ context: TimelineContext) {
        var taken = Set(context.threads.map(\.id))
        var used: Set<UInt32> = [0]
        var next = Self.firstOfOurs
        threads = context.threads.map { thread in
            if used.insert(thread.id).inserted { return Thread(id: thread.id, name: thread.name) }
            while !taken.insert(next).inserted { next &+= 1 }
            let name = thread.name.isEmpty ? "thread" : thread.name
            return Thread(id: next, name: "\(name) (id \(thread.id))")
        }
        process = context.processID != 0 ? context.processID : context.threads.map(\.id).filter { $0 > 0 }.min() ?? 1
    }
}
