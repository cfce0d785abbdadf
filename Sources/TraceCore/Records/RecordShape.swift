/// How the payload of an event is laid out (docs/FORMAT.md). Follows from the schema's fields alone.
@frozen
public enum RecordShape: UInt8, Sendable, CaseIterable {
    /// No field.
    case none = 1
    /// One, two or three numbers.
    case one, two, three
    /// One string.
    case text
    /// Anything else: the payload states its length.
    case wide

    /// The shape of an event with these fields.
    public init(of fields: some Collection<FieldType>) {
        switch (fields.count, fields.contains(.string)) {
        case (0, _): self = .none
        case (1, false): self = .one
        case (2, false): self = .two
        case (3, false): self = .three
        case (1, true): self = .text
        default: self = .wide
        }
    }
}

/// The ids that do not stand for one schema.
@frozen
public enum RecordID {
    @inlinable public static var sync: UInt8 { 0 }
    /// The last id that stands for the schema of the same number.
    @inlinable public static var lastEvent: UInt8 { 253 }
    @inlinable public static var control: UInt8 { 254 }
    @inlinable public static var extended: UInt8 { 255 }
}

/// What a control record says.
@frozen
public enum ControlKind: UInt8, Sendable {
    case generation = 1
    case lost = 2
}
