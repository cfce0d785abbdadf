/// Names that a user may have meant.
enum NearNames {
    /// At most six, nearest first, by the share of common letter pairs.
    static func nearest(to text: String, among names: [String]) -> [String] {
        let wanted = pairs(text)
        let scored = names.map { name in
            let own = pairs(name)
            return (name, Double(wanted.intersection(own).count) / Double(max(wanted.count + own.count, 1)))
        }
        return scored.sorted { ($1.1, $0.0) < ($0.1, $1.0) }.prefix(6).map(\.0)
    }

    private static func pairs(_ text: String) -> Set<String> {
        let letters = Array(text.lowercased())
        return Set(zip(letters, letters.dropFirst()).map { String([$0, $1]) })
    }
}
