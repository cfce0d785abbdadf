/// The columns of a row, one after the other, on their way into a prepared statement.
struct SQLiteRow {
    private let library: SQLiteLibrary
    private let statement: SQLiteLibrary.Statement
    private var column: Int32 = 0
    /// Of the first call that failed.
    private(set) var code = SQLiteLibrary.ok

    init(_ library: SQLiteLibrary, _ statement: SQLiteLibrary.Statement) {
        self.library = library
        self.statement = statement
    }

    private mutating func nextColumn() -> Int32 {
        column += 1
        return column
    }

    private mutating func note(_ result: Int32) {
        if code == SQLiteLibrary.ok { code = result }
    }

    mutating func addNull() { note(library.bindNull(statement, nextColumn())) }
    mutating func add(_ number: Int64) { note(library.bindInteger(statement, nextColumn(), number)) }
    mutating func add(_ number: Int) { add(Int64(number)) }
    mutating func add(_ flag: Bool) { add(flag ? 1 : 0 as Int64) }
    mutating func add(_ number: Double) { note(library.bindDouble(statement, nextColumn(), number)) }

    /// SQLite has no unsigned integers: what does not fit becomes a floating-point number.
    mutating func add(_ number: UInt64) {
        if let signed = Int64(exactly: number) { add(signed) } else { add(Double(number)) }
    }

    /// UTF-8, copied.
    mutating func add(_ text: UnsafeRawBufferPointer) {
        // SAFETY: SQLITE_TRANSIENT, -1: SQLite copies the bytes before it returns.
        let transient = UnsafeRawPointer(bitPattern: -1)
        // Without an address it would be null, and not an empty text.
        guard let start = text.baseAddress else { return add("" as StaticString) }
        note(library.bindText(statement, nextColumn(), start, Int32(text.count), transient))
    }

    mutating func add(_ text: String) {
        var text = text
        text.withUTF8 { add(UnsafeRawBufferPointer($0)) }
    }

    mutating func add(_ text: StaticString) {
        // SAFETY: SQLITE_STATIC, nil: constant data that stays where it is.
        note(library.bindText(statement, nextColumn(), text.utf8Start, Int32(text.utf8CodeUnitCount), nil))
    }

    /// UTF-8, or null.
    mutating func add(_ text: [UInt8]?) {
        if let text { text.withUnsafeBytes { add($0) } } else { addNull() }
    }
}
