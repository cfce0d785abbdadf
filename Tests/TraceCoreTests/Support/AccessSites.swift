import MemoryAccess
import TraceCore

/// An ordered access of the protocol: which word, and what is done to it. A test weakens one of them.
enum AccessSite: String, CaseIterable, Sendable {
    case publishEvent, publishLoss, storeTag, openPage, freeLane
    case readPosition, advanceReadsPosition, sweepReadsPosition
    case readTag, readLaneCount, readStateAgain, readOwner
    case claimPage, pinPage, sealPage, unpinPage, moveHand
    case takeLane, sweepLane, raiseLaneCount, takeBackRefused
    case other
}

/// Tells the sites of an arena's words apart, by address and by value.
struct AccessSites: Sendable {
    nonisolated(unsafe) var base = UnsafeRawPointer(bitPattern: 4096)!
    var lanes = 0..<0
    var states = 0..<0
    var weakened: AccessSite?

    init(weakened: AccessSite? = nil) { self.weakened = weakened }

    mutating func describe<Memory: MemoryModel>(_ view: ArenaView<Memory>) {
        base = UnsafeRawPointer(view.base)
        let first = UnsafeRawPointer(view.lane(0).address) - base
        lanes = first..<first + view.geometry.laneCapacity * Lane<Memory>.byteCount
        let state = UnsafeRawPointer(view.state(of: 0)) - base
        states = state..<state + view.geometry.pageCount * 8
    }

    private enum Role { case pos, tag, owner, refused, state, hand, laneCount, other }

    private func role(_ word: SharedWord) -> Role {
        let offset = UnsafeRawPointer(word) - base
        if lanes.contains(offset) {
            switch (offset - lanes.lowerBound) % Lane<NativeMemory>.byteCount {
            case 0: return .pos
            case 8: return .tag
            case 64: return .owner
            case 88: return .refused
            default: return .other
            }
        }
        if states.contains(offset) { return .state }
        return offset == 384 ? .hand : offset == 512 ? .laneCount : .other
    }

    func ofLoad(_ word: SharedWord, _ agent: String) -> AccessSite {
        switch role(word) {
        case .pos: agent == "advancer" ? .advanceReadsPosition : .readPosition
        case .tag: .readTag
        case .owner: .readOwner
        case .state: .readStateAgain
        case .laneCount: .readLaneCount
        default: .other
        }
    }

    func ofStore(_ value: UInt64, over old: UInt64, to word: SharedWord) -> AccessSite {
        switch role(word) {
        case .pos: value & 0xFFFF == old & 0xFFFF ? .publishLoss : .publishEvent
        case .tag: .storeTag
        case .owner: .freeLane
        case .state: .openPage
        default: .other
        }
    }

    func ofModification(from old: UInt64, to new: UInt64, of word: SharedWord) -> AccessSite {
        switch role(word) {
        case .state:
            switch (PageState(old).phase, PageState(new).phase) {
            case (_, .claiming): .claimPage
            case (.owned, .sealed): .sealPage
            default: PageState(new).pins > PageState(old).pins ? .pinPage : .unpinPage
            }
        case .owner: LaneOwner(word: new).isThread ? .takeLane : .sweepLane
        case .hand: .moveHand
        case .laneCount: .raiseLaneCount
        case .refused: .takeBackRefused
        case .pos: .sweepReadsPosition
        default: .other
        }
    }
}

/// The memory of the ``ModelledMachine`` whose agent the calling thread is.
enum ModelledMemory: MemoryModel {
    private static var agent: ModelledMachine.Agent { ModelledMachine.current! }

    static func loadRelaxed(_ word: SharedWord) -> UInt64 { agent.machine.load(word, acquires: false, by: agent) }
    static func loadAcquire(_ word: SharedWord) -> UInt64 { agent.machine.load(word, acquires: true, by: agent) }
    static func storeRelaxed(_ value: UInt64, to word: SharedWord) {
        agent.machine.store(value, to: word, releases: false, by: agent)
    }
    static func storeRelease(_ value: UInt64, to word: SharedWord) {
        agent.machine.store(value, to: word, releases: true, by: agent)
    }
    static func fetchAdd(_ value: UInt64, to word: SharedWord, order: ModificationOrder) -> UInt64 {
        agent.machine.modify(word, by: agent) { $0 &+ value }
    }
    static func fetchOr(_ bits: UInt64, to word: SharedWord, order: ModificationOrder) -> UInt64 {
        agent.machine.modify(word, by: agent) { $0 | bits }
    }
    static func compareExchange(_ expected: UInt64, with desired: UInt64, in word: SharedWord, order: ModificationOrder)
        -> Bool
    {
        agent.machine.modify(word, by: agent) { $0 == expected ? desired : nil } == expected
    }
    static func fence() { preconditionFailure("the arena has no fence") }
    static func signalFence() {}
    static func willRead(_ cell: UnsafeRawPointer, byteCount: Int) {
        agent.machine.access(cell, byteCount: byteCount, writes: false, by: agent)
    }
    static func willWrite(_ cell: UnsafeRawPointer, byteCount: Int) {
        agent.machine.access(cell, byteCount: byteCount, writes: true, by: agent)
    }
    static func pause() { agent.machine.yield(agent) }
}
