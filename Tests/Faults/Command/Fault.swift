import FaultySystem
import Foundation

/// A way in which the system fails a scenario.
enum Fault: CustomStringConvertible {
    /// The `number`th call fails.
    case call(faulty_call, number: Int, code: Int32)
    /// The disk is full, or broken, behind so many bytes.
    case full(after: Int, code: Int32)
    /// Each write takes so many bytes.
    case short(Int)

    func arm() {
        switch self {
        case .call(let call, let number, let code): faulty_arm(Int32(call.rawValue), number, code)
        case .full(let bytes, let code): faulty_fill(bytes, code)
        case .short(let bytes): faulty_dribble(bytes)
        }
    }

    /// Nobody should notice.
    var isHarmless: Bool {
        switch self {
        case .call(let call, _, EINTR): call != faulty_close
        case .short: true
        default: false
        }
    }

    var description: String {
        switch self {
        case .call(let call, let number, let code):
            "\(String(cString: faulty_call_name(Int32(call.rawValue)))) number \(number): \(String(cString: strerror(code)))"
        case .full(let bytes, let code): "\(String(cString: strerror(code))) behind byte \(bytes)"
        case .short(let bytes): "writes of \(bytes) bytes"
        }
    }

    /// What each call may fail with.
    static let codes: [(faulty_call, [Int32])] = [
        (faulty_open, [EMFILE, EACCES, EINTR]), (faulty_write, [ENOSPC, EIO, EINTR]), (faulty_sync, [EIO, EINTR]),
        (faulty_close, [EIO, EINTR]), (faulty_rename, [EIO, ENOSPC]), (faulty_link, [ENOSPC, EMLINK]),
        (faulty_unlink, [EIO]), (faulty_mkdir, [ENOSPC, EINTR]), (faulty_reserve, [ENOSPC, EIO, EINTR]),
        (faulty_truncate, [ENOSPC, EINTR]), (faulty_map, [ENOMEM]), (faulty_lock, [ENOLCK, EINTR]),
        (faulty_status, [EIO]),
    ]
}

/// Something that a host asks of this package, and what has to hold afterwards, whatever the system did.
struct Scenario: Sendable {
    let name: String
    /// Whether it writes: then the disk also fills up at each byte.
    var writes = true
    /// Before each attempt: an empty directory.
    var prepare: @Sendable (String) throws -> Void = { _ in }
    /// What is asked. Bytes that it has written, if it knows.
    let attempt: @Sendable (String) throws -> Void
    /// What is wrong afterwards, or nil. The error is nil after a success.
    let check: @Sendable (String, (any Error)?) throws -> String?
}

/// How a scenario came out.
struct Outcome: Codable {
    var scenario: String
    /// Attempts in which something failed.
    var faults = 0
    /// Of these, those that the host was told of.
    var errors = 0
    var problems: [String] = []

    mutating func report(_ problem: String) {
        if problems.count < 20 { problems.append(problem) }
    }
}

/// Runs a scenario with every call failing, one at a time, with each of its errors, until one comes through unharmed.
struct Sweep {
    let scenario: Scenario
    let directory: String
    /// Of the bytes behind which the disk is full.
    let stride: Int
    private(set) var outcome: Outcome

    init(_ scenario: Scenario, in directory: String, stride: Int) {
        (self.scenario, self.directory, self.stride) = (scenario, directory, stride)
        outcome = Outcome(scenario: scenario.name)
    }

    mutating func run() {
        // Without a fault it has to succeed, else nothing below means anything.
        guard attempt(nil) else { return }
        for (call, codes) in Fault.codes {
            for code in codes {
                var number = 1
                while attempt(.call(call, number: number, code: code)), number < 100_000 { number += 1 }
            }
        }
        guard scenario.writes else { return }
        for code in [ENOSPC, EIO] {
            var bytes = 0
            while attempt(.full(after: bytes, code: code)), bytes < 1 << 24 { bytes += stride }
        }
        for bytes in [1, 7, 64, 1000] { _ = attempt(.short(bytes)) }
    }

    /// Whether the fault came to pass; without one, whether all was well.
    private mutating func attempt(_ fault: Fault?) -> Bool {
        let place = "\(directory)/\(UInt32.random(in: 0 ... .max))"
        defer { try? FileManager.default.removeItem(atPath: place) }
        do {
            try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
            try scenario.prepare(place)
        } catch {
            outcome.report("could not be prepared: \(error)")
            return false
        }
        var failure: (any Error)?
        fault?.arm()
        do { try scenario.attempt(place) } catch { failure = error }
        let hasFired = faulty_disarm()
        func report(_ problem: String) { outcome.report("\(fault.map { "\($0)" } ?? "no fault"): \(problem)") }
        do {
            if let problem = try scenario.check(place, failure) { report(problem) }
        } catch {
            report("\(error)")
        }
        guard let fault else { return failure == nil && outcome.problems.isEmpty }
        guard hasFired else {
            if let failure { report("nothing failed, and yet \(failure)") }
            return false
        }
        outcome.faults += 1
        if failure != nil { outcome.errors += 1 }
        if fault.isHarmless, let failure { report("not harmless: \(failure)") }
        return true
    }
}
