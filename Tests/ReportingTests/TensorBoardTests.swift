import Foundation
import Testing
import Training

@testable import Reporting

@Suite("TensorBoard")
struct TensorBoardTests {
    @Test("Check sums are RFC 3720's, and are masked as TensorFlow masks them")
    func sums() {
        // RFC 3720, appendix B.4.
        #expect(TFRecord.crc32c([UInt8](repeating: 0, count: 32)) == 0x8A91_36AA)
        #expect(TFRecord.crc32c([UInt8](repeating: 0xFF, count: 32)) == 0x62A8_AB43)
        #expect(TFRecord.crc32c(Array(0...31)) == 0x46DD_794E)
        #expect(TFRecord.crc32c([]) == 0)
        // The first record of every event file: its length of 24 bytes, and the check sum of that, as tensorboard 2.20 writes them.
        #expect(Array(TFRecord.framed([UInt8](repeating: 0, count: 24)).prefix(12)) == [24, 0, 0, 0, 0, 0, 0, 0, 163, 127, 75, 34])
    }

    @Test("A resumed run's file begins a session that has all epochs before; a run that ends in its first epoch leaves no file")
    func files() throws {
        let place = FileManager.default.temporaryDirectory.appendingPathComponent("events-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: place) }
        let events = TensorBoardEvents(place, note: { Issue.record("\($0)") }, seconds: { 1_700_000_000 })
        var start = SampleRun.start(resumedAt: (2, 0))
        start.history = [SampleRun.record(1)]
        events.handle(.started(start))
        #expect(!FileManager.default.fileExists(atPath: place))
        events.handle(.epochEnded(SampleRun.record(2)))
        let names = try FileManager.default.contentsOfDirectory(atPath: place)
        let all = try records(place + "/" + #require(names.first))
        // The version, the session's start in epoch 1 (SessionLog with status START), and two epochs.
        #expect(names.count == 1 && names[0].hasPrefix("events.out.tfevents.1700000000.") && names[0].hasSuffix(".sightline"))
        #expect(all.count == 4 && Array(all[1].suffix(6)) == [16, 1, 58, 2, 8, 1])
        #expect(Array(all[2][9..<11]) == [16, 1] && Array(all[3][9..<11]) == [16, 2])
    }

    @Test("An event holds the epoch and its figures by name")
    func scalars() throws {
        let place = FileManager.default.temporaryDirectory.appendingPathComponent("events-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: place) }
        let events = TensorBoardEvents(place, note: { Issue.record("\($0)") }, seconds: { 2 })
        events.handle(.started(SampleRun.start()))
        events.handle(.epochEnded(SampleRun.record(1)))
        let name = try #require(try FileManager.default.contentsOfDirectory(atPath: place).first)
        let all = try records(place + "/" + name)
        #expect(all[0] == [9, 0, 0, 0, 0, 0, 0, 0, 64, 26, 13] + Array("brain.Event:2".utf8))
        // wall_time 2.0, step 1, a summary; in it loss/training = 1.5.
        #expect(Array(all[1].prefix(12)) == [9, 0, 0, 0, 0, 0, 0, 0, 64, 16, 1, 42])
        let loss: [UInt8] = [10, 20, 10, 13] + Array("loss/training".utf8) + [21, 0, 0, 192, 63]
        #expect(all[1].firstRange(of: loss) != nil)
        #expect(String(decoding: all[1], as: UTF8.self).contains("accuracy/validation"))
    }

    @Test("A folder that can't be made is noted once, and the run goes on")
    func unwritable() {
        var notes: [String] = []
        let events = TensorBoardEvents("/dev/null/events", note: { notes.append($0) })
        events.handle(.started(SampleRun.start()))
        events.handle(.epochEnded(SampleRun.record(1)))
        #expect(notes.count == 1 && notes[0].contains("/dev/null/events"))
    }

    /// The records of a file, both of whose check sums are looked at.
    private func records(_ path: String) throws -> [[UInt8]] {
        var rest = try [UInt8](Data(contentsOf: URL(fileURLWithPath: path)))[...]
        var found: [[UInt8]] = []
        while !rest.isEmpty {
            let count = rest.prefix(8).enumerated().reduce(0) { $0 | Int($1.element) << (8 * $1.offset) }
            let record = Array(rest.dropFirst(12).prefix(count))
            try #require(TFRecord.framed(record) == Array(rest.prefix(16 + count)))
            found.append(record)
            rest = rest.dropFirst(16 + count)
        }
        return found
    }
}
