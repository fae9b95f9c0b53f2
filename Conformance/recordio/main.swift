// The RecordIO half of Conformance/mxnet: says what it reads and writes what it is told, for MXNet to compare.
//
//     sightline-recordio dump FILE             one JSON line a record: id, id2, labels, bytes and CRC-32 of the picture
//     sightline-recordio parts FILE            one JSON line a payload: bytes and CRC-32
//     sightline-recordio write PLAN OUT        image records of PLAN's JSON lines: id, id2, labels, path of the picture
//     sightline-recordio wrap OUT PAYLOAD…     plain records of the files' bytes
//     sightline-recordio count FILE            reads everything; for Benchmarks/recordio and /s3. FILE may be s3://…

import Datasets
import Foundation
import Storage

struct Plan: Decodable {
    let id: UInt64
    let id2: UInt64
    let labels: [Float]
    let path: String
}

struct Line: Encodable {
    var id: UInt64?
    var id2: UInt64?
    var labels: [Float]?
    let bytes: Int
    let crc: UInt32
}

func crc(_ bytes: [UInt8]) -> UInt32 {
    // The table of CRC-32 (IEEE 802.3), a bit at a time: a conformance check need not be quick.
    bytes.reduce(~0) { crc, byte in
        (0..<8).reduce(crc ^ UInt32(byte)) { value, _ in value & 1 == 1 ? value >> 1 ^ 0xEDB8_8320 : value >> 1 }
    } ^ ~0
}

func show(_ line: Line) throws { print(String(decoding: try JSONEncoder().encode(line), as: UTF8.self)) }

func run(_ arguments: [String]) throws {
    switch (arguments.first, arguments.count) {
    case ("dump"?, 2), ("parts"?, 2), ("count"?, 2):
        let (store, name) = try Stores().open(fileAt: Location(arguments[1]))
        let reader = RecordIOReader(try store.open(name), place: arguments[1])
        if arguments[0] == "count" {
            var total = 0
            while let bytes = try reader.withNext({ $0.count }) { total += bytes }
            return print(reader.count, total)
        }
        while let payload = try reader.next() {
            if arguments[0] == "parts" {
                try show(Line(bytes: payload.count, crc: crc(payload)))
            } else {
                let record = try payload.withUnsafeBytes { try ImageRecord(payload: $0, place: arguments[1]) }
                try show(
                    Line(id: record.id, id2: record.id2, labels: record.labels, bytes: record.image.count, crc: crc(record.image)))
            }
        }
    case ("write"?, 3):
        let writer = RecordIOWriter(try FileSink(arguments[2]))
        for line in try String(contentsOfFile: arguments[1], encoding: .utf8).split(separator: "\n") {
            let plan = try JSONDecoder().decode(Plan.self, from: Data(line.utf8))
            let image = [UInt8](try Data(contentsOf: URL(fileURLWithPath: plan.path)))
            try writer.write(ImageRecord(id: plan.id, id2: plan.id2, labels: plan.labels, image: image).payload)
        }
        try writer.finish()
    case ("wrap"?, 2...):
        let writer = RecordIOWriter(try FileSink(arguments[1]))
        for path in arguments.dropFirst(2) { try writer.write([UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))) }
        try writer.finish()
    default:
        throw DatasetError(
            .argument, at: "sightline-recordio", "the arguments are wrong", remedy: "dump|parts|count FILE, write PLAN OUT, wrap OUT FILE…")
    }
}

do {
    try run(Array(CommandLine.arguments.dropFirst()))
} catch {
    FileHandle.standardError.write(Data("\(error)\n".utf8))
    exit(1)
}
