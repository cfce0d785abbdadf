public import TraceCore

/// Which events somebody wants: those of certain categories, and certain others beside them.
///
/// It is held against events as they become known: one that is emitted for the first time later is meant, too.
public struct TraceFilter: Sendable, Hashable {
    /// All events of these categories.
    public var categories: Set<String>
    /// All events with these names.
    public var names: Set<String>
    /// Those with these schema ids.
    public var ids: Set<UInt16>

    /// With nothing in it, it lets everything through.
    public init(categories: Set<String> = [], names: Set<String> = [], ids: Set<UInt16> = []) {
        self.categories = categories
        self.names = names
        self.ids = ids
    }

    public static let everything = TraceFilter()

    public var letsEverythingThrough: Bool { categories.isEmpty && names.isEmpty && ids.isEmpty }

    public func matches(_ schema: EventSchema) -> Bool {
        letsEverythingThrough || categories.contains(schema.category) || names.contains(schema.name)
            || ids.contains(schema.id)
    }
}

/// A filter as a table by schema id. Losses, which have the id 0, pass.
struct TraceFilterTable {
    private let filter: TraceFilter
    private var passes: [Bool] = [true]

    init(_ filter: TraceFilter, _ schemas: [EventSchema] = []) {
        self.filter = filter
        update(schemas)
    }

    /// - Parameter schemas: all of them, in the order of their ids, 1 and on.
    mutating func update(_ schemas: [EventSchema]) {
        for schema in schemas.dropFirst(passes.count - 1) { passes.append(filter.matches(schema)) }
    }

    subscript(id: UInt16) -> Bool { Int(id) < passes.count && passes[Int(id)] }
}
