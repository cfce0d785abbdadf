internal import CPlatform
internal import MemoryAccess
internal import TraceCore

/// The pages of one generation, pinned once for all subscribers until the last of them lets go. Immutable; any thread.
final class GenerationPages: Sendable {
    let begin: GenerationBoundary
    let end: GenerationBoundary
    let account: NativeGenerationEnd
    let batches: [Batch]
    private let pages: [Int]
    private let arena: Arena
    private let budget: PinBudget
    private let forks = cplatform_fork_count()

    /// - Parameter pages: each pinned and taken from the budget once.
    init(
        _ arena: Arena, _ budget: PinBudget, begin: GenerationBoundary, end: GenerationBoundary,
        account: NativeGenerationEnd, batches: [Batch], pages: [Int]
    ) {
        self.arena = arena
        self.budget = budget
        self.begin = begin
        self.end = end
        self.account = account
        self.batches = batches
        self.pages = pages
    }

    deinit {
        // In a forked child the pins are the parent's.
        guard forks == cplatform_fork_count() else { return }
        for page in pages { arena.view.unpin(page) }
        budget.give(pages.count)
    }

    var pageCount: Int { pages.count }

    /// Events between the two boundaries, lost ones included.
    var events: UInt64 { end.cut.events(since: begin.cut) }

    /// All pages of the arena; what the batches cover of it does not change.
    var bytes: UnsafeRawBufferPointer {
        precondition(forks == cplatform_fork_count(), "a generation of the parent's, in a forked child")
        return arena.pages
    }
}
