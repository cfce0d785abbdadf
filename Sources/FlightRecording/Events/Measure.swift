internal import TraceCore

// Spans around closures. Each looks at the switch of its event once, before the body: where it is off, nothing else is done
// but to call the body. So a span that is begun is one that `end` is called for, also where the category was switched in
// between.

extension SpanEvent {
    /// Calls `body` inside a span. Of an error, the type is recorded before the span ends.
    ///
    ///     let page = try Events.parse.measure { try parse(bytes) }
    ///
    /// Any thread; the body stays on it. For a body that suspends see ``AsyncSpanEvent``. Allocates nothing, but for an error.
    @inlinable @inline(__always)
    public func measure<Result: ~Copyable, Failure: Error>(
        _ body: () throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let isOn = opening.isOn
        if isOn { begin() }
        do throws(Failure) {
            let result = try body()
            if isOn { end() }
            return result
        } catch {
            if isOn {
                opening.record(error)
                end()
            }
            throw error
        }
    }
}

extension SpanEvent1 {
    /// Calls `body` inside a span with an argument. All else as of ``SpanEvent/measure(_:)``.
    ///
    /// - Parameter argument: evaluated where the event is on.
    @inlinable @inline(__always)
    public func measure<Result: ~Copyable, Failure: Error>(
        _ argument: @autoclosure () -> A, _ body: () throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let isOn = opening.isOn
        if isOn { begin(argument()) }
        do throws(Failure) {
            let result = try body()
            if isOn { end() }
            return result
        } catch {
            if isOn {
                opening.record(error)
                end()
            }
            throw error
        }
    }
}

extension AsyncSpanEvent {
    /// Calls `body` inside a span of its own, on this thread.
    @inlinable @inline(__always)
    public func measure<Result: ~Copyable, Failure: Error>(
        _ body: () throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let span = begin()
        do throws(Failure) {
            let result = try body()
            end(span)
            return result
        } catch {
            if span.number != 0 { fail(span, error) }
            throw error
        }
    }

    /// Calls `body` inside a span, which may suspend, and go on on other threads. Of an error, the type is recorded before
    /// the span ends.
    ///
    ///     let answer = try await Events.request.measure { try await fetch(url) }
    ///
    /// The span tells which task it was made in, by number, and a task's name where it has one. Where the event is off, no
    /// task is looked up, and nothing is allocated.
    ///
    /// - Parameter isolation: the caller's: the body runs where the caller does.
    @inlinable
    public func measure<Result: ~Copyable, Failure: Error>(
        isolation: isolated (any Actor)? = #isolation, _ body: () async throws(Failure) -> Result
    ) async throws(Failure) -> Result {
        let span = begin()
        do throws(Failure) {
            let result = try await body()
            end(span)
            return result
        } catch {
            if span.number != 0 { fail(span, error) }
            throw error
        }
    }

    @usableFromInline
    @inline(never)
    func fail(_ span: AsyncSpan, _ error: some Error) {
        opening.record(error, in: span.number)
        end(span)
    }
}

/// ``SpanEvent/measure(_:)`` as a function.
@inlinable @inline(__always)
public func withSpan<Result: ~Copyable, Failure: Error>(
    _ event: borrowing SpanEvent, _ body: () throws(Failure) -> Result
) throws(Failure) -> Result {
    try event.measure(body)
}

/// ``AsyncSpanEvent/measure(_:)`` as a function.
@inlinable @inline(__always)
public func withSpan<Result: ~Copyable, Failure: Error>(
    _ event: borrowing AsyncSpanEvent, _ body: () throws(Failure) -> Result
) throws(Failure) -> Result {
    try event.measure(body)
}

/// ``AsyncSpanEvent/measure(isolation:_:)`` as a function.
@inlinable
public func withSpan<Result: ~Copyable, Failure: Error>(
    _ event: borrowing AsyncSpanEvent, isolation: isolated (any Actor)? = #isolation,
    _ body: () async throws(Failure) -> Result
) async throws(Failure) -> Result {
    try await event.measure(isolation: isolation, body)
}

extension EventState {
    @usableFromInline
    @inline(never)
    func record(_ error: some Error, in span: UInt64 = 0) { ErrorEvent.emit(error, category: category, span: span) }
}
