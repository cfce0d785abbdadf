/// What is wrong with a file, and where.
struct Violation: Encodable {
    /// Of the first byte at fault.
    var offset: Int
    var what: String
}
