/// The first 64 bytes of a native file, as in docs/FORMAT.md: its version and its clock.
public struct NativeFileHeader: Sendable, Hashable {
    public private(set) var minorVersion = Self.currentMinorVersion
    public var rate: ClockRate
    /// Times in records are in units of 2^timeShift ticks. 0 to 16.
    public var timeShift: UInt8
    /// What times count from.
    public var start: ClockPair

    /// A header of the version that this library writes.
    public init(rate: ClockRate, timeShift: UInt8, start: ClockPair) {
        self.rate = rate
        self.timeShift = timeShift
        self.start = start
    }

    public init(_ clock: TraceClock) { self.init(rate: clock.rate, timeShift: clock.timeShift, start: clock.start) }

    /// From ticks and units to nanoseconds since ``start``, and to wall time.
    public var conversion: ClockConversion { ClockConversion(start: start, rate: rate) }

    public static var byteCount: Int { 64 }
    /// A reader refuses any other.
    public static var majorVersion: UInt16 { 1 }
    public static var currentMinorVersion: UInt16 { 1 }
    public static var maximumTimeShift: UInt8 { 16 }

    /// 89 "FREC" 0D 0A 1A in memory: a byte that is no ASCII, and line ends that a transfer as text would change.
    private static var magic: UInt64 { 0x1A0A_0D43_4552_4689 }

    func append(to chunk: inout ChunkBuffer) {
        chunk.append(Self.magic)
        chunk.append(Self.majorVersion)
        chunk.append(minorVersion)
        chunk.append(UInt32(Self.byteCount))
        chunk.append(rate.ticksPerSecond)
        chunk.append(rate.partsPerBillion)
        chunk.append(UInt32(timeShift))
        chunk.append(start)
    }

    /// Reads the header at the start of `bytes`, and how many bytes it has there.
    static func read(_ bytes: RawSpan) throws(NativeFileError) -> (header: NativeFileHeader, byteCount: Int) {
        for position in 0..<min(bytes.byteCount, 8) {
            let expected = UInt8(truncatingIfNeeded: magic >> UInt64(8 * position))
            guard bytes.number(at: position, as: UInt8.self) == expected else {
                throw NativeFileError(.notANativeFile, at: position)
            }
        }
        guard bytes.byteCount >= byteCount else { throw NativeFileError(.incomplete, at: 0) }
        let (major, minor) = (bytes.number(at: 8, as: UInt16.self), bytes.number(at: 10, as: UInt16.self))
        guard major == majorVersion else {
            throw NativeFileError(.unsupportedVersion(major: major, minor: minor), at: 8)
        }
        let length = bytes.number(at: 12, as: UInt32.self)
        guard length >= UInt32(byteCount), length % 8 == 0 else {
            throw NativeFileError(.invalid(.headerByteCount, UInt64(length)), at: 12)
        }
        guard UInt64(length) <= UInt64(bytes.byteCount) else { throw NativeFileError(.incomplete, at: 0) }
        let ticksPerSecond = bytes.number(at: 16, as: UInt64.self)
        let partsPerBillion = bytes.number(at: 24, as: UInt32.self)
        guard let rate = ClockRate(ticksPerSecond: ticksPerSecond, partsPerBillion: partsPerBillion) else {
            throw NativeFileError(.invalid(.ticksPerSecond, ticksPerSecond), at: 16)
        }
        let shift = bytes.number(at: 28, as: UInt32.self)
        guard shift <= UInt32(maximumTimeShift) else {
            throw NativeFileError(.invalid(.timeShift, UInt64(shift)), at: 28)
        }
        var header = NativeFileHeader(rate: rate, timeShift: UInt8(shift), start: bytes.clockPair(at: 32))
        header.minorVersion = minor
        return (header, Int(length))
    }
}
