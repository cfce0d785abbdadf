internal import FuzzSupport

/// Something that reads bytes from anywhere, and what has to hold of it.
public struct FuzzTarget: Sendable {
    public let name: String
    public let summary: String
    /// Longer inputs find nothing that shorter ones do not.
    public let maximumLength: Int
    /// The most that reading an input may hold of allocated memory at a time.
    let memory: MemoryBound
    /// Reads the input, inside the meter as a program that uses the package does, then beside a slow decoder that shares no
    /// code, or checks what came out: what is wrong, or nil.
    let look: @Sendable (UnsafeRawBufferPointer, inout MemoryMeter) -> String?
    /// Inputs to begin with.
    public let seeds: @Sendable () throws -> [[UInt8]]

    /// Bytes, and bytes for each byte of the input.
    struct MemoryBound {
        let fixed: Int
        let perByte: Int
    }

    /// What is wrong with what is made of an input, or nil. One thread at a time, if memory is counted.
    public func wrong(_ input: UnsafeRawBufferPointer) -> String? {
        var meter = MemoryMeter()
        if let wrong = look(input, &meter) { return wrong }
        let allowed = memory.fixed + memory.perByte * input.count
        return meter.peak > allowed ? "\(meter.peak) bytes were held for \(input.count), \(allowed) are allowed" : nil
    }

    public static let all: [FuzzTarget] = [batches, file, ring, goTrace] + ExportTarget.all

    public static func named(_ name: String) -> FuzzTarget? { all.first { $0.name == name } }
}

/// The most memory that was held inside of ``measure(_:)``; 0 in builds that do not count it.
struct MemoryMeter {
    private(set) var peak = 0

    mutating func measure<Result: ~Copyable, Failure: Error>(
        _ body: () throws(Failure) -> Result
    ) throws(Failure) -> Result {
        fuzz_reset_peak()
        defer { peak = max(peak, fuzz_peak()) }
        return try body()
    }
}
