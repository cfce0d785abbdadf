/// Where triggers leave their snapshots: `prefix-20261125T171203.000042Z-reason.frec`, the oldest deleted beyond a budget.
struct SnapshotDirectory: Sendable {
    let files: TraceFileDirectory

    /// The name of a new file. `wall` in nanoseconds since 1970.
    func newName(wall: Int64, reason: String) -> String {
        TraceFileName(files.prefix, wall: wall, reason: Self.slug(reason)).text
    }

    /// Letters, digits and dashes of a reason, at most 64: nothing that means something to a file system or a shell.
    static func slug(_ reason: String) -> String {
        let kept = reason.utf8.prefix(64).map { byte -> Character in
            let character = Character(UnicodeScalar(byte))
            return character.isASCII && (character.isLetter || character.isNumber) ? character : "-"
        }
        return kept.isEmpty ? "none" : String(kept)
    }
}
