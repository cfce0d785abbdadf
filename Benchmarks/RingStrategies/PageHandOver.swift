/// The producer fills a page of its own and hands over whole pages; emptied pages come back (the batch buffers of Go's
/// `runtime/trace.go` and of LTTng's sub-buffers, between one producer and one consumer).
///
/// Layout: pages of 16 KiB, or an eighth of the capacity if that is less. Two cached-index rings carry page numbers, with
/// the count of items in the upper half of a full page's: `full` towards the consumer, `empty` back. Each ring has room
/// for all pages, so a hand-over never fails.
///
/// Orders: those of ``CachedIndex``. Pushing a number to `full` releases the page's items to the consumer; pushing it to
/// `empty` releases the consumer's reads to the producer.
///
/// It cannot deadlock: a push fails only when all pages lie with the consumer, one that is being read included.
///
/// Gives up: items of an unfinished page are invisible until it is full or `flush`, which hands over a page however
/// little is in it; an item that was not flushed is lost when the producer goes.
public enum PageHandOver<Item: BitwiseCopyable & Sendable> {
    @inlinable
    public static func make(capacity: Int) -> Ends<Producer, Consumer> {
        let capacity = roundedUp(capacity, atLeast: 8)
        let perPage = min(capacity / 8, roundedUp(16384 / MemoryLayout<Item>.stride, atLeast: 1))
        let routes = PageRoutes(count: capacity / perPage, pageByteCount: perPage * MemoryLayout<Item>.stride)
        let items = routes.pages.bindMemory(to: Item.self, capacity: capacity)
        let block = routes.block
        return Ends(
            producer: Producer(block, items, perPage: perPage, full: routes.fullIn, empty: routes.emptyOut),
            consumer: Consumer(block, items, perPage: perPage, full: routes.fullOut, empty: routes.emptyIn))
    }

    @frozen
    public struct Producer: ~Copyable, ItemProducer, @unchecked Sendable {
        @usableFromInline let block: SharedBlock
        @usableFromInline let items: UnsafeMutablePointer<Item>
        @usableFromInline let perPage: Int
        @usableFromInline var full: CachedIndex<UInt64>.Producer
        @usableFromInline var empty: CachedIndex<UInt64>.Consumer
        @usableFromInline var page: UInt64 = 0
        /// Where the next item goes; `end` when there is no page.
        @usableFromInline var cursor: UnsafeMutablePointer<Item>
        @usableFromInline var end: UnsafeMutablePointer<Item>

        @inlinable
        init(
            _ block: SharedBlock, _ items: UnsafeMutablePointer<Item>, perPage: Int,
            full: consuming CachedIndex<UInt64>.Producer, empty: consuming CachedIndex<UInt64>.Consumer
        ) {
            self.block = block
            self.items = items
            self.perPage = perPage
            self.full = full
            self.empty = empty
            cursor = items
            end = items
        }

        @inlinable
        deinit { block.release() }

        // SAFETY: from `cursor` to `end` lies the rest of a page that came from `empty`: nobody else touches it.
        @inlinable @inline(__always)
        public mutating func push(_ item: Item) -> Bool {
            if cursor == end, !takePage() { return false }
            cursor.pointee = item
            cursor += 1
            if cursor == end { handOver() }
            return true
        }

        // SAFETY: as for `push(_:)`.
        @inlinable @inline(__always)
        public mutating func push(batch items: UnsafeBufferPointer<Item>) -> Int {
            guard let source = items.baseAddress else { return 0 }
            var done = 0
            while done < items.count {
                if cursor == end, !takePage() { break }
                let count = min(items.count - done, end - cursor)
                cursor.update(from: source + done, count: count)
                cursor += count
                done += count
                if cursor == end { handOver() }
            }
            return done
        }

        @inlinable @inline(__always)
        public mutating func flush() { if cursor != end { handOver() } }

        @inlinable @inline(__always)
        mutating func takePage() -> Bool {
            guard let page = empty.pop() else { return false }
            self.page = page
            cursor = items + Int(truncatingIfNeeded: page) &* perPage
            end = cursor + perPage
            return true
        }

        /// A page is taken only to be written to at once, so there is something in it.
        @inlinable @inline(__always)
        mutating func handOver() {
            let count = cursor - (items + Int(truncatingIfNeeded: page) &* perPage)
            if !full.push(PageRoutes.token(page, count: count)) { fatalError("more pages than there are") }
            end = cursor
        }
    }

    @frozen
    public struct Consumer: ~Copyable, ItemConsumer, @unchecked Sendable {
        @usableFromInline let block: SharedBlock
        @usableFromInline let items: UnsafeMutablePointer<Item>
        @usableFromInline let perPage: Int
        @usableFromInline var full: CachedIndex<UInt64>.Consumer
        @usableFromInline var empty: CachedIndex<UInt64>.Producer
        @usableFromInline var page: UInt64 = PageRoutes.none
        @usableFromInline var cursor: UnsafeMutablePointer<Item>
        @usableFromInline var end: UnsafeMutablePointer<Item>

        @inlinable
        init(
            _ block: SharedBlock, _ items: UnsafeMutablePointer<Item>, perPage: Int,
            full: consuming CachedIndex<UInt64>.Consumer, empty: consuming CachedIndex<UInt64>.Producer
        ) {
            self.block = block
            self.items = items
            self.perPage = perPage
            self.full = full
            self.empty = empty
            cursor = items
            end = items
        }

        @inlinable
        deinit { block.release() }

        // SAFETY: from `cursor` to `end` lie the unread items of a page that came from `full`.
        @inlinable @inline(__always)
        public mutating func pop() -> Item? {
            if cursor == end, !nextPage() { return nil }
            let item = cursor.pointee
            cursor += 1
            return item
        }

        // SAFETY: as for `pop()`.
        @inlinable @inline(__always)
        public mutating func drain(upTo limit: Int, _ visit: (Item) -> Void) -> Int {
            var done = 0
            while done < limit {
                if cursor == end, !nextPage() { break }
                let count = min(limit - done, end - cursor)
                for i in 0..<count { visit(cursor[i]) }
                cursor += count
                done += count
            }
            return done
        }

        @inlinable @inline(__always)
        mutating func nextPage() -> Bool {
            if page != PageRoutes.none {
                if !empty.push(page) { fatalError("more pages than there are") }
                page = PageRoutes.none
            }
            guard let token = full.pop() else { return false }
            page = PageRoutes.page(token)
            cursor = items + Int(truncatingIfNeeded: page) &* perPage
            end = cursor + PageRoutes.count(token)
            return true
        }
    }
}

/// Pages, all of them empty, and the two rings on which their numbers travel.
@frozen
@usableFromInline
struct PageRoutes: ~Copyable {
    @usableFromInline let block: SharedBlock
    @usableFromInline var fullIn: CachedIndex<UInt64>.Producer
    @usableFromInline var fullOut: CachedIndex<UInt64>.Consumer
    @usableFromInline var emptyIn: CachedIndex<UInt64>.Producer
    @usableFromInline var emptyOut: CachedIndex<UInt64>.Consumer

    @inlinable
    init(count: Int, pageByteCount: Int) {
        block = SharedBlock(lines: 0, payloadByteCount: count * pageByteCount)
        let full = CachedIndex<UInt64>.make(capacity: count)
        fullIn = full.producer
        fullOut = full.consumer
        let empty = CachedIndex<UInt64>.make(capacity: count)
        emptyIn = empty.producer
        emptyOut = empty.consumer
        for page in 0..<UInt64(count) { if !emptyIn.push(page) { fatalError("a ring for all pages is too small") } }
    }

    @inlinable var pages: UnsafeMutableRawPointer { block.payload(afterLines: 0) }

    /// No page: above every number.
    @inlinable @inline(__always) static var none: UInt64 { .max }

    @inlinable @inline(__always)
    static func token(_ page: UInt64, count: Int) -> UInt64 { UInt64(count) &<< 32 | page }

    @inlinable @inline(__always)
    static func page(_ token: UInt64) -> UInt64 { token & 0xFFFF_FFFF }

    @inlinable @inline(__always)
    static func count(_ token: UInt64) -> Int { Int(truncatingIfNeeded: token &>> 32) }
}
