import Harness
import RingStrategies

/// Items through something that brings its own consuming side. The threads are the system's to place: no regime.
struct HandOverTransfer {
    var count: Int

    private struct Progress: Sendable {
        var next: UInt64
        var mismatch: UInt64?
    }

    func run<H: HandOver>(_ context: inout SampleContext, _: H.Type, capacity: Int) throws -> Sample
    where H.Item == UInt64 {
        let first = firstValue(context.seed)
        var end = Progress(next: first)
        let sample = context.time(operations: count) {
            end = H.run(count: count, capacity: capacity, state: end, produce: { first &+ UInt64($0) }) {
                (progress: inout Progress, item: UInt64) in
                if item != progress.next, progress.mismatch == nil { progress.mismatch = progress.next }
                progress.next &+= 1
            }
        }
        if end.mismatch != nil || end.next != first &+ UInt64(count) {
            throw VerificationFailure(
                "an item was lost, repeated, reordered or altered", at: "item \((end.mismatch ?? end.next) &- first)",
                seed: context.seed)
        }
        return sample
    }
}
