public import CPlatform

/// Makes a result look used, so that the work that led to it is not deleted. Costs nothing.
///
/// It keeps a value, it checks none: a sum that is known beforehand is compared with `if sum != expected { throw ... }`.
/// A `precondition` would not do, as -Ounchecked turns it into an assumption and deletes the work all the same.
@inlinable @inline(__always)
public func consume(_ value: UInt64) { cplatform_keep(value) }

@inlinable @inline(__always)
public func consume(_ value: Int) { cplatform_keep(UInt64(bitPattern: Int64(value))) }
