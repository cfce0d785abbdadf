import FlightRecording
import Testing

@Suite struct ReExportedNames {
    @Test func oneImportGivesTheTraceCore() { #expect(Trace.isOn(category: "never switched")) }
}
