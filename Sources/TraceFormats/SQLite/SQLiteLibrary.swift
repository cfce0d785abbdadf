#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// The system's SQLite, loaded at run time: the dozen functions that an export needs. So this package builds where SQLite's
/// headers are missing, and only an export into a database needs the library.
struct SQLiteLibrary: Sendable {
    typealias Database = OpaquePointer
    typealias Statement = OpaquePointer
    typealias Open =
        @convention(c) (UnsafePointer<CChar>, UnsafeMutablePointer<Database?>, Int32, UnsafePointer<CChar>?) -> Int32
    typealias Execute =
        @convention(c) (
            Database, UnsafePointer<CChar>, UnsafeRawPointer?, UnsafeMutableRawPointer?, UnsafeMutableRawPointer?
        ) -> Int32
    typealias Prepare =
        @convention(c) (
            Database, UnsafePointer<CChar>, Int32, UnsafeMutablePointer<Statement?>, UnsafeMutableRawPointer?
        ) -> Int32
    typealias BindText =
        @convention(c) (Statement, Int32, UnsafeRawPointer?, Int32, UnsafeRawPointer?) -> Int32

    let open: Open
    let close: @convention(c) (Database?) -> Int32
    let execute: Execute
    let prepare: Prepare
    let finalize: @convention(c) (Statement?) -> Int32
    let step: @convention(c) (Statement) -> Int32
    let reset: @convention(c) (Statement) -> Int32
    let bindInteger: @convention(c) (Statement, Int32, Int64) -> Int32
    let bindDouble: @convention(c) (Statement, Int32, Double) -> Int32
    let bindText: BindText
    let bindNull: @convention(c) (Statement, Int32) -> Int32
    let message: @convention(c) (Database?) -> UnsafePointer<CChar>?

    static let names = ["libsqlite3.so.0", "libsqlite3.so", "libsqlite3.dylib"]

    static let ok: Int32 = 0
    static let done: Int32 = 101
    /// SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
    static let readWriteCreate: Int32 = 6

    /// Loads the library, which stays loaded.
    ///
    /// - Throws: ``SQLiteError`` where there is none, or one without a function of these, which all since 2007 have.
    init() throws(SQLiteError) {
        var found: UnsafeMutableRawPointer?
        for name in Self.names where found == nil { found = dlopen(name, RTLD_NOW | RTLD_LOCAL) }
        guard let library = found else { throw SQLiteError(.missing) }
        func symbol(_ name: String) throws(SQLiteError) -> UnsafeMutableRawPointer {
            guard let address = dlsym(library, name) else { throw SQLiteError(.lacks(function: name)) }
            return address
        }
        // SAFETY: the types are those of sqlite3.h, which keeps its functions as they are within version 3.
        open = unsafeBitCast(try symbol("sqlite3_open_v2"), to: Open.self)
        close = unsafeBitCast(try symbol("sqlite3_close"), to: (@convention(c) (Database?) -> Int32).self)
        execute = unsafeBitCast(try symbol("sqlite3_exec"), to: Execute.self)
        prepare = unsafeBitCast(try symbol("sqlite3_prepare_v2"), to: Prepare.self)
        finalize = unsafeBitCast(try symbol("sqlite3_finalize"), to: (@convention(c) (Statement?) -> Int32).self)
        step = unsafeBitCast(try symbol("sqlite3_step"), to: (@convention(c) (Statement) -> Int32).self)
        reset = unsafeBitCast(try symbol("sqlite3_reset"), to: (@convention(c) (Statement) -> Int32).self)
        bindInteger = unsafeBitCast(
            try symbol("sqlite3_bind_int64"), to: (@convention(c) (Statement, Int32, Int64) -> Int32).self)
        bindDouble = unsafeBitCast(
            try symbol("sqlite3_bind_double"), to: (@convention(c) (Statement, Int32, Double) -> Int32).self)
        bindText = unsafeBitCast(try symbol("sqlite3_bind_text"), to: BindText.self)
        bindNull = unsafeBitCast(
            try symbol("sqlite3_bind_null"), to: (@convention(c) (Statement, Int32) -> Int32).self)
        message = unsafeBitCast(
            try symbol("sqlite3_errmsg"), to: (@convention(c) (Database?) -> UnsafePointer<CChar>?).self)
    }
}

/// Why a database could not be written.
public struct SQLiteError: Error, Hashable, Sendable {
    public enum Reason: Hashable, Sendable {
        /// The library is not installed.
        case missing
        case lacks(function: String)
        case failed(code: Int32, message: String)
    }

    public let reason: Reason

    init(_ reason: Reason) { self.reason = reason }
}

extension SQLiteError: CustomStringConvertible {
    public var description: String {
        switch reason {
        case .missing:
            "SQLite is not installed: \(SQLiteLibrary.names[0]) was not found (apt-get install libsqlite3-0)"
        case .lacks(let function): "the system's SQLite has no \(function): it is too old"
        case .failed(let code, let message): "SQLite: \(message) (\(code))"
        }
    }
}
