/// Numbers of fields in Perfetto's messages (protos/perfetto/trace): those that are written.
struct PerfettoField {
    let number: UInt64

    init(_ number: UInt64) { self.number = number }

    enum Wire: UInt64 {
        case varint = 0
        case fixed64 = 1
        case bytes = 2
    }

    /// What stands in front of the field's value.
    func tag(_ wire: Wire) -> UInt64 { number << 3 | wire.rawValue }

    enum Trace { static let packet = PerfettoField(1) }

    enum Packet {
        static let clockSnapshot = PerfettoField(6)
        static let timestamp = PerfettoField(8)
        static let sequence = PerfettoField(10)
        static let event = PerfettoField(11)
        static let internedData = PerfettoField(12)
        static let sequenceFlags = PerfettoField(13)
        static let timestampClock = PerfettoField(58)
        static let defaults = PerfettoField(59)
        static let track = PerfettoField(60)
    }

    enum Clocks {
        static let clock = PerfettoField(1)
        static let primary = PerfettoField(2)
        static let id = PerfettoField(1)
        static let timestamp = PerfettoField(2)
    }

    enum Interned {
        static let categories = PerfettoField(1)
        static let eventNames = PerfettoField(2)
        static let annotationNames = PerfettoField(3)
        static let strings = PerfettoField(29)
        /// Of each entry.
        static let id = PerfettoField(1)
        static let text = PerfettoField(2)
    }

    enum Track {
        static let uuid = PerfettoField(1)
        static let name = PerfettoField(2)
        static let process = PerfettoField(3)
        static let thread = PerfettoField(4)
        static let parent = PerfettoField(5)
        static let counter = PerfettoField(8)
        static let mergeBehavior = PerfettoField(15)
        static let mergeKey = PerfettoField(16)
    }

    enum Process {
        static let pid = PerfettoField(1)
        static let name = PerfettoField(6)
        static let labels = PerfettoField(8)
    }

    enum Thread {
        static let pid = PerfettoField(1)
        static let tid = PerfettoField(2)
        static let name = PerfettoField(5)
    }

    enum Counter { static let unitName = PerfettoField(6) }

    enum Event {
        static let categoryIDs = PerfettoField(3)
        static let annotations = PerfettoField(4)
        static let type = PerfettoField(9)
        static let nameID = PerfettoField(10)
        static let track = PerfettoField(11)
        static let name = PerfettoField(23)
        static let counterValue = PerfettoField(30)
        static let doubleCounterValue = PerfettoField(44)
        static let flows = PerfettoField(47)
        static let endingFlows = PerfettoField(48)
    }

    enum Annotation {
        static let nameID = PerfettoField(1)
        static let boolean = PerfettoField(2)
        static let unsigned = PerfettoField(3)
        static let signed = PerfettoField(4)
        static let double = PerfettoField(5)
        static let text = PerfettoField(6)
        static let pointer = PerfettoField(7)
        static let textID = PerfettoField(17)
    }
}

/// Values of Perfetto's enumerations.
enum PerfettoValue {
    /// Perfetto's numbers of the system's clocks.
    static let realtimeClock: UInt64 = 1
    static let monotonicClock: UInt64 = 3
    /// This packet forgets what was interned; and, of all others: it needs what was interned.
    static let stateCleared: UInt64 = 1
    static let needsState: UInt64 = 2
    static let mergeByKey: UInt64 = 3

    enum EventType {
        static let begin: UInt64 = 1
        static let end: UInt64 = 2
        static let instant: UInt64 = 3
        static let counter: UInt64 = 4
    }
}
