import Foundation
import Harness

/// Numbers of mixed sizes, from a seed.
enum Numbers: String, CaseIterable {
    /// The low 20 bits of a running number: one to three bytes.
    case running = "running"
    /// 1 to 8 bytes, each length as likely: the mean of 4.5 bytes is more than most traces have.
    case uniformLengths = "1-8-bytes"
    /// Nine in ten have 1 to 32 bits, each length in bits as likely; one in ten has 48, as a pointer.
    case typical = "typical"

    /// So many that no processor learns their order by heart.
    static var tableCount: Int { 16384 }
    static var mask: UInt64 { 16383 }

    /// A table to draw from in turn. Empty for a running number.
    func table(seed: UInt64) -> [UInt64] {
        guard self != .running else { return [] }
        var random = SplitMix64(seed: seed)
        return (0..<Self.tableCount).map { _ in
            switch self {
            case .uniformLengths: Self.number(bytes: Int.random(in: 1...8, using: &random), &random)
            default:
                Self.number(
                    bits: Int.random(in: 0..<10, using: &random) == 0 ? 48 : Int.random(in: 1...32, using: &random),
                    &random)
            }
        }
    }

    /// Of exactly so many bytes, all such numbers as likely.
    static func number(bytes: Int, _ random: inout SplitMix64) -> UInt64 {
        let shift = 8 * UInt64(bytes - 1)
        return UInt64.random(in: 1...255, using: &random) << shift | random.next() & (1 << shift - 1)
    }

    /// Of exactly so many bits.
    static func number(bits: Int, _ random: inout SplitMix64) -> UInt64 {
        let top: UInt64 = 1 << UInt64(bits - 1)
        return top | random.next() & (top - 1)
    }
}

/// Events as a server emits them, drawn from a seed once:
///
///     60 %   begins and ends without an argument, in turn
///     25 %   one number of at most 20 bits, each length in bits as likely
///     10 %   two numbers: a pointer of 48 bits, and one of at most 20
///      5 %   a string of 12 to 24 bytes
///
/// The gaps between two are log-uniform from 50 ns to 50 us.
struct EventMix {
    struct Event {
        var kind: Kind
        /// Since the event before, in ticks.
        var gap: UInt64
        var a: UInt64 = 0
        var b: UInt64 = 0
        /// Of a string: where it stands in ``texts``.
        var text = 0..<0
    }

    enum Kind {
        case begin, end, one, two, text
    }

    private(set) var events: [Event] = []
    private(set) var texts: [UInt8] = []

    init(count: Int, seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let ticksPerNanosecond = Ticks.perSecond / 1e9
        var isOpen = false
        for _ in 0..<count {
            let gap = 50 * pow(1000, Double.random(in: 0..<1, using: &random))
            var event = Event(kind: .one, gap: UInt64(gap * ticksPerNanosecond))
            switch Int.random(in: 0..<100, using: &random) {
            case ..<60:
                event.kind = isOpen ? .end : .begin
                isOpen.toggle()
            case ..<85:
                event.a = Numbers.number(bits: Int.random(in: 1...20, using: &random), &random)
            case ..<95:
                event.kind = .two
                event.a = Numbers.number(bits: 48, &random)
                event.b = Numbers.number(bits: Int.random(in: 1...20, using: &random), &random)
            default:
                event.kind = .text
                let start = texts.count
                let length = Int.random(in: 12...24, using: &random)
                for _ in 0..<length { texts.append(UInt8.random(in: 97...122, using: &random)) }
                event.text = start..<texts.count
            }
            events.append(event)
        }
    }
}
