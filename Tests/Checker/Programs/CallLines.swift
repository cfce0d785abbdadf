package import Checker
import MemoryAccess
import RingBuffers

/// One thread that calls another.
package enum CallLines {
    static func calls(_ count: Int, answers: Int, start: UInt64 = 0) -> Program {
        Program("call line, \(count) calls, \(answers) answers\(start == 0 ? "" : ", count near the end")") { machine in
            let line = GenericCallLine<UInt64, UInt64, CheckedMemory>(startingAt: start)
            let (calling, responding) = (Handed(line.caller), Handed(line.responder))
            return .init([
                (
                    "caller",
                    {
                        var caller = calling.take()
                        for number in 0..<UInt64(count) {
                            _ = caller.send(number)
                            while true {
                                if let reply = caller.poll() {
                                    if reply != ~number { machine.report("\(reply) for \(number)") }
                                    break
                                }
                                if caller.isResponderGone {
                                    // It may have answered in between.
                                    if let reply = caller.poll(), reply != ~number { machine.report("\(reply)") }
                                    if number < UInt64(answers), caller.isWaiting {
                                        machine.report("no reply to \(number)")
                                    }
                                    return
                                }
                                CheckedMemory.pause()
                            }
                        }
                    }
                ),
                (
                    "responder",
                    {
                        var responder = responding.take()
                        var done = 0
                        while done < answers, !responder.isCallerGone {
                            guard let number = responder.poll() else {
                                CheckedMemory.pause()
                                continue
                            }
                            if number != UInt64(done) { machine.report("request \(number) instead of \(done)") }
                            responder.reply(~number)
                            done += 1
                        }
                    }
                ),
            ])
        }
    }

    package static let programs: [Program] = [
        calls(1, answers: 1), calls(2, answers: 2), calls(2, answers: 1), calls(3, answers: 3, start: .max - 1),
    ]
}
