import Foundation
import Testing

@testable import Serving

extension Serving {
    @Suite("Open Inference Protocol")
    struct OpenInferenceTests {
        private static func request(_ input: String) -> String { #"{"id": "7", "inputs": [\#(input)]}"# }

        @Test("Health and metadata tell what a model takes and gives")
        func metadata() async throws {
            try await RunningServer.run(Models.detector()) { client in
                #expect(try await client.get("/v2").json([String: Any].self)["version"] as? String == "1.2.3")
                #expect(try await client.get("/v2/health/ready").json([String: Bool].self) == ["ready": true])
                let model = try await client.get("/v2/models/model/versions/1").json([String: Any].self)
                #expect((model["inputs"] as? [[String: Any]])?.first?["datatype"] as? String == "BYTES")
                #expect((model["outputs"] as? [[String: Any]])?.first?["name"] as? String == "detections")
                #expect((model["parameters"] as? [String: Any])?["classes"] as? [String] == ["square", "disc"])
                #expect(try await client.get("/v2/models/model/versions/2").status == 404)
                let missing = try await client.get("/v2/models/none/ready")
                let error = try missing.json([String: String].self)["error"] ?? ""
                #expect(missing.status == 404 && error.contains("none"))
            }
        }

        @Test("An image as base64, behind the JSON, and as the whole body gets the same answer as an invocation")
        func classification() async throws {
            let first = try Pictures.jpeg(1), second = try Pictures.png(2)
            try await RunningServer.run(Models.classifier()) { client in
                let truth = try await [
                    client.post("/invocations", first).json([Double].self), client.post("/invocations", second).json([Double].self),
                ]
                func check(_ answer: Client.Answer, _ count: Int) throws {
                    let object = try answer.json([String: Any].self)
                    let output = try #require((object["outputs"] as? [[String: Any]])?.first, "\(answer.text)")
                    #expect(output["name"] as? String == "probabilities" && output["shape"] as? [Int] == [count, 4])
                    let data = try #require(output["data"] as? [Double])
                    #expect(data.count == count * 4)
                    for (a, b) in zip(data, truth.flatMap(\.self)) { #expect(abs(a - b) < 1e-5) }
                }
                let path = "/v2/models/model/infer"
                let texts = [first, second].map { "\"\(Data($0).base64EncodedString())\"" }
                let json = Self.request(
                    #"{"name": "image", "shape": [2], "datatype": "BYTES", "data": [\#(texts.joined(separator: ","))]}"#)
                let named = try await client.post(path, Array(json.utf8), ["Content-Type": "application/json"])
                try check(named, 2)
                #expect(try named.json([String: Any].self)["id"] as? String == "7")
                let binary = [first, second].flatMap { bytes in
                    withUnsafeBytes(of: UInt32(bytes.count).littleEndian) { [UInt8]($0) } + bytes
                }
                let head = Array(
                    Self.request(
                        #"{"name": "image", "shape": [2, 1], "datatype": "BYTES", "parameters": {"binary_data_size": \#(binary.count)}}"#
                    ).utf8)
                try check(
                    await client.post(
                        path, head + binary,
                        ["Content-Type": "application/octet-stream", "Inference-Header-Content-Length": "\(head.count)"]), 2)
                try check(await client.post(path, first, ["Content-Type": "image/jpeg"]), 1)
                try check(
                    await client.post(path, first, ["Content-Type": "application/octet-stream", "Inference-Header-Content-Length": "0"]), 1)
            }
        }

        @Test("Objects of several images are filled up to one shape; a mask has its image's size")
        func others() async throws {
            let picture = try Pictures.png(5, width: 90, height: 60)
            try await RunningServer.run(Models.detector()) { client in
                let answer = try await client.post("/v2/models/model/infer", picture, ["Content-Type": "image/png"]).json(
                    [String: Any].self)
                let output = try #require((answer["outputs"] as? [[String: Any]])?.first)
                let rows = try await client.post("/invocations", picture).json([String: [[Double]]].self)["prediction"] ?? []
                #expect(output["shape"] as? [Int] == [1, rows.count, 6] && (output["data"] as? [Double])?.count == rows.count * 6)
                func thresholded(_ value: String) async throws -> Client.Answer {
                    let input =
                        #"{"name": "image", "shape": [1], "datatype": "BYTES", "data": ["\#(Data(picture).base64EncodedString())"]}"#
                    let json = #"{"parameters": {"threshold": \#(value)}, "inputs": [\#(input)]}"#
                    return try await client.post("/v2/models/model/infer", Array(json.utf8), ["Content-Type": "application/json"])
                }
                let level = rows[rows.count / 2][1], kept = rows.count { Float($0[1]) > Float(level) }
                let fewer = try await thresholded("\(level)").json([String: Any].self)
                #expect((fewer["outputs"] as? [[String: Any]])?.first?["shape"] as? [Int] == [1, kept, 6])
                #expect(try await thresholded("7").status == 400)
            }
            try await RunningServer.run(Models.segmenter()) { client in
                let answer = try await client.post("/v2/models/model/infer", picture, ["Content-Type": "image/png"]).json(
                    [String: Any].self)
                let output = try #require((answer["outputs"] as? [[String: Any]])?.first)
                #expect(output["shape"] as? [Int] == [1, 60, 90] && (output["data"] as? [Int])?.count == 5400)
            }
        }

        @Test("What is wrong with a request is named by field")
        func refusals() async throws {
            try await RunningServer.run(Models.classifier()) { client in
                for (input, word) in [
                    (#"{"name": "image", "shape": [1], "datatype": "FP32", "data": ["a"]}"#, "datatype"),
                    (#"{"name": "image", "shape": [2], "datatype": "BYTES", "data": ["YQ=="]}"#, "shape"),
                    (#"{"name": "image", "shape": [0], "datatype": "BYTES", "data": []}"#, "shape"),
                    (#"{"name": "image", "shape": [9223372036854775807, 4], "datatype": "BYTES", "data": []}"#, "shape"),
                    (#"{"name": "image", "shape": [1], "datatype": "BYTES", "data": ["%%"]}"#, "base64"),
                    (#"{"name": "image", "shape": [1], "datatype": "BYTES", "data": ["YQ=="]}"#, "JPEG"),
                    (#"{"name": "image", "shape": [1], "datatype": "BYTES"}"#, "binary_data_size"),
                    (#"{"name": "image", "shape": "1", "datatype": "BYTES", "data": ["YQ=="]}"#, "shape"),
                ] {
                    let answer = try await client.post(
                        "/v2/models/model/infer", Array(Self.request(input).utf8), ["Content-Type": "application/json"])
                    #expect(answer.status == 400, "\(input)")
                    let error = try answer.json([String: String].self)["error"] ?? ""
                    #expect(error.contains(word), "\(answer.text)")
                }
                let other = try await client.post("/v2/models/model/infer", [1], ["Content-Type": "text/plain"])
                #expect(other.status == 415)
                let length = try await client.post("/v2/models/model/infer", [1], ["Inference-Header-Content-Length": "5"])
                #expect(length.status == 400 && length.text.contains("Inference-Header-Content-Length"))
            }
        }
    }
}
