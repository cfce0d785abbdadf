/// A database that rows are added to by prepared statements, in transactions of a bounded size: so memory stays bounded, too.
/// One thread at a time.
final class SQLiteDatabase {
    enum Value {
        case null
        case integer(Int64)
        case double(Double)
        case text(String)

        /// SQLite has no unsigned integers: what does not fit becomes a floating-point number.
        init(_ number: UInt64) { self = Int64(exactly: number).map { .integer($0) } ?? .double(Double(number)) }
        init(_ number: Int) { self = .integer(Int64(number)) }
        init(_ number: UInt32) { self = .integer(Int64(number)) }
        init(_ flag: Bool) { self = .integer(flag ? 1 : 0) }
    }

    private let library: SQLiteLibrary
    private let handle: SQLiteLibrary.Database
    private var statements: [SQLiteLibrary.Statement] = []
    private var rowsInTransaction = 0

    private static var rowsPerTransaction: Int { 100_000 }

    /// Creates the file at `path`, which must not hold a database yet, and the tables.
    init(path: String, schema: String) throws(SQLiteError) {
        library = try SQLiteLibrary()
        var opened: SQLiteLibrary.Database?
        let code = library.open(path, &opened, SQLiteLibrary.readWriteCreate, nil)
        guard let opened, code == SQLiteLibrary.ok else {
            let text = library.message(opened).map { String(cString: $0) } ?? "no memory"
            _ = library.close(opened)
            throw SQLiteError(.failed(code: code, message: "\(path): \(text)"))
        }
        handle = opened
        // Nobody sees the file before it is whole: there is nothing to roll back to.
        try execute("PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA cache_size=-8192;")
        try execute(schema)
        try execute("BEGIN")
    }

    deinit {
        for statement in statements { _ = library.finalize(statement) }
        _ = library.close(handle)
    }

    /// The number of a statement for ``insert(_:_:)``.
    func prepare(_ text: String) throws(SQLiteError) -> Int {
        var statement: SQLiteLibrary.Statement?
        try check(library.prepare(handle, text, -1, &statement, nil))
        statements.append(statement!)
        return statements.count - 1
    }

    func insert(_ number: Int, _ values: Value...) throws(SQLiteError) {
        let statement = statements[number]
        for (index, value) in values.enumerated() {
            let place = Int32(index + 1)
            switch value {
            case .null: try check(library.bindNull(statement, place))
            case .integer(let number): try check(library.bindInteger(statement, place, number))
            case .double(let number): try check(library.bindDouble(statement, place, number))
            case .text(var text):
                // SAFETY: SQLITE_TRANSIENT, -1: SQLite copies the bytes before it returns.
                let transient = UnsafeRawPointer(bitPattern: -1)
                let code = text.withUTF8 {
                    library.bindText(statement, place, $0.baseAddress, Int32($0.count), transient)
                }
                try check(code)
            }
        }
        let code = library.step(statement)
        _ = library.reset(statement)
        guard code == SQLiteLibrary.done else { throw error(code) }
        rowsInTransaction += 1
        if rowsInTransaction == Self.rowsPerTransaction {
            try execute("COMMIT; BEGIN")
            rowsInTransaction = 0
        }
    }

    /// Ends the last transaction, and runs `text`. The file is closed with the last reference.
    func finish(_ text: String) throws(SQLiteError) {
        try execute("COMMIT")
        try execute(text)
    }

    private func execute(_ text: String) throws(SQLiteError) {
        try check(library.execute(handle, text, nil, nil, nil))
    }

    private func check(_ code: Int32) throws(SQLiteError) {
        guard code == SQLiteLibrary.ok else { throw error(code) }
    }

    private func error(_ code: Int32) -> SQLiteError {
        let text = library.message(handle).map { String(cString: $0) } ?? "no message"
        return SQLiteError(.failed(code: code, message: text))
    }
}
