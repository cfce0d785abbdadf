import Testing
import TraceCore

@Suite struct BatchHeadersMisread {
    /// Each field has a value that no other one has, so that two swapped or overlapping fields are seen.
    @Test func everyFieldComesBack() {
        let header = BatchHeader(
            encoding: 0x0102, timeShift: 3, flags: 4, ticket: 0x0506_0708_090A_0B0C, baseIndex: 0x0D0E_0F10_1112,
            generation: 0x1314_1516_1718_191A, baseTime: 0x1B1C_1D1E_1F20_2122, lane: 0x2324_2526, thread: 0x2728_292A,
            endIndex: 0x2B2C_2D2E_2F30, byteCount: 0x3132_3334, schemaCount: 0x3536_3738)
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 72, alignment: 8)
        defer { memory.deallocate() }
        memory.initializeMemory(as: UInt8.self, repeating: 0xEE)
        header.store(to: memory.baseAddress!)
        #expect(memory[64...].allSatisfy { $0 == 0xEE })
        #expect(BatchHeader(UnsafeRawBufferPointer(memory).bytes) == header)
        memory[0] ^= 1
        #expect(BatchHeader(UnsafeRawBufferPointer(memory).bytes) == nil)
    }

    @Test func anIndexThatWrappedStillCounts() {
        #expect(BatchHeader(baseIndex: 0xFFFF_FFFF_FFFE, endIndex: 3).eventCount == 5)
    }
}

@Suite struct NumbersThatComeBackDifferent {
    @Test(arguments: [Int64.min, -65, -64, -1, 0, 1, 63, 64, .max])
    func signed(_ value: Int64) { #expect(FieldType.signed(word: FieldType.word(signed: value)) == value) }

    @Test(arguments: [0, -0.5, 1, 1.5, .infinity, .leastNonzeroMagnitude, .pi])
    func double(_ value: Double) { #expect(FieldType.double(word: FieldType.word(double: value)) == value) }

    @Test(arguments: [0, -0.5, 1, 1.5, .infinity, .leastNonzeroMagnitude, .pi])
    func float(_ value: Float) { #expect(FieldType.float(word: FieldType.word(float: value)) == value) }

    @Test func usualNumbersAreShort() {
        #expect(FieldType.word(signed: -1) == 1)
        #expect(FieldType.word(double: 1.5) < 1 << 16)
    }
}
