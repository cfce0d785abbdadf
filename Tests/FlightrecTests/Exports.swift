// What tests of several targets share: one import for all files of this one.
@_exported import TraceTestSupport
