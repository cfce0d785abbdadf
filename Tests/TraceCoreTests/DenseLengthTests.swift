import Testing
import TraceCore

@Suite struct DenseLengthTests {
    @Test func aVarintIsOfAnotherLengthThanItsBitsNeed() {
        for bits in 1...64 {
            let length = bits > 56 ? 9 : (bits + 6) / 7
            let least: UInt64 = 1 << UInt64(bits - 1)
            for value in [least, least | (least - 1), least | 1] {
                #expect(DenseEncoding.one(value).byteCount == 3 + length, "\(value)")
            }
        }
        #expect(DenseEncoding.one(0).byteCount == 4)
    }
}
