internal import CPlatform
internal import MemoryAccess
internal import Synchronization

/// Says what the tasks are called that spans across threads begin in.
enum TaskName {
    private static let event = Event2<UInt64, String>("task", category: "task", "task", "name")

    /// { task 48 | generation 16 } of the last tasks that were looked at, each in the place of its lowest bits. Two tasks of
    /// one place are told of more often than once a generation, and so is one that two threads ask for at a time.
    private static let told = TaskTable()

    /// Emits the name of the calling thread's task, if it has one, unless it was told in this generation: so that a window
    /// that begins later has it as well.
    ///
    /// - Parameter task: its number.
    static func tell(of task: UInt64, at stamp: Stamp) {
        // In a lane of an earlier recording, or none, stands that one's generation.
        guard ThreadLane.isCurrent || ThreadLane.attach() else { return }
        let generation = NativeMemory.loadRelaxed(Lane<NativeMemory>(cplatform_lane()).generation)
        let mark = task &<< 16 | generation & 0xFFFF
        guard told.replace(mark, of: task), let name = Task.name else { return }
        event.emit(task, name, at: stamp)
    }
}

private struct TaskTable: ~Copyable, Sendable {
    private static let count: UInt64 = 1024
    nonisolated(unsafe) private let words: SharedWord

    init() {
        words = .allocate(capacity: Int(Self.count))
        for index in 0..<Int(Self.count) { (words + index).initialize(to: Atomic(0)) }
    }

    /// False where `mark` is what stands in the place of `task`.
    func replace(_ mark: UInt64, of task: UInt64) -> Bool {
        let word = words + Int(task % Self.count)
        guard NativeMemory.loadRelaxed(word) != mark else { return false }
        NativeMemory.storeRelaxed(mark, to: word)
        return true
    }
}
