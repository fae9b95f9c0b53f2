import Foundation
import Testing
import Torch

@testable import Serving

extension Serving {
    @Suite("Several models")
    struct ModelTests {
        private static func loading(_ name: String, _ url: String) throws -> [UInt8] {
            [UInt8](try JSONSerialization.data(withJSONObject: ["model_name": name, "url": url]))
        }

        @Test("Models are loaded, listed, asked and unloaded by request, as on a multi-model endpoint")
        func endpoint() async throws {
            let first = try Models.classifier(), second = try Models.classifier(["x", "y"], seed: 2, name: "other")
            let root = (first as NSString).deletingLastPathComponent
            let picture = try Pictures.jpeg(1)
            let json = ["Content-Type": "application/json"]
            try await RunningServer.run(nil, { $0.modelRoot = root }) { client in
                #expect(try await client.get("/ping").status == 200)
                #expect(try await client.get("/models").json([String: [String]].self) == ["models": []])
                #expect(try await client.post("/invocations", picture).status == 404)
                for (name, url) in [("a", first), ("b", second)] {
                    let answer = try await client.post("/models", Self.loading(name, url), json)
                    #expect(answer.status == 200, "\(answer.text)")
                }
                #expect(try await client.post("/models", Self.loading("a", first), json).status == 409)
                let listed = try await client.get("/models").json([String: [[String: String]]].self)["models"] ?? []
                #expect(listed.map { $0["modelName"] } == ["a", "b"] && listed[1]["modelUrl"] == second)
                #expect(try await client.get("/models/a").json([String: String].self) == ["modelName": "a", "modelUrl": first])
                #expect(try await client.post("/models/a/invoke", picture).json([Double].self).count == 4)
                #expect(try await client.post("/models/b/invoke", picture).json([Double].self).count == 2)
                #expect(
                    try await client.post("/invocations", picture, ["X-Amzn-SageMaker-Target-Model": "b"]).json([Double].self).count == 2)
                #expect(try await client.post("/endpoints/a/invocations", picture).json([Double].self).count == 4)
                let unnamed = try await client.post("/invocations", picture)
                #expect(unnamed.status == 400 && unnamed.text.contains("X-Amzn-SageMaker-Target-Model"))
                #expect(try await client.send("DELETE", "/models/a").status == 200)
                #expect(try await client.send("DELETE", "/models/a").status == 404)
                #expect(try await client.post("/models/a/invoke", picture).status == 404)
                // One is left: its name need not be said, and any endpoint's will do.
                #expect(try await client.post("/invocations", picture).json([Double].self).count == 2)
                #expect(try await client.post("/endpoints/any/invocations", picture).status == 200)
            }
        }

        @Test("What can't be loaded is told by name: outside of the root, not there, no model, a name that can't be, no JSON")
        func refusals() async throws {
            let place = try Place()
            try place.write(Array("nothing".utf8), to: "text.safetensors")
            try FileManager.default.createSymbolicLink(atPath: place.path + "/link", withDestinationPath: "/etc")
            let json = ["Content-Type": "application/json"]
            try await RunningServer.run(nil, { $0.modelRoot = place.path }) { client in
                for (name, url, word) in [
                    ("m", "/etc", "does not lie below"), ("m", place.path + "/../x", "does not lie below"),
                    ("m", place.path + "/link/passwd", "does not lie below"), ("m", place.path + "/none", "there is no such model"),
                    ("m", place.path + "/text.safetensors", "text.safetensors"), ("a/b", place.path, "a/b"), ("", place.path, "name"),
                ] {
                    let answer = try await client.post("/models", Self.loading(name, url), json)
                    #expect(answer.status == 400 && answer.text.contains(word), "\(url): \(answer.text)")
                }
                for body in ["", "{", "[]", #"{"model_name": 1, "url": "x"}"#, #"{"url": "x"}"#] {
                    let answer = try await client.post("/models", Array(body.utf8), json)
                    #expect(answer.status == 400 && answer.text.contains("model_name"), "\(answer.text)")
                }
                #expect(try await client.get("/models").json([String: [String]].self) == ["models": []])
            }
            let closed = try await RunningServer.run(Models.classifier()) { try await $0.post("/models", Self.loading("m", "/x"), json) }
            #expect(closed.status == 404 && closed.text.contains("--model-root"))
            // Nobody takes away what only a restart could bring back.
            let kept = try await RunningServer.run(Models.classifier()) { client in
                let answer = try await client.send("DELETE", "/models/model")
                #expect(answer.status == 404 && answer.text.contains("--model-root"))
                return try await client.post("/invocations", Pictures.jpeg(1)).status
            }
            #expect(kept == 200)
        }

        @Test("Under a memory limit the model that was used longest ago makes room, and comes back when it is asked for")
        func eviction() async throws {
            let paths = [
                try Models.classifier(), try Models.classifier(["x", "y"], seed: 2, name: "other"),
                try Models.classifier(["x", "y", "z"], seed: 3, name: "third"),
            ]
            let picture = try Pictures.jpeg(1)
            let models = zip(["a", "b", "c"], paths).map { ServerSettings.Model(name: $0, path: $1) }
            // Each takes 64 MB and a little.
            try await RunningServer.run(nil, { ($0.models, $0.memoryLimit) = (models, 150 << 20) }) { client in
                let metrics = try await client.get("/metrics").text
                #expect(metrics.contains("sightline_models_loaded 2\n"))
                for (name, count) in [("a", 4), ("b", 2), ("a", 4), ("c", 3), ("a", 4)] {
                    #expect(try await client.post("/models/\(name)/invoke", picture).json([Double].self).count == count)
                }
                // Only b went.
                #expect(try await Self.evictions(client) == "sightline_model_evictions_total 1")
                #expect(try await client.post("/models/b/invoke", picture).json([Double].self).count == 2)
                #expect(try await Self.evictions(client) == "sightline_model_evictions_total 2")
                #expect(try await client.get("/models").json([String: [[String: String]]].self)["models"]?.count == 3)
            }
        }

        private static func evictions(_ client: Client) async throws -> String? {
            try await client.get("/metrics").text.split(separator: "\n").last { $0.hasPrefix("sightline_model_evictions_total") }.map(
                String.init)
        }

        @Test("A model that can't fit is answered with 507, and many requests for models that must change places are all answered")
        func room() async throws {
            let first = try Models.classifier(), second = try Models.classifier(["x", "y"], seed: 2, name: "other")
            let root = (first as NSString).deletingLastPathComponent
            let picture = try Pictures.jpeg(1)
            try await RunningServer.run(nil, { ($0.modelRoot, $0.memoryLimit) = (root, 50 << 20) }) { client in
                let answer = try await client.post("/models", Self.loading("a", first), ["Content-Type": "application/json"])
                #expect(answer.status == 507 && answer.text.contains("of 50 MB"), "\(answer.text)")
            }
            let models = [ServerSettings.Model(name: "a", path: first), .init(name: "b", path: second)]
            try await RunningServer.run(nil, { ($0.models, $0.memoryLimit) = (models, 100 << 20) }) { client in
                let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                    for index in 0..<12 {
                        group.addTask { try await client.post("/models/\(index % 2 == 0 ? "a" : "b")/invoke", picture).status }
                    }
                    return try await group.reduce(into: [:]) { $0[$1, default: 0] += 1 }
                }
                #expect(statuses == [200: 12])
            }
        }

        @Test("Long lists of models come in pages")
        func pages() async throws {
            let path = try Models.classifier()
            var settings = ServerSettings()
            settings.models = (0..<150).map { .init(name: "m\(1000 + $0)", path: path) }
            settings.memoryLimit = 70 << 20
            (settings.batchLimit, settings.precision) = (1, .float32)
            let server = try await RunningServer(settings)
            let first = try await server.client.get("/models").json([String: Any].self)
            let token = try #require(first["nextPageToken"] as? String)
            let second = try await server.client.get("/models?next_page_token=\(token)").json([String: Any].self)
            let names = [first, second].flatMap { ($0["models"] as? [[String: String]] ?? []).compactMap { $0["modelName"] } }
            #expect(names == settings.models.map(\.name) && second["nextPageToken"] == nil)
            try await server.stop()
        }
    }
}
