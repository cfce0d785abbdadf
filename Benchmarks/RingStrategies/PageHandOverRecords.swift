/// ``PageHandOver`` for records: a page holds records as in `RecordFraming`, and the token of a full page says how many
/// bytes of it are used. A record that no longer fits hands the page over and goes to the next one.
///
/// Orders and the argument against deadlock are those of ``PageHandOver``.
///
/// Gives up: what ``PageHandOver`` does, and the unused end of each page; a record takes at most one page.
public enum PageHandOverRecords {
    /// `capacity` in bytes.
    @inlinable
    public static func make(capacity: Int) -> Ends<Producer, Consumer> {
        let capacity = roundedUp(capacity, atLeast: 2048)
        let pageSize = min(capacity / 8, 16384)
        let routes = PageRoutes(count: capacity / pageSize, pageByteCount: pageSize)
        let block = routes.block
        return Ends(
            producer: Producer(block, pageSize: pageSize, full: routes.fullIn, empty: routes.emptyOut),
            consumer: Consumer(block, pageSize: pageSize, full: routes.fullOut, empty: routes.emptyIn))
    }

    @frozen
    public struct Producer: ~Copyable, RecordProducer, @unchecked Sendable {
        @usableFromInline let block: SharedBlock
        @usableFromInline let pageSize: Int
        @usableFromInline var full: CachedIndex<UInt64>.Producer
        @usableFromInline var empty: CachedIndex<UInt64>.Consumer
        @usableFromInline var page: UInt64 = PageRoutes.none
        /// Where the next record goes, and where the page ends: the same when there is none.
        @usableFromInline var cursor: UnsafeMutableRawPointer
        @usableFromInline var end: UnsafeMutableRawPointer

        @inlinable
        init(
            _ block: SharedBlock, pageSize: Int, full: consuming CachedIndex<UInt64>.Producer,
            empty: consuming CachedIndex<UInt64>.Consumer
        ) {
            self.block = block
            self.pageSize = pageSize
            self.full = full
            self.empty = empty
            cursor = block.payload(afterLines: 0)
            end = cursor
        }

        @inlinable
        deinit { block.release() }

        // SAFETY: from `cursor` to `end` lies the rest of a page that came from `empty`: nobody else touches it.
        @inlinable @inline(__always)
        public mutating func push(_ record: UnsafeRawBufferPointer) -> Bool {
            let size = Int(RecordFraming.footprint(record.count))
            if end - cursor < size {
                precondition(size <= pageSize, "a record takes at most one page")
                flush()
                guard let page = empty.pop() else { return false }
                self.page = page
                cursor = block.payload(afterLines: 0) + Int(truncatingIfNeeded: page) &* pageSize
                end = cursor + pageSize
            }
            RecordFraming.write(record, at: cursor)
            cursor += size
            return true
        }

        /// A page is taken only to be written to at once, so there is something in it.
        @inlinable @inline(__always)
        public mutating func flush() {
            guard page != PageRoutes.none else { return }
            let used = cursor - (block.payload(afterLines: 0) + Int(truncatingIfNeeded: page) &* pageSize)
            if !full.push(PageRoutes.token(page, count: used)) { fatalError("more pages than there are") }
            page = PageRoutes.none
            end = cursor
        }
    }

    @frozen
    public struct Consumer: ~Copyable, RecordConsumer, @unchecked Sendable {
        @usableFromInline let block: SharedBlock
        @usableFromInline let pageSize: Int
        @usableFromInline var full: CachedIndex<UInt64>.Consumer
        @usableFromInline var empty: CachedIndex<UInt64>.Producer
        @usableFromInline var page: UInt64 = PageRoutes.none
        @usableFromInline var cursor: UnsafeMutableRawPointer
        @usableFromInline var end: UnsafeMutableRawPointer

        @inlinable
        init(
            _ block: SharedBlock, pageSize: Int, full: consuming CachedIndex<UInt64>.Consumer,
            empty: consuming CachedIndex<UInt64>.Producer
        ) {
            self.block = block
            self.pageSize = pageSize
            self.full = full
            self.empty = empty
            cursor = block.payload(afterLines: 0)
            end = cursor
        }

        @inlinable
        deinit { block.release() }

        // SAFETY: from `cursor` to `end` lie the unread records of a page that came from `full`.
        @inlinable @inline(__always)
        public mutating func pop(_ visit: (UnsafeRawBufferPointer) -> Void) -> Bool {
            if cursor == end, !nextPage() { return false }
            let record = RecordFraming.read(at: cursor)
            visit(record)
            cursor += Int(RecordFraming.footprint(record.count))
            return true
        }

        @inlinable @inline(__always)
        mutating func nextPage() -> Bool {
            if page != PageRoutes.none {
                if !empty.push(page) { fatalError("more pages than there are") }
                page = PageRoutes.none
            }
            guard let token = full.pop() else { return false }
            page = PageRoutes.page(token)
            cursor = block.payload(afterLines: 0) + Int(truncatingIfNeeded: page) &* pageSize
            end = cursor + PageRoutes.count(token)
            return true
        }
    }
}
