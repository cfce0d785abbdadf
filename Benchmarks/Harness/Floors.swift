import Foundation
import Synchronization

/// The contenders of the suite "floor": what the machine allows, measured and verified like everything else.
public enum Floors: Suite {
    public static let name = "floor"
    public static let summary = "what the machine allows: part of every run"

    public static func contenders(_ options: SuiteOptions) -> [Contender] {
        [
            emptyLoop, clockRead, store16, pingPong(.pingPong, lines: 1), pingPong(.pingPongPerDirection, lines: 2),
            stream, copy,
        ]
    }

    /// A debug build is fifty times slower and its figures mean nothing, so that it does less.
    static let effort = Build.configuration == "debug" ? 50 : 1

    private static func floor(
        _ floor: FloorCase, _ strategy: String, _ parameters: [String: ParameterValue] = [:], unit: ResultUnit,
        threads: Int = 1, sample: @escaping (inout SampleContext) throws -> Sample
    ) -> Contender {
        Contender(
            suite: name, case: floor.rawValue, strategy: strategy, origin: .floor, parameters: parameters, unit: unit,
            threads: threads, sample: sample)
    }

    private static var emptyLoop: Contender {
        let turns = 10_000_000 / effort
        return floor(.emptyLoop, "loop", unit: .nanosecondsPerOperation) { context in
            context.time(operations: turns) {
                for index in 0..<turns { consume(index) }
            }
        }
    }

    private static var clockRead: Contender {
        floor(.clockRead, Ticks.name, unit: .nanosecondsPerOperation) { context in
            var backward = 0
            let sample = context.time(operations: 250_000) {
                var last: UInt64 = 0
                var steps = 0
                for _ in 0..<250_000 {
                    let now = Ticks.now()
                    if now < last { steps += 1 }
                    last = now
                }
                backward = steps
            }
            guard backward == 0 else {
                throw VerificationFailure("the clock went backward \(backward) times", at: "loop", seed: context.seed)
            }
            return sample
        }
    }

    /// 256 KiB: past the first-level cache, within the second.
    private static var store16: Contender {
        let slots = 256 * 1024 / 16
        let laps = 600 / effort
        return floor(.store16, "store-release", ["bytes": 16], unit: .nanosecondsPerOperation) { context in
            let ring = UnsafeMutablePointer<SIMD2<UInt64>>.allocate(capacity: slots)
            ring.initialize(repeating: .zero, count: slots)
            let index = UnsafeMutablePointer<Atomic<Int>>.allocate(capacity: 1)
            index.initialize(to: Atomic(0))
            defer {
                ring.deallocate()
                index.deinitialize(count: 1)
                index.deallocate()
            }
            let seed = context.seed
            let sample = context.time(operations: slots * laps) {
                for written in 0..<slots * laps {
                    ring[written & (slots - 1)] = SIMD2(UInt64(truncatingIfNeeded: written), seed)
                    index.pointee.store(written &+ 1, ordering: .releasing)
                }
            }
            for slot in 0..<slots where ring[slot] != SIMD2(UInt64(slots * (laps - 1) + slot), seed) {
                throw VerificationFailure("found \(ring[slot])", at: "slot \(slot)", seed: seed)
            }
            return sample
        }
    }

    private static func pingPong(_ case: FloorCase, lines: Int) -> Contender {
        let trips = 20_000
        return floor(`case`, "line", ["lines": .int(lines)], unit: .nanosecondsPerOperation, threads: 2) { context in
            let game = PingPong(lines: lines)
            defer { game.deallocate() }
            let sample = try game.play(trips, in: &context)
            guard game.hits == 2 * trips else {
                throw VerificationFailure("\(game.hits) hits", at: "the end", seed: context.seed)
            }
            return sample
        }
    }

    private static var copy: Contender {
        let bytes = (64 << 20) / effort / 4096 * 4096
        let buffers = CopyBuffers(bytes: bytes)
        return floor(.copy, "memcpy", ["MiB": .int(bytes >> 20)], unit: .gigabytesPerSecond) { context in
            buffers.stamp(context.seed)
            let sample = context.time(operations: bytes) {
                buffers.target.copyMemory(from: buffers.source, byteCount: bytes)
            }
            guard buffers.holdsStamp(context.seed) else {
                throw VerificationFailure("a page was not copied", at: "its first word", seed: context.seed)
            }
            return sample
        }
    }
}

/// Two buffers that are mapped by the first sample and kept.
private final class CopyBuffers {
    private let bytes: Int
    private static let page = 4096
    lazy var source = Self.filled(bytes)
    lazy var target = Self.filled(bytes)

    init(bytes: Int) { self.bytes = bytes }

    private static func filled(_ bytes: Int) -> UnsafeMutableRawPointer {
        let memory = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: page)
        memory.initializeMemory(as: UInt8.self, repeating: 1, count: bytes)
        return memory
    }

    func stamp(_ seed: UInt64) {
        for offset in stride(from: 0, to: bytes, by: Self.page) {
            source.storeBytes(of: seed ^ UInt64(offset), toByteOffset: offset, as: UInt64.self)
        }
    }

    func holdsStamp(_ seed: UInt64) -> Bool {
        stride(from: 0, to: bytes, by: Self.page).allSatisfy {
            target.load(fromByteOffset: $0, as: UInt64.self) == seed ^ UInt64($0)
        }
    }
}
