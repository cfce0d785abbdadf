internal import MemoryAccess
internal import Synchronization

/// Something that a trigger asks now and then whether it has happened. On the trigger's thread only.
protocol TriggerProbe: Sendable {
    /// Nanoseconds between two askings; nil: asked whenever the thread wakes, which the probe sees to.
    var period: UInt64? { get }

    /// The reason, if it has happened since it was asked last.
    mutating func ask() -> String?
}

struct ConditionProbe: TriggerProbe {
    let reason: String
    let period: UInt64?
    private let condition: @Sendable () -> Bool
    private var was = false

    init(reason: String, period: UInt64, _ condition: @escaping @Sendable () -> Bool) {
        self.reason = reason
        self.period = max(period, 100_000)
        self.condition = condition
    }

    mutating func ask() -> String? {
        let isTrue = condition()
        defer { was = isTrue }
        return isTrue && !was ? reason : nil
    }
}

/// A signal counts up a word and rings the trigger's alarm.
struct SignalProbe: TriggerProbe {
    let signal: Int32
    private nonisolated(unsafe) let word: SharedWord
    private var seen: UInt64

    init(signal: Int32, word: SharedWord) {
        self.signal = signal
        self.word = word
        seen = NativeMemory.loadAcquire(word)
    }

    var period: UInt64? { nil }

    mutating func ask() -> String? {
        let count = NativeMemory.loadAcquire(word)
        defer { seen = count }
        return count == seen ? nil : "signal-\(signal)"
    }
}

/// The alarms of triggers. A signal handler may be ringing one whenever its trigger ends: so it stays, and serves the next trigger,
/// whom a late ring wakes once for nothing.
enum TriggerAlarms {
    private static let free = Lock<[Alarm]>([])

    static func take() -> Alarm { free.withLock { $0.popLast() } ?? Alarm() }

    static func giveBack(_ alarm: Alarm) { free.withLock { $0.append(alarm) } }
}

/// A word for each signal, there for ever: a handler may be running whenever its trigger ends.
enum SignalWords {
    private static let limit = 128
    private nonisolated(unsafe) static let words: SharedWord = {
        let words = SharedWord.allocate(capacity: limit)
        for number in 0..<limit { (words + number).initialize(to: Atomic(0)) }
        return words
    }()

    /// Nil for a number that is no signal's.
    static func word(_ signal: Int32) -> SharedWord? { 0..<limit ~= Int(signal) ? words + Int(signal) : nil }

    static func plain(_ word: SharedWord) -> UnsafeMutablePointer<UInt64> {
        // SAFETY: an atomic word is laid out as the word, and C adds to it atomically.
        UnsafeMutableRawPointer(word).assumingMemoryBound(to: UInt64.self)
    }
}
