internal import TraceCore

extension BatchBuilder {
    /// Takes what passes from `batch`. Its events are numbered on from the first of them: what is left out has no index.
    ///
    /// - Throws: `DecodingError` where the batch does not decode.
    mutating func take(
        from batch: Batch, in bytes: RawSpan, _ shapes: ShapeTable, _ passes: TraceFilterTable
    ) throws(DecodingError) {
        begin(batch.header)
        var cursor = RecordCursor(batch)
        while let record = try cursor.next(in: bytes, shapes) {
            if passes[record.schema] { append(record, in: bytes) }
        }
    }
}
