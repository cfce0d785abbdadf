public import Harness
import RingBuffers
import RingStrategies

/// Ring strategies side by side, on two pinned threads.
public enum RingsSuite: Suite {
    public static let name = "rings"
    public static let summary = "ring strategies: throughput, hand-over latency, back-pressure, overwriting"

    public static func contenders(_ options: SuiteOptions) -> [Contender] {
        RingsPlan(effort: options.effort).contenders
    }

    public static func floors(of case: String) -> [FloorCase] {
        switch `case` {
        case "pingpong": [.pingPong, .pingPongPerDirection]
        case "single-thread", "broadcast": [.store16]
        default: [.stream]
        }
    }
}

/// Which strategy runs which cases, at which sizes.
struct RingsPlan {
    let effort: Effort
    private(set) var contenders: [Contender] = []

    init(effort: Effort) {
        self.effort = effort
        addItemRings()
        addCalls()
        addHandOvers()
        addRecordRings()
        addOverwritingRings()
    }

    /// Ring sizes in bytes: within the first-level cache, within the second, beyond both.
    private var sizes: [Int] { effort == .quick ? [512 << 10] : [8 << 10, 512 << 10, 8 << 20] }

    private mutating func addItemRings() {
        words("spsc-ring", .library, make: LibrarySlotRing<UInt64>.make)
        lines("spsc-ring", .library, make: LibrarySlotRing<Line>.make)
        let wrongWay = ItemTransfer(count: 1_000_000)
        for size in sizes {
            add("u64.single", "spsc-ring-as-property", .strategy, size / 8) {
                try wrongWay.run(&$0, LibrarySlotRingAsProperty.make(capacity: size / 8))
            }
        }
        words("lamport", .strategy, make: Lamport<UInt64>.make)
        lines("lamport", .strategy, make: Lamport<Line>.make)
        words("cached-index", .strategy, make: CachedIndex<UInt64>.make)
        lines("cached-index", .strategy, make: CachedIndex<Line>.make)
        words("deferred-index", .strategy, make: DeferredIndex<UInt64>.make)
        lines("deferred-index", .strategy, make: DeferredIndex<Line>.make)
        words("ffq", .strategy, make: FastForward.make)
        words("iffq", .strategy, make: ImprovedFastForward.make)
        words("line-header", .strategy, make: LineHeader.make)
        words("bbq", .strategy, make: BBQ<UInt64>.make)
        lines("bbq", .strategy, make: BBQ<Line>.make)
        words("page-hand-over", .strategy, make: PageHandOver<UInt64>.make)
        lines("page-hand-over", .strategy, make: PageHandOver<Line>.make)
        words("mpsc-fetch-add", .strategy, pace: 4, make: SharedFetchAdd<UInt64>.make(capacity:))
        lines("mpsc-fetch-add", .strategy, pace: 2, make: SharedFetchAdd<Line>.make(capacity:))
        words("mutex-deque", .swift, pace: 25, make: MutexDeque<UInt64>.make)
        lines("mutex-deque", .swift, pace: 25, make: MutexDeque<Line>.make)
    }

    private mutating func addCalls() {
        let calls = CallPingPong(rounds: 10_000)
        // Of the capacity of the others, so that it stands beside them: it holds one item.
        add("pingpong", "call-line", .library, 1024, unit: .nanoseconds) { try calls.run(&$0) }
    }

    private mutating func addHandOvers() {
        let capacity = 1024
        let transfer = HandOverTransfer(count: 10_000)
        add("u64.single", "async-stream", .swift, capacity, threads: 1, placement: .free) {
            try transfer.run(&$0, AsyncStreamHandOver<UInt64>.self, capacity: capacity)
        }
        add("u64.single", "dispatch-queue", .swift, capacity, threads: 1, placement: .free) {
            try transfer.run(&$0, DispatchQueueHandOver<UInt64>.self, capacity: capacity)
        }
    }

    private mutating func addRecordRings() {
        records("byte-ring", .library, make: LibraryByteRing.make)
        records("byte-mirrored", .strategy, make: MirroredByteRing.make)
        records("byte-padded", .strategy, make: PaddedByteRing.make)
        records("page-hand-over", .strategy, make: PageHandOverRecords.make)
        records("record-slots", .strategy, make: RecordSlots.make)
        let copy = RecordCopy(count: 500_000)
        add("records.16-128", "copy", .floor, 64 << 10, threads: 1) { try copy.run(&$0) }
    }

    private mutating func addOverwritingRings() {
        overwriting("broadcast-ring", .library, make: LibraryBroadcastRing<UInt64>.make)
        overwriting("bbq-drop-old", .strategy, make: BBQDropOld<UInt64>.make)
        overwriting("seqlock-slots", .strategy, make: SeqlockSlots<UInt64>.make)
        overwriting("mutex-overwrite", .swift, pace: 10, make: MutexOverwrite<UInt64>.make)
    }

    /// Capacities in bytes.
    private mutating func records<P: RecordProducer & ~Copyable & Sendable, C: RecordConsumer & ~Copyable>(
        _ strategy: String, _ origin: Origin, make: @escaping (Int) -> Ends<P, C>
    ) {
        for size in sizes {
            let transfer = RecordTransfer(count: max(400_000, size / 20))
            add("records.16-128", strategy, origin, size) { try transfer.run(&$0, make(size)) }
        }
    }

    private mutating func overwriting<
        P: OverwritingProducer & ~Copyable & Sendable, C: OverwritingConsumer & ~Copyable
    >(
        _ strategy: String, _ origin: Origin, pace: Int = 1, make: @escaping (Int) -> Ends<P, C>
    ) where P.Item == UInt64, C.Item == UInt64 {
        let transfer = Overwriting(count: 1_000_000 / pace)
        add("broadcast", strategy, origin, 65_536) { try transfer.run(&$0, make(65_536)) }
        let lapped = Overwriting(count: 500_000 / pace, slowReader: true)
        add("broadcast.lapped", strategy, origin, 1024) { try lapped.run(&$0, make(1024)) }
    }

    /// All cases of 8-byte items. `pace` is how many times slower than a fast ring the strategy is, roughly: its samples
    /// move fewer items, to last about as long.
    private mutating func words<P: ItemProducer & ~Copyable & Sendable, C: ItemConsumer & ~Copyable & Sendable>(
        _ strategy: String, _ origin: Origin, pace: Int = 1, make: @escaping (Int) -> Ends<P, C>
    ) where P.Item == UInt64, C.Item == UInt64 {
        for size in sizes {
            let capacity = size / 8
            let count = max(2_000_000 / pace, pace == 1 ? capacity * 3 : 0)
            let single = ItemTransfer(count: count)
            add("u64.single", strategy, origin, capacity) { try single.run(&$0, make(capacity)) }
            let batches = ItemTransfer(style: .batch(64), count: count)
            add("u64.batch64", strategy, origin, capacity) { try batches.run(&$0, make(capacity)) }
            let drain = ItemTransfer(style: .drain, count: count)
            add("u64.drain", strategy, origin, capacity) { try drain.run(&$0, make(capacity)) }
        }
        let capacity = 1024
        let slowConsumer = ItemTransfer(count: 80_000, slowConsumer: true)
        add("slow-consumer", strategy, origin, capacity) { try slowConsumer.run(&$0, make(capacity)) }
        let slowProducer = ItemTransfer(count: 80_000, slowProducer: true)
        add("slow-producer", strategy, origin, capacity) { try slowProducer.run(&$0, make(capacity)) }
        let oversubscribed = ItemTransfer(count: 400_000 / min(pace, 4), oversubscribed: true)
        add("u64.single", strategy, origin, capacity, placement: .oversubscribed) {
            try oversubscribed.run(&$0, make(capacity))
        }
        let pingPong = PingPong(rounds: 10_000)
        add("pingpong", strategy, origin, capacity, unit: .nanoseconds) {
            try pingPong.run(&$0, make(capacity), make(capacity))
        }
        let alone = SingleThread(count: 1_000_000 / min(pace, 10))
        add("single-thread", strategy, origin, capacity, threads: 1) { try alone.run(&$0, make(capacity)) }
    }

    private mutating func lines<P: ItemProducer & ~Copyable & Sendable, C: ItemConsumer & ~Copyable & Sendable>(
        _ strategy: String, _ origin: Origin, pace: Int = 1, make: @escaping (Int) -> Ends<P, C>
    ) where P.Item == Line, C.Item == Line {
        for size in sizes {
            let capacity = size / 64
            let transfer = ItemTransfer(count: max(400_000, capacity * 3) / pace)
            add("b64.single", strategy, origin, capacity) { try transfer.run(&$0, make(capacity)) }
        }
    }

    private mutating func add(
        _ name: String, _ strategy: String, _ origin: Origin, _ capacity: Int,
        unit: ResultUnit = .nanosecondsPerOperation, threads: Int = 2, placement: Placement = .pinned,
        sample: @escaping (inout SampleContext) throws -> Sample
    ) {
        contenders.append(
            Contender(
                suite: RingsSuite.name, case: name, strategy: strategy, origin: origin,
                parameters: ["capacity": .int(capacity)], unit: unit, threads: threads, placement: placement,
                sample: sample))
    }
}
