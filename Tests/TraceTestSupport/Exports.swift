// Whoever tests with random traces also draws numbers.
@_exported public import SeededNumbers
