import Foundation
import Testing

@testable import Serving

extension Serving {
    @Suite("Refusals")
    struct RefusalTests {
        private static func check(_ answer: Client.Answer, _ status: Int, _ code: String, _ words: [String]) throws {
            #expect(answer.status == status, "\(answer.text)")
            let object = try answer.json([String: String].self)
            #expect(object["code"] == code && answer.headers["x-amzn-errortype"] == code)
            #expect(object["request_id"] == answer.headers["x-request-id"])
            for word in words { #expect(object["message"]?.contains(word) ?? false, "'\(word)' in \(object)") }
        }

        @Test("What is wrong with a request is named, with the status that belongs to it; the server goes on")
        func statuses() async throws {
            let picture = try Pictures.jpeg(1)
            try await RunningServer.run(Models.classifier(), { ($0.payloadLimit, $0.pixelLimit) = (100_000, 10_000) }) { client in
                try Self.check(
                    await client.post("/invocations", picture, ["Content-Type": "text/csv"]), 415, "UnsupportedMediaType",
                    ["Content-Type", "text/csv", "image/jpeg"])
                try Self.check(
                    await client.post("/invocations", picture, ["Accept": "image/png, text/html;q=0.5"]), 406, "NotAcceptable",
                    ["Accept", "image/png", "application/json;verbose=true"])
                try Self.check(await client.post("/invocations", []), 400, "BadRequest", ["empty"])
                try Self.check(await client.post("/invocations", Array("GIF89a, or not".utf8)), 400, "BadRequest", ["JPEG", "PNG"])
                try Self.check(await client.post("/invocations", Array(picture.prefix(picture.count / 2))), 400, "BadRequest", ["JPEG"])
                try Self.check(await client.get("/nowhere"), 404, "NotFound", ["/nowhere", "openapi"])
                try Self.check(await client.get("/models/none"), 404, "NotFound", ["none", "model"])
                let wrong = try await client.get("/invocations")
                try Self.check(wrong, 405, "MethodNotAllowed", ["GET", "POST"])
                #expect(wrong.headers["allow"] == "POST")
                try Self.check(
                    await client.post("/invocations", picture, ["X-Amzn-SageMaker-Custom-Attributes": String(repeating: "a", count: 1025)]),
                    400, "BadRequest", ["1025", "1024"])
                #expect(try await client.post("/invocations", picture).status == 200)
            }
        }

        @Test("A body above the limit is refused before it is sent, and while it is sent where nobody said how long it is")
        func payload() async throws {
            try await RunningServer.run(Models.classifier(), { $0.payloadLimit = 100_000 }) { client in
                let announced = try await Client.onThread {
                    let connection = try Connection(client.port)
                    try connection.write(
                        "POST /invocations HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2000000000\r\n\r\n")
                    return try connection.read()
                }
                try Self.check(announced, 413, "ContentTooLarge", ["100000", "max-payload"])
                let streamed = try await Client.onThread {
                    let connection = try Connection(client.port)
                    try connection.write("POST /invocations HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
                    for _ in 0..<12 { try connection.write("2710\r\n" + String(repeating: "x", count: 10_000) + "\r\n") }
                    try connection.write("0\r\n\r\n")
                    return try connection.read()
                }
                try Self.check(streamed, 413, "ContentTooLarge", ["100000"])
                // Whoever sends on and on is cut off.
                let isCut = try await Client.onThread {
                    let connection = try Connection(client.port)
                    try connection.write("POST /invocations HTTP/1.1\r\nHost: a\r\nContent-Length: 2000000000\r\n\r\n")
                    for _ in 0..<400 { try connection.write([UInt8](repeating: 0, count: 10_000)) }
                    _ = try? connection.read()
                    return connection.isClosed()
                }
                #expect(isCut)
            }
        }

        @Test(
            "A picture of more pixels than allowed is refused by its header",
            arguments: [(60_000, 60_000), (101, 100)] as [(UInt32, UInt32)])
        func pixels(size: (UInt32, UInt32)) async throws {
            let answer = try await RunningServer.run(Models.classifier(), { $0.pixelLimit = 10_000 }) {
                try await $0.post("/invocations", Pictures.header(width: size.0, height: size.1))
            }
            try Self.check(answer, 413, "ContentTooLarge", ["\(size.0)×\(size.1)", "10000", "max-pixels"])
        }

        @Test("Probabilities that would be too large are refused with a way out")
        func probabilities() async throws {
            let answer = try await RunningServer.run(Models.segmenter()) {
                try await $0.post("/invocations", Pictures.header(width: 6000, height: 5000), ["Accept": "application/x-protobuf"])
            }
            try Self.check(answer, 413, "ContentTooLarge", ["343 MB", "128 MB", "image/png"])
        }

        @Test("A body that comes too slowly is answered with 408, and the connection closed")
        func slow() async throws {
            try await RunningServer.run(Models.classifier(), { $0.bodyTimeout = 0.2 }) { client in
                let (answer, isClosed) = try await Client.onThread {
                    let connection = try Connection(client.port)
                    try connection.write("POST /invocations HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nabc")
                    return (try connection.read(), connection.isClosed())
                }
                try Self.check(answer, 408, "RequestTimeout", ["body-timeout"])
                #expect(isClosed)
                #expect(try await client.post("/invocations", Pictures.jpeg(1)).status == 200)
            }
        }

        @Test("A connection that sends half a head, or nothing, is closed")
        func idle() async throws {
            try await RunningServer.run(Models.classifier(), { $0.idleTimeout = 0.2 }) { client in
                for text in ["", "POST /invocations HTT"] {
                    let isClosed = try await Client.onThread {
                        let connection = try Connection(client.port)
                        try connection.write(text)
                        return connection.isClosed()
                    }
                    #expect(isClosed)
                }
            }
        }

        @Test("A request that would be answered behind its deadline is refused with 503")
        func deadline() async throws {
            let answer = try await RunningServer.run(Models.classifier(), { $0.deadline = 0.000_001 }) {
                try await $0.post("/invocations", Pictures.jpeg(1))
            }
            try Self.check(answer, 503, "ServiceUnavailable", ["deadline"])
            #expect(answer.headers["retry-after"] == "1")
        }

        @Test("With a full queue requests are refused with 429 and told when to come back; those that were accepted are answered")
        func overload() async throws {
            let large = try Pictures.jpeg(1, width: 900, height: 700)
            try await RunningServer.run(Models.segmenter(), { $0.queueLimit = 2 }) { client in
                let answers = try await withThrowingTaskGroup(of: Client.Answer.self) { group in
                    for _ in 0..<8 { group.addTask { try await client.post("/invocations", large) } }
                    return try await group.reduce(into: []) { $0.append($1) }
                }
                let refused = answers.filter { $0.status == 429 }
                #expect(answers.filter { $0.status == 200 }.count >= 2 && !refused.isEmpty)
                #expect(answers.allSatisfy { $0.status == 200 || $0.status == 429 })
                for answer in refused {
                    try Self.check(answer, 429, "TooManyRequests", ["max-queue"])
                    #expect((1...60).contains(Int(answer.headers["retry-after"] ?? "") ?? 0))
                }
                // Nothing of it stays behind.
                #expect(try await client.post("/invocations", large).status == 200)
                #expect(try await client.get("/metrics").text.contains("sightline_queue_images 0\n"))
            }
        }

        @Test("With a token everything wants it but what tells whether the server lives")
        func token() async throws {
            let picture = try Pictures.jpeg(1)
            try await RunningServer.run(Models.classifier(), { $0.token = "a-secret" }) { client in
                for headers in [
                    [:], ["Authorization": "Bearer a-secreT"], ["Authorization": "Bearer a"], ["Authorization": "Basic a-secret"],
                ] {
                    let answer = try await client.post("/invocations", picture, headers)
                    try Self.check(answer, 401, "Unauthorized", ["Bearer"])
                    #expect(answer.headers["www-authenticate"] == "Bearer")
                }
                for path in ["/metrics", "/models", "/v2", "/execution-parameters"] {
                    #expect(try await client.get(path).status == 401)
                    #expect(try await client.get(path, ["Authorization": "bearer a-secret"]).status == 200)
                }
                for path in ["/ping", "/", "/openapi.json", "/v2/health/live"] { #expect(try await client.get(path).status == 200) }
                #expect(try await client.post("/invocations", picture, ["Authorization": "Bearer a-secret"]).status == 200)
            }
        }

        @Test("What is no HTTP is answered with 400 or closed, and the server goes on")
        func nonsense() async throws {
            try await RunningServer.run(Models.classifier()) { client in
                for text in [
                    "nonsense\r\n\r\n", "GET / HTTP/9.9\r\n\r\n", "GET /a b c HTTP/1.1\r\n\r\n", "\u{16}\u{3}\u{1}\u{0}\u{5}\r\n\r\n",
                    "POST /invocations HTTP/1.1\r\nContent-Length: -5\r\n\r\n",
                    "POST /invocations HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
                    "GET / HTTP/1.1\r\nX: " + String(repeating: "a", count: 100_000) + "\r\n\r\n",
                ] {
                    let answer = try await Client.onThread { () -> Client.Answer? in
                        let connection = try Connection(client.port)
                        try connection.write(text)
                        return try? connection.read()
                    }
                    if let answer { #expect((400..<500).contains(answer.status), "\(text.prefix(40)): \(answer.status)") }
                }
                #expect(try await client.get("/ping").status == 200)
            }
        }
    }
}
