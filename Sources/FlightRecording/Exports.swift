// Whoever records needs the events, the arena and the file as well: one import gives all.
@_exported public import TraceCore
