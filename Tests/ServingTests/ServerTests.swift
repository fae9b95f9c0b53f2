import Datasets
import Foundation
import Logging
import Synchronization
import Tasks
import Testing
import Torch

@testable import Serving

extension Serving {
    @Suite("The server")
    struct ServerTests {
        @Test("Pictures that arrive together go through the network together, and each gets its own answer")
        func batching() async throws {
            let model = try Models.classifier()
            let predictor = try ClassificationPredictor(model, device: .cpu)
            let pictures = try (0..<24).map { try Pictures.jpeg($0) }
            let truths = try pictures.map { try predictor.predict(.encoded($0), named: "picture").probabilities }
            try await RunningServer.run(model, { ($0.batchLimit, $0.batchDelay) = (8, 0.2) }) { client in
                let answers = try await withThrowingTaskGroup(of: (Int, [Double]).self) { group in
                    for (index, picture) in pictures.enumerated() {
                        group.addTask { (index, try await client.post("/invocations", picture).json([Double].self)) }
                    }
                    return try await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
                }
                for (index, truth) in truths.enumerated() {
                    for (a, b) in zip(answers[index] ?? [], truth) { #expect(abs(a - Double(b)) < 1e-4) }
                    #expect(answers[index]?.count == 4)
                }
                let metrics = try await client.get("/metrics").text
                let batches = metrics.split(separator: "\n").first { $0.hasPrefix("sightline_batch_images_count ") }?.split(separator: " ")
                    .last
                #expect(metrics.contains("sightline_batch_images_sum 24.0\n"))
                #expect((batches.flatMap { Int($0) } ?? 24) < 24)
            }
        }

        @Test("A server that stops answers what it has accepted, says so, and then is gone")
        func drain() async throws {
            var settings = ServerSettings()
            (settings.precision, settings.batchLimit) = (.float32, 1)
            settings.models = [.init(name: "model", path: try Models.segmenter())]
            let server = try await RunningServer(settings)
            let client = server.client
            let picture = try Pictures.jpeg(1, width: 500, height: 400)
            // Connections are made, and requests accepted, before the server is told to stop.
            let answers = try await withThrowingTaskGroup(of: Client.Answer.self) { group in
                for _ in 0..<6 { group.addTask { try await client.post("/invocations", picture) } }
                for _ in 0..<1000 {
                    if try await client.get("/metrics").text.contains("sightline_queue_images 6\n") { break }
                }
                try await server.stop()
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(answers.count == 6 && answers.allSatisfy { $0.status == 200 && $0.body.starts(with: [0x89, 0x50]) })
            #expect(answers.contains { $0.headers["connection"] == "close" })
            await #expect(throws: Client.Broken.self) { try await client.get("/ping") }
        }

        @Test("An answer larger than the socket's buffers arrives whole where the connection ends behind it", arguments: [true, false])
        func largeAnswer(drains: Bool) async throws {
            var settings = ServerSettings()
            (settings.precision, settings.batchLimit) = (.float32, 1)
            settings.models = [.init(name: "model", path: try Models.segmenter())]
            let server = try await RunningServer(settings)
            let picture = try Pictures.png(1, width: 1100, height: 1000)
            let port = server.client.port
            let (answered, continuation) = AsyncStream<Void>.makeStream()
            let answer = Task {
                try await Client.onThread {
                    defer { continuation.finish() }
                    let connection = try Connection(port)
                    let more = drains ? "" : "Connection: close\r\n"
                    try connection.write(
                        "POST /invocations HTTP/1.1\r\nHost: x\r\nContent-Type: image/png\r\nAccept: application/x-protobuf\r\n\(more)"
                            + "Content-Length: \(picture.count)\r\n\r\n")
                    try connection.write(picture)
                    try connection.waitForAnswer()
                    continuation.yield()
                    // Long enough for the server to have closed what it is going to close.
                    sleep(2)
                    return try connection.read()
                }
            }
            for await _ in answered { break }
            if drains { try await server.stop() }
            let found = try await answer.value
            #expect(found.status == 200 && found.body.count > 12 << 20)
            if !drains { try await server.stop() }
        }

        @Test("Several requests share a connection; attributes and the request's name come back")
        func connection() async throws {
            let picture = try Pictures.png(1)
            let lines = Mutex<[String]>([])
            try await RunningServer.run(Models.classifier(), log: { line in lines.withLock { $0.append(line) } }) { client in
                try await Client.onThread {
                    let connection = try Connection(client.port)
                    for number in 0..<3 {
                        let answer = try connection.ask(
                            "POST", "/invocations",
                            ["X-Amzn-SageMaker-Custom-Attributes": "trace=\(number); b", "X-Request-Id": "mine-\(number)"], body: picture)
                        #expect(answer.status == 200 && answer.headers["x-amzn-sagemaker-custom-attributes"] == "trace=\(number); b")
                        #expect(answer.headers["x-request-id"] == "mine-\(number)" && answer.headers["server"] == "sightline/1.2.3")
                    }
                    let head = try connection.ask("HEAD", "/ping")
                    #expect(head.status == 200 && head.body.isEmpty && head.headers["x-request-id"]?.count == 36)
                    #expect(try connection.ask("GET", "/ping").body.isEmpty)
                }
            }
            let requests = try lines.withLock { $0 }.map { line in
                try #require(JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any], "\(line)")
            }.filter { $0["message"] as? String == "request" }
            let mine = try #require(requests.first { $0["request_id"] as? String == "mine-1" })
            #expect(mine["status"] as? Int == 200 && mine["path"] as? String == "/invocations" && mine["method"] as? String == "POST")
            #expect(mine["ms"] is Double && mine["level"] as? String == "info" && mine["client"] as? String == "127.0.0.1")
            // Questions whether it lives are not worth a line.
            #expect(!requests.contains { $0["path"] as? String == "/ping" })
        }

        @Test("A batch transform is told how to ask")
        func executionParameters() async throws {
            let object = try await RunningServer.run(Models.classifier(), { $0.payloadLimit = 30 << 20 }) {
                try await $0.get("/execution-parameters")
            }.json([String: Any].self)
            #expect(object["BatchStrategy"] as? String == "SINGLE_RECORD" && object["MaxPayloadInMB"] as? Int == 30)
            // Together they may hold 100 MB.
            #expect(object["MaxConcurrentTransforms"] as? Int == 3)
        }

        @Test("An address that is taken, and a model that is none, end the server with an error that names them")
        func failures() async throws {
            let model = try Models.classifier()
            try await RunningServer.run(model) { client in
                var settings = ServerSettings()
                settings.port = client.port
                let other = try ModelServer(settings, version: "1", logger: .init(label: "test"))
                await #expect { try await other.run(listensToSignals: false) } throws: { "\($0)".contains("\(client.port)") }
            }
            var settings = ServerSettings()
            settings.models = [.init(name: "none", path: "/nowhere/model")]
            await #expect { try await RunningServer(settings) } throws: { "\($0)".contains("/nowhere/model") }
        }

        @Test("With a certificate the server speaks TLS", .enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/openssl")))
        func encryption() async throws {
            let place = try Place()
            func run(_ program: String, _ arguments: [String]) async throws -> (status: Int32, output: String) {
                try await Client.onThread {
                    let process = Process(), pipe = Pipe()
                    process.executableURL = URL(fileURLWithPath: program)
                    process.arguments = arguments
                    process.standardOutput = pipe
                    process.standardError = FileHandle.nullDevice
                    try process.run()
                    let data = try pipe.fileHandleForReading.readToEnd() ?? Data()
                    process.waitUntilExit()
                    return (process.terminationStatus, String(decoding: data, as: UTF8.self))
                }
            }
            let (chain, key) = (place.path + "/chain.pem", place.path + "/key.pem")
            let made = try await run(
                "/usr/bin/openssl",
                [
                    "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=localhost",
                    "-addext",
                    "subjectAltName=IP:127.0.0.1", "-days", "1", "-keyout", key, "-out", chain,
                ])
            try #require(made.status == 0)
            var settings = ServerSettings()
            settings.models = [.init(name: "model", path: try Models.classifier())]
            settings.certificate = (chain, key)
            let server = try await RunningServer(settings, isReady: false)
            let answer = try await run("/usr/bin/curl", ["-s", "--cacert", chain, "https://127.0.0.1:\(server.client.port)/v2"])
            #expect(answer.status == 0 && answer.output.contains(#""name": "sightline""#))
            try await server.stop()
            settings.certificate = (chain, chain)
            await #expect { try await RunningServer(settings) } throws: { "\($0)".contains("chain.pem") }
        }
    }
}
