public import CPlatform

/// Makes a result look used, so that the work that led to it is not deleted. Costs nothing.
///
/// It keeps a value, it checks none: a sum that is known beforehand is compared with `if sum != expected { throw ... }`.
/// A `precondition` would not do, as -Ounchecked turns it into an assumption and deletes the work all the same.
@inlinable @inline(__always)
public func consume(_ value: UInt64) { cplatform_keep(value) }

@inlinable @inline(__always)
public func consume(_ value: Int) { cplatform_keep(UInt64(bitPattern: Int64(value))) }

/// The same value, in a new place. For the half of a ring, which a timed loop takes as a local variable and hands back:
///
///     var producer = moved(half)
///     ...
///     return moved(producer)
///
/// Without the call the optimiser makes the variable and the place that the half came from, or goes to, one: memory that
/// others can reach, to which each push and each pop then stores its index. A caller's own local variable is no such
/// memory.
@inlinable @inline(never)
public func moved<Half: ~Copyable>(_ half: consuming Half) -> Half { half }
