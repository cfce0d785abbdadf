import Foundation
import MemoryAccess
import RingBuffers
import Testing

/// The protocol that ships, on a machine whose stores are late: right fences lose no wake-up, wrong ones do.
@Suite("Channel on a machine with store buffers", .serialized)
struct ChannelOrderTests {
    @Test(arguments: [ModelledFences.asymmetric, .symmetric])
    func wakeUpLostWithTheRightFences(fences: ModelledFences) {
        var sleeps = 0
        for seed in 1...1000 as ClosedRange<UInt64> {
            let run = transfer(fences, seed: seed)
            sleeps += run.sleeps
            if let problem = run.problem {
                Issue.record("\(problem), \(run.lostWakeUps) lost wake-ups: \(fences), seed \(seed)")
                return
            }
        }
        #expect(sleeps > 300, "only \(sleeps) sleeps: this tests little")
    }

    /// The test of the test.
    @Test(arguments: [ModelledFences.heavyIsLocal, .none])
    func modelMissesAWrongFence(fences: ModelledFences) {
        var runsWithLoss = 0
        for seed in 1...400 as ClosedRange<UInt64> where transfer(fences, seed: seed).lostWakeUps > 0 {
            runsWithLoss += 1
        }
        #expect(runsWithLoss > 0)
    }

    /// Twenty elements through eight slots, the sender ahead at first; either half may leave early.
    private func transfer(
        _ fences: ModelledFences, seed: UInt64
    ) -> (problem: String?, lostWakeUps: Int, sleeps: Int) {
        let world = ModelledWorld(fences, seed: seed)
        ModelledMemory.world = world
        let channel = GenericSPSCChannel<UInt32, ModelledMemory>(minimumCapacity: 8)
        let sender = Handoff(channel.sender)
        let receiver = Handoff(channel.receiver)
        let count: UInt32 = 20
        let leavesEarly = seed % 4 == 0
        let joined = DispatchSemaphore(value: 0)
        Thread.detachNewThread {
            do {
                var sender = sender.take()
                for element in 0..<count { if sender.send(element) != nil { break } }
            }
            world.end()
            joined.signal()
        }
        var expected: UInt32 = 0
        var problem: String?
        do {
            var receiver = receiver.take()
            while !(leavesEarly && expected == 5), let element = receiver.receive() {
                if element != expected { problem = "\(element) instead of \(expected)" }
                expected += 1
            }
        }
        world.end()
        joined.wait()
        if expected != (leavesEarly ? 5 : count) { problem = "the end after \(expected) elements" }
        if world.lostWakeUps > 0 { problem = problem ?? "a half slept on" }
        return (problem, world.lostWakeUps, world.sleeps)
    }
}
