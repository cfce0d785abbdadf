// The names are Go's (`internal/trace/tracev2`, the table of event specs); the numbers are the wire's.

extension GoTraceKind {
    /// The kind's name in Go's table of event specs, such as `GoStart`, or `Invalid(77)` for an unknown byte.
    ///
    /// Complexity: O(1); allocates only for an unknown byte.
    public var name: String {
        guard let entry = tableEntry else { return "Invalid(\(rawValue))" }
        return entry.name.description
    }

    /// What each of ``argumentCount`` arguments means, in wire order; `dt` is a delta in ticks.
    ///
    /// Complexity: allocates; meant for printing and for tables built once.
    public var argumentNames: [String] {
        guard let entry = tableEntry else { return [] }
        return entry.arguments.description.split(separator: " ").map(String.init)
    }

    /// The kind with this name, if there is one.
    ///
    /// Complexity: O(number of kinds).
    public init?(name: String) {
        guard let kind = Self.allKnown.first(where: { $0.name == name }) else { return nil }
        self = kind
    }

    /// Every kind that Go gives a meaning to, by ascending number.
    public static var allKnown: [GoTraceKind] {
        (0...UInt8.max).map(GoTraceKind.init(rawValue:)).filter(\.isKnown)
    }

    private var tableEntry: (name: StaticString, arguments: StaticString)? {
        switch rawValue {
        case 1: ("EventBatch", "generation thread time size")
        case 2: ("Stacks", "")
        case 3: ("Stack", "id frames")
        case 4: ("Strings", "")
        case 5: ("String", "id")
        case 6: ("CPUSamples", "")
        case 7: ("CPUSample", "time thread processor goroutine stack")
        case 8: ("Frequency", "ticksPerSecond")
        case 9: ("ProcsChange", "dt processors stack")
        case 10: ("ProcStart", "dt processor processorSequence")
        case 11: ("ProcStop", "dt")
        case 12: ("ProcSteal", "dt processor processorSequence thread")
        case 13: ("ProcStatus", "dt processor status")
        case 14: ("GoCreate", "dt newGoroutine newStack stack")
        case 15: ("GoCreateSyscall", "dt newGoroutine")
        case 16: ("GoStart", "dt goroutine goroutineSequence")
        case 17: ("GoDestroy", "dt")
        case 18: ("GoDestroySyscall", "dt")
        case 19: ("GoStop", "dt reason stack")
        case 20: ("GoBlock", "dt reason stack")
        case 21: ("GoUnblock", "dt goroutine goroutineSequence stack")
        case 22: ("GoSyscallBegin", "dt processorSequence stack")
        case 23: ("GoSyscallEnd", "dt")
        case 24: ("GoSyscallEndBlocked", "dt")
        case 25: ("GoStatus", "dt goroutine thread status")
        case 26: ("STWBegin", "dt kind stack")
        case 27: ("STWEnd", "dt")
        case 28: ("GCActive", "dt sequence")
        case 29: ("GCBegin", "dt sequence stack")
        case 30: ("GCEnd", "dt sequence")
        case 31: ("GCSweepActive", "dt processor")
        case 32: ("GCSweepBegin", "dt stack")
        case 33: ("GCSweepEnd", "dt swept reclaimed")
        case 34: ("GCMarkAssistActive", "dt goroutine")
        case 35: ("GCMarkAssistBegin", "dt stack")
        case 36: ("GCMarkAssistEnd", "dt")
        case 37: ("HeapAlloc", "dt bytes")
        case 38: ("HeapGoal", "dt bytes")
        case 39: ("GoLabel", "dt label")
        case 40: ("UserTaskBegin", "dt task parent name stack")
        case 41: ("UserTaskEnd", "dt task stack")
        case 42: ("UserRegionBegin", "dt task name stack")
        case 43: ("UserRegionEnd", "dt task name stack")
        case 44: ("UserLog", "dt task key value stack")
        case 45: ("GoSwitch", "dt goroutine goroutineSequence")
        case 46: ("GoSwitchDestroy", "dt goroutine goroutineSequence")
        case 47: ("GoCreateBlocked", "dt newGoroutine newStack stack")
        case 48: ("GoStatusStack", "dt goroutine thread status stack")
        case 49: ("ExperimentalBatch", "experiment generation thread time")
        case 50: ("Sync", "")
        case 51: ("ClockSnapshot", "dt monotonic seconds nanoseconds")
        case 52: ("EndOfGeneration", "")
        case 128: ("Span", "dt id pages class")
        case 129: ("SpanAlloc", "dt id pages class")
        case 130: ("SpanFree", "dt id")
        case 131: ("HeapObject", "dt id type")
        case 132: ("HeapObjectAlloc", "dt id type")
        case 133: ("HeapObjectFree", "dt id")
        case 134: ("GoroutineStack", "dt id order")
        case 135: ("GoroutineStackAlloc", "dt id order")
        case 136: ("GoroutineStackFree", "dt id")
        default: nil
        }
    }
}

extension GoTraceKind: CustomStringConvertible {
    public var description: String { name }
}
