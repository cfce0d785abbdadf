import Harness
import RingBuffers

/// The round trip of one item over a call line: as ``PingPong``, without rings.
struct CallPingPong {
    var rounds: Int

    private typealias Line = CallLine<UInt64, UInt64>

    func run(_ context: inout SampleContext) throws -> Sample {
        let first = firstValue(context.seed)
        let seed = context.seed
        let end = first &+ UInt64(rounds)
        let abandoned = context.abandoned
        let line = Line()
        return try context.race(
            operations: rounds, line.responder, line.caller,
            produce: { half in
                var value = first
                half = Self.answer(half, &value, end, abandoned)
            },
            consume: { half in
                var value = first
                half = Self.ask(half, &value, end, abandoned)
                if value != end {
                    throw VerificationFailure("another item came back", at: "round \(value &- first)", seed: seed)
                }
            })
    }

    @inline(__always)
    private static func answer(
        _ half: consuming Line.Responder, _ value: inout UInt64, _ end: UInt64, _ abandoned: AbandonFlag
    ) -> Line.Responder {
        var responder = Harness.moved(half)
        var spins = 0
        while value != end {
            if let request = responder.poll() {
                responder.reply(request)
                value &+= 1
            } else {
                spins &+= 1
                if spins & 0xFFFF == 0, abandoned.isRaised { break }
            }
        }
        return Harness.moved(responder)
    }

    /// `value` ends short of `end` where something else came back.
    @inline(__always)
    private static func ask(
        _ half: consuming Line.Caller, _ value: inout UInt64, _ end: UInt64, _ abandoned: AbandonFlag
    ) -> Line.Caller {
        var caller = Harness.moved(half)
        var spins = 0
        rounds: while value != end {
            if !caller.send(value) { break }
            while true {
                if let reply = caller.poll() {
                    if reply != value { break rounds }
                    break
                }
                spins &+= 1
                if spins & 0xFFFF == 0, abandoned.isRaised { break rounds }
            }
            value &+= 1
        }
        return Harness.moved(caller)
    }
}
