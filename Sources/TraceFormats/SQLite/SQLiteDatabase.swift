/// A database that rows are added to by prepared statements, in transactions of a bounded size: so memory stays bounded, too.
/// One thread at a time.
final class SQLiteDatabase {
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

    /// Adds a row whose columns `body` gives, in their order; those that it leaves out are null.
    @inline(__always)
    func insert(_ number: Int, _ body: (inout SQLiteRow) -> Void) throws(SQLiteError) {
        let statement = statements[number]
        var row = SQLiteRow(library, statement)
        body(&row)
        try check(row.code)
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
