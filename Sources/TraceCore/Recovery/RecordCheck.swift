/// Decodes a page's copy once, and cuts it in front of the first record that does not.
struct RecordCheck {
    let schemas: [UInt16: EventSchema]
    private let shapes: ShapeTable

    init(_ schemas: [UInt16: EventSchema]) {
        self.schemas = schemas
        shapes = ShapeTable(schemas.values)
    }

    struct Found {
        /// Without lost ones.
        var events: UInt64 = 0
        /// Of the last record.
        var time: UInt64
        /// The latest.
        var generation: UInt64
        /// What was wrong behind it.
        var problem: RecoveryProblem?
    }

    /// Cuts `copy` to what decodes.
    ///
    /// - Parameter start: of the page's records in the file.
    func cut(_ copy: inout PageCopy, at start: Int) -> Found {
        var found = Found(time: copy.header.baseTime, generation: copy.header.generation)
        // What a loss states may be any number: no more than the lane does is believed.
        let wanted = copy.header.eventCount
        var count: UInt64 = 0
        var cursor = RecordCursor(Batch(copy.header, recordsAt: 0))
        var good = cursor
        var failure: DecodingError?
        copy.records.withUnsafeBytes { buffer in
            let bytes = buffer.bytes
            do throws(DecodingError) {
                while let record = try cursor.next(in: bytes, shapes) {
                    try check(record, in: bytes)
                    let step = record.lostCount ?? 1
                    guard step <= wanted - count else { return }
                    count += step
                    if record.lostCount == nil { found.events += 1 }
                    found.generation = max(found.generation, record.generation)
                    good = cursor
                }
                // Behind a control record as well.
                good = cursor
            } catch {
                failure = error
            }
        }
        copy.header.endIndex = good.index
        copy.header.byteCount = UInt32(good.position)
        func problem(_ offset: Int, _ cause: String) -> RecoveryProblem {
            RecoveryProblem(offset: start + offset, page: copy.page, cause: cause)
        }
        found.time = good.time
        if let failure {
            found.problem = problem(failure.offset, "\(failure.reason)")
        } else if count != wanted {
            found.problem = problem(0, "\(count) events where the lane states \(wanted)")
        }
        return found
    }

    /// The fields of wide payloads, which the cursor leaves to others.
    private func check(_ record: Record, in bytes: RawSpan) throws(DecodingError) {
        guard record.shape == .wide, let schema = schemas[record.schema] else { return }
        var fields = record.wideFields
        for field in schema.fields {
            if field.type == .string { _ = try fields.text(in: bytes) } else { _ = try fields.number(in: bytes) }
        }
    }
}
