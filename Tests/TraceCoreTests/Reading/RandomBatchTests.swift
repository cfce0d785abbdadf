import FuzzTargets
import Testing
import TraceCore

@Suite struct RandomBatchesReadWrongly {
    @Test(arguments: 0..<12)
    func allReadersAgree(_ block: Int) {
        for number in 0..<6 {
            let seed = UInt64(1 + block * 6 + number)
            var random = TestRandom(seed)
            let sample = Sample.random(&random)
            guard failure(sample) != nil else { continue }
            let small = sample.shrunk { failure($0) != nil }
            Issue.record("seed \(seed): \(failure(small)!)\n\(small)")
            return
        }
    }

    /// Also what the items were: that the reference decoder and the encoder do not err alike.
    private func failure(_ sample: Sample) -> String? {
        let (bytes, offsets) = sample.encoded()
        let guarded = GuardedBytes(bytes)
        if let wrong = Agreement.failure(guarded, offsets, sample.schemas) { return wrong }
        return guarded.withSpan { span in
            for (part, offset) in zip(sample.parts, offsets) {
                if let wrong = payloads(part, offset, span, ShapeTable(sample.schemas)) { return wrong }
            }
            return nil
        }
    }

    private func payloads(_ part: Sample.Part, _ offset: Int, _ span: RawSpan, _ shapes: ShapeTable) -> String? {
        do {
            var cursor = RecordCursor(try Batch(at: offset, in: span))
            var time = part.header.baseTime
            for item in part.items {
                time = max(time, item.time)
                if case .generation = item { continue }
                guard let record = try cursor.next(in: span, shapes), record.time == time else {
                    return "time of \(item)"
                }
                guard case .event(let schema, _, let fields) = item else { continue }
                guard record.schema == schema else { return "schema of \(item)" }
                var wide = record.wideFields
                let words = [record.words.0, record.words.1, record.words.2]
                for (index, field) in fields.enumerated() {
                    switch field {
                    case .number(let word):
                        let found = try record.shape == .wide ? wide.number(in: span) : words[index]
                        if found != word { return "field \(index) of \(item): \(found)" }
                    case .text(let text, let truncated):
                        let found =
                            try record.shape == .wide
                            ? wide.text(in: span) : (range: record.payload, isTruncated: record.isTruncated)
                        let bytes = found.range.map { span.unsafeLoad(fromByteOffset: $0, as: UInt8.self) }
                        if bytes != text || found.isTruncated != truncated { return "field \(index) of \(item)" }
                    }
                }
                if !wide.isEmpty { return "left of a wide payload: \(item)" }
            }
            return try cursor.next(in: span, shapes) == nil ? nil : "one event too many"
        } catch {
            return "\(error)"
        }
    }
}
