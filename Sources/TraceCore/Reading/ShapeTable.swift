/// The shapes of a process's events by schema id, and the tables of the fast decoder.
///
/// A value of two immutable arrays: made once, passed to each call that reads. Any thread may use a copy of its own.
@frozen
public struct ShapeTable: Sendable {
    /// Raw values of shapes by schema id, 0 where the id is unknown.
    @usableFromInline let shapes: [UInt8]
    /// See ``DenseTable``.
    @usableFromInline let fast: [UInt64]

    /// A table of these schemas. Where two have one id, the later counts; the id 0 stands for no schema and is ignored.
    ///
    /// Complexity: O(schemas + greatest id).
    public init(_ schemas: some Sequence<EventSchema>) {
        var shapes: [UInt8] = []
        for schema in schemas where schema.id > 0 {
            let missing = Int(schema.id) + 1 - shapes.count
            if missing > 0 { shapes.append(contentsOf: repeatElement(0, count: missing)) }
            shapes[Int(schema.id)] = schema.shape.rawValue
        }
        self.shapes = shapes
        fast = DenseTable.make(shapes)
    }

    /// The shape of the events of a schema, nil where the id is unknown. Complexity: O(1).
    @inlinable
    public subscript(id: UInt16) -> RecordShape? {
        Int(id) < shapes.count ? RecordShape(rawValue: shapes[Int(id)]) : nil
    }
}
