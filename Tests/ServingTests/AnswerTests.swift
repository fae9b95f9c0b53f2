import Datasets
import Foundation
import Imaging
import Tasks
import Testing
import Torch

@testable import Serving

extension Serving {
    @Suite("Answers")
    struct AnswerTests {
        @Test("A classifier answers in each form that Accept asks for, with what the predictor says")
        func classification() async throws {
            let model = try Models.classifier()
            let picture = try Pictures.jpeg(3)
            let truth = try ClassificationPredictor(model, device: .cpu).predict(.encoded(picture), named: "picture")
            try await RunningServer.run(model) { client in
                for (accept, type) in [(nil, "application/json"), ("*/*", "application/json"), ("application/json", "application/json")] {
                    let answer = try await client.post("/invocations", picture, accept.map { ["Accept": $0] } ?? [:])
                    #expect(answer.status == 200 && answer.headers["content-type"] == type)
                    let found = try answer.json([Double].self)
                    #expect(found.count == 4 && abs(found.reduce(0, +) - 1) < 1e-5)
                    for (a, b) in zip(found, truth.probabilities) { #expect(abs(a - Double(b)) < 1e-5) }
                }
                let lines = try await client.post(
                    "/invocations", picture, ["Accept": "application/jsonlines", "Content-Type": "image/jpeg"])
                #expect(lines.headers["content-type"] == "application/jsonlines")
                #expect(lines.text.hasPrefix(#"{"prediction": ["#) && lines.text.hasSuffix("]}\n"))
                let verbose = try await client.post("/invocations", picture, ["Accept": "application/json;verbose=true"])
                let object = try verbose.json([String: Any].self)
                #expect(object["labels"] as? [String] == ["bus", "cat", "dog", "elk"])
                #expect(object["predicted_label"] as? String == ["bus", "cat", "dog", "elk"][truth.best])
                #expect((object["probabilities"] as? [Double])?.count == 4)
            }
        }

        @Test("A batch transform gets JSON Lines where it asks for nothing")
        func batch() async throws {
            let picture = try Pictures.jpeg(3)
            let answer = try await RunningServer.run(Models.classifier(), { $0.isBatchTransform = true }) { client in
                try await client.post("/invocations", picture)
            }
            #expect(answer.headers["content-type"] == "application/jsonlines" && answer.text.hasPrefix(#"{"prediction": ["#))
        }

        @Test("A detector answers with rows, or with boxes in the picture's pixels")
        func detection() async throws {
            let model = try Models.detector()
            let picture = try Pictures.png(5, width: 90, height: 60)
            let truth = try DetectionPredictor(model, device: .cpu).predict(.encoded(picture), named: "picture").detections
            try #require(!truth.isEmpty)
            try await RunningServer.run(model) { client in
                let rows = try await client.post("/invocations", picture).json([String: [[Double]]].self)["prediction"] ?? []
                #expect(rows.count == truth.count)
                for (row, found) in zip(rows, truth) {
                    #expect(row.count == 6 && row[0] == Double(found.classID) && abs(row[1] - Double(found.score)) < 1e-5)
                    #expect(abs(row[2] - Double(found.left)) < 1e-5 && abs(row[5] - Double(found.bottom)) < 1e-5)
                }
                #expect(rows.map { $0[1] } == rows.map { $0[1] }.sorted(by: >))
                let object = try await client.post("/invocations", picture, ["Accept": "application/json;annotation=1"])
                    .json([String: [[String: Double]]].self)
                #expect(object["image_size"] == [["width": 90, "height": 60, "depth": 3]])
                let boxes = object["annotations"] ?? []
                #expect(boxes.count == truth.count)
                for (box, found) in zip(boxes, truth) {
                    #expect(Set(box.keys) == ["class_id", "score", "left", "top", "width", "height"])
                    #expect(abs((box["left"] ?? -9) - Double(found.left) * 90) <= 0.5)
                    #expect(abs((box["top"] ?? -9) + (box["height"] ?? -9) - Double(found.bottom) * 60) <= 0.5)
                }
                // A threshold between two scores cuts there, in every form.
                let kept = truth.count / 2, level = truth[kept].score
                let above = truth.prefix { $0.score > level }
                let named = try await client.post(
                    "/invocations", picture, ["Accept": "application/json;verbose=true;threshold=\(level)"]
                ).json([String: Any].self)
                #expect((named["prediction"] as? [[Double]])?.count == above.count && named["labels"] as? [String] == ["square", "disc"])
                let objects = try await client.post(
                    "/invocations", picture, ["Accept": "application/json;annotation=1;verbose=true;threshold=\(level)"]
                ).json([String: Any].self)
                let labels = (objects["annotations"] as? [[String: Any]])?.map { $0["label"] as? String }
                #expect(labels == above.map { ["square", "disc"][$0.classID] })
                let refused = try await client.post("/invocations", picture, ["Accept": "application/json;threshold=2"])
                #expect(refused.status == 406 && refused.text.contains("threshold"))
            }
        }

        @Test("A segmentation model answers with a grey PNG of class ids at the picture's size, or with every class's probability")
        func segmentation() async throws {
            let model = try Models.segmenter()
            let picture = try Pictures.png(5, width: 70, height: 50)
            let truth = try SegmentationPredictor(model, device: .cpu).predict(.encoded(picture), named: "picture").mask
            try await RunningServer.run(model) { client in
                let answer = try await client.post("/invocations", picture)
                #expect(answer.headers["content-type"] == "image/png")
                // Bit depth 8, colour type 0: greyscale.
                #expect(answer.body[24...25] == [8, 0])
                let mask = try Image.decodingIndices(answer.body)
                #expect(mask.width == 70 && mask.height == 50 && mask.pixels == truth.classIDs)
                // More than one piece of an answer.
                let large = try Image(width: 420, height: 300, channels: 3, pixels: [UInt8](repeating: 90, count: 420 * 300 * 3))
                    .encodedPNG()
                let pieces = try await client.post("/invocations", large, ["Accept": "application/x-recordio-protobuf"])
                #expect(try pieces.body.count > 4 * 3 * 420 * 300 && Wire.target(pieces.body).shape == [1, 3, 300, 420])
                for type in ["application/x-recordio-protobuf", "application/x-protobuf"] {
                    let record = try await client.post("/invocations", picture, ["Accept": type])
                    #expect(record.headers["content-type"] == type)
                    let (values, shape) = try Wire.target(record.body)
                    #expect(shape == [1, 3, 50, 70] && values.count == 3 * 50 * 70)
                    var wrong = 0
                    for pixel in 0..<50 * 70 {
                        let found = (0..<3).map { values[$0 * 50 * 70 + pixel] }
                        #expect(abs(found.reduce(0, +) - 1) < 1e-4)
                        if found.indices.max(by: { found[$0] < found[$1] }) != Int(truth.classIDs[pixel]) { wrong += 1 }
                    }
                    // Ties may fall either way.
                    #expect(wrong <= 2)
                }
            }
        }

        @Test("A multi-label model's probabilities are independent")
        func multiLabel() async throws {
            let place = try Place()
            let source = try Models.classifier()
            try FileManager.default.copyItem(atPath: source, toPath: place.path + "/multi")
            let file = place.path + "/multi/model.json"
            let text = try String(contentsOfFile: file, encoding: .utf8)
            try text.replacing(#""multiLabel" : false"#, with: #""multiLabel" : true"#).write(
                toFile: file, atomically: true, encoding: .utf8)
            let picture = try Pictures.jpeg(3)
            let truth = try ClassificationPredictor(place.path + "/multi", device: .cpu).predict(.encoded(picture), named: "picture")
            let found = try await RunningServer.run(place.path + "/multi") {
                try await $0.post("/invocations", picture).json([Double].self)
            }
            #expect(found.count == 4 && abs(found.reduce(0, +) - 1) > 1e-3)
            for (a, b) in zip(found, truth.probabilities) { #expect(abs(a - Double(b)) < 1e-5) }
        }
    }
}

/// Reads just enough of RecordIO and protobuf to check an answer, by the formats' descriptions.
enum Wire {
    /// `features["target"].float32_tensor.values` and `features["shape"].int32_tensor.values` of the only record.
    static func target(_ bytes: [UInt8]) throws -> (values: [Float], shape: [Int]) {
        func word(_ offset: Int) -> UInt32 { (0..<4).reduce(0) { $0 | UInt32(bytes[offset + $1]) << (8 * $1) } }
        try #require(bytes.count > 8 && word(0) == 0xCED7_230A)
        // A record in parts would begin with another flag; a magic word in probabilities is next to impossible.
        let length = Int(word(4))
        try #require(8 + (length + 3) & ~3 == bytes.count)
        var features: [String: [UInt8]] = [:]
        for entry in try fields(bytes[8..<8 + length]) where entry.number == 1 {
            let parts = try fields(entry.content)
            let key = try #require(parts.first { $0.number == 1 }), value = try #require(parts.first { $0.number == 2 })
            features[String(decoding: key.content, as: UTF8.self)] = Array(value.content)
        }
        func values(_ name: String, _ number: Int) throws -> ArraySlice<UInt8> {
            let value = try #require(features[name])
            let tensor = try #require(try fields(value[...]).first { $0.number == number })
            return try #require(try fields(tensor.content).first { $0.number == 1 }).content
        }
        let floats = Array(try values("target", 2))
        let numbers = (0..<floats.count / 4).map { index in
            Float(bitPattern: (0..<4).reduce(0) { $0 | UInt32(floats[index * 4 + $1]) << (8 * $1) })
        }
        var shape: [Int] = [], rest = try values("shape", 7)
        while !rest.isEmpty { shape.append(try varint(&rest)) }
        return (numbers, shape)
    }

    private static func fields(_ bytes: ArraySlice<UInt8>) throws -> [(number: Int, content: ArraySlice<UInt8>)] {
        var rest = bytes, found: [(number: Int, content: ArraySlice<UInt8>)] = []
        while !rest.isEmpty {
            let tag = try varint(&rest)
            try #require(tag & 7 == 2)
            let length = try varint(&rest)
            try #require(length <= rest.count)
            found.append((tag >> 3, rest.prefix(length)))
            rest = rest.dropFirst(length)
        }
        return found
    }

    private static func varint(_ bytes: inout ArraySlice<UInt8>) throws -> Int {
        var value = 0, shift = 0
        while true {
            let next = bytes.popFirst()
            let byte = try #require(next)
            value |= Int(byte & 0x7F) << shift
            if byte < 0x80 { return value }
            shift += 7
        }
    }
}
