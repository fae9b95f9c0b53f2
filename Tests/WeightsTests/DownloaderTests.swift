import Foundation
import Synchronization
import Testing

@testable import Weights

@Suite(.serialized, .timeLimit(.minutes(1)))
struct DownloaderTests {
    static let content = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
    static let hash = sha256(content)
    static let prefix = String(hash.prefix(8))

    /// Runs `body` with a server and a downloader with an empty cache and short pauses.
    func with(
        _ answer: @escaping @Sendable (LoopbackServer.Request, Int) -> LoopbackServer.Answer,
        _ body: (LoopbackServer, Downloader) throws -> Void
    ) throws {
        let server = try LoopbackServer(answer)
        defer { server.stop() }
        try withFolder { folder in
            var downloader = Downloader(cache: WeightCache(folder: folder + "/cache/weights"))
            downloader.retries.attempts = 3
            downloader.retries.firstPause = 0.02
            try body(server, downloader)
        }
    }

    func fetch(_ server: LoopbackServer, _ downloader: Downloader) throws -> String {
        try downloader.fetch("net.pth", from: server.url("models/net.pth"), sha256Prefix: Self.prefix)
    }

    /// Fetches and compares all bytes.
    func expectFetch(
        _ server: LoopbackServer, _ downloader: Downloader, location: SourceLocation = #_sourceLocation
    ) throws {
        #expect(try contents(fetch(server, downloader)) == Self.content, sourceLocation: location)
    }

    @Test("A file arrives verified, with progress to the end, and is found in the cache afterwards")
    func plain() throws {
        try with({ request, _ in .file(Self.content, tag: "\"1\"", to: request) }) { server, downloader in
            var last: DownloadProgress?
            let path = try downloader.fetch("net.pth", from: server.url("models/net.pth"), sha256Prefix: Self.prefix) { last = $0 }
            #expect(path == downloader.cache.path(of: "net.pth"))
            #expect(try contents(path) == Self.content)
            #expect(last?.received == Self.content.count && last?.total == Self.content.count)
            #expect(try fetch(server, downloader) == path)
            #expect(server.requests.count == 1 && server.requests[0].path == "/models/net.pth")
            #expect(try Set(FileManager.default.contentsOfDirectory(atPath: downloader.cache.folder)) == ["net.pth", "net.pth.lock"])
        }
    }

    @Test("A cut connection is resumed where it ended, if the file is still the same")
    func resumed() throws {
        try with({ request, number in
            var answer = LoopbackServer.Answer.file(Self.content, tag: "\"1\"", to: request)
            if number < 2 { answer.cut = 100_000 }
            return answer
        }) { server, downloader in
            try expectFetch(server, downloader)
            #expect(server.requests.map { $0.headers["range"] } == [nil, "bytes=100000-", "bytes=200000-"])
            #expect(server.requests.map { $0.headers["if-range"] } == [nil, "\"1\"", "\"1\""])
        }
    }

    @Test("A server without ranges sends everything again, and the file is right")
    func noRanges() throws {
        try with({ _, number in .init(body: Self.content, cut: number == 0 ? 50_000 : nil) }) { server, downloader in
            try expectFetch(server, downloader)
            #expect(server.requests.count == 2)
        }
    }

    @Test("A file that changed between two attempts is fetched from its beginning")
    func changed() throws {
        let old = [UInt8](repeating: 7, count: 200_000)
        try with({ request, number in
            if number == 0 { return .init(headers: ["ETag": "\"old\""], body: old, cut: 120_000) }
            return .file(Self.content, tag: "\"new\"", to: request)
        }) { server, downloader in
            try expectFetch(server, downloader)
            #expect(server.requests.map { $0.headers["if-range"] } == [nil, "\"old\""])
        }
    }

    @Test("A changed file that the server does not name is found by the checksum and fetched in one piece")
    func changedSilently() throws {
        try with({ request, number in
            if number == 0 { return .init(body: [UInt8](repeating: 7, count: 200_000), cut: 120_000) }
            return .file(Self.content, tag: nil, to: request)
        }) { server, downloader in
            try expectFetch(server, downloader)
            #expect(server.requests.map { $0.headers["range"] } == [nil, "bytes=120000-", nil])
        }
    }

    @Test("An overloaded server is asked again")
    func overloaded() throws {
        try with({ request, number in
            number < 2 ? .init(status: 503, body: Array("busy".utf8)) : .file(Self.content, tag: nil, to: request)
        }) { server, downloader in
            try expectFetch(server, downloader)
            #expect(server.requests.count == 3)
        }
    }

    @Test("A server that stays broken is left after the allowed attempts")
    func broken() throws {
        try with({ _, _ in .init(status: 500) }) { server, downloader in
            let error = try #require(weightsError { try fetch(server, downloader) })
            #expect(error.kind == .network)
            #expect(error.description.contains("the server answered with status 500 (3 attempts)"))
            #expect(server.requests.count == 3)
        }
    }

    @Test("Wrong bytes are removed and the error has both checksums")
    func wrongBytes() throws {
        try with({ _, _ in .init(body: Array("<html>login</html>".utf8)) }) { server, downloader in
            let error = try #require(weightsError { try fetch(server, downloader) })
            #expect(error.kind == .checksum)
            #expect(error.description.contains(sha256(Array("<html>login</html>".utf8))))
            #expect(error.description.contains("must begin with \(Self.prefix)"))
            #expect(try FileManager.default.contentsOfDirectory(atPath: downloader.cache.folder) == ["net.pth.lock"])
            #expect(server.requests.count == 1)
        }
    }

    @Test("A missing file is an error at once, which says what to put where")
    func missing() throws {
        try with({ _, _ in .init(status: 404, body: Array("no".utf8)) }) { server, downloader in
            let error = try #require(weightsError { try fetch(server, downloader) })
            #expect(server.requests.count == 1)
            #expect(
                error.description
                    == "\(server.url("models/net.pth")) cannot be fetched: the server answered with status 404. Without a network, fetch "
                    + "\(server.url("models/net.pth")) elsewhere and put it at \(downloader.cache.path(of: "net.pth")), or name "
                    + "the folder that holds it in SIGHTLINE_WEIGHTS_MIRROR; use_pretrained_model=0 trains from random weights.")
        }
    }

    @Test("Without a server the error says what to put where")
    func unreachable() throws {
        try with({ _, _ in .init() }) { server, downloader in
            server.stop()
            let error = try #require(weightsError { try fetch(server, downloader) })
            #expect(error.kind == .network)
            #expect(error.description.contains("put it at \(downloader.cache.path(of: "net.pth")), or name the folder"))
        }
    }

    @Test("A stopped download leaves a part that the next one resumes")
    func cancelled() throws {
        try with({ request, number in
            var answer = LoopbackServer.Answer.file(Self.content, tag: "\"1\"", to: request)
            if number == 0 { (answer.cut, answer.stall) = (60_000, 3) }
            return answer
        }) { server, downloader in
            var received = 0
            let start = Date()
            let error = try #require(
                weightsError {
                    try downloader.fetch(
                        "net.pth", from: server.url("net.pth"), sha256Prefix: Self.prefix, progress: { received = $0.received },
                        isCancelled: { received >= 60_000 })
                })
            #expect(error.kind == .cancelled)
            #expect(error.description.contains("60000 bytes are kept in \(downloader.cache.path(of: "net.pth.part"))"))
            #expect(Date().timeIntervalSince(start) < 2.5)
            try expectFetch(server, downloader)
            #expect(server.requests.last?.headers["range"] == "bytes=60000-")
        }
    }

    @Test("A server that falls silent is left after the time for a stall, and the rest is fetched anew")
    func stalled() throws {
        try with({ request, number in
            var answer = LoopbackServer.Answer.file(Self.content, tag: "\"1\"", to: request)
            if number == 0 { (answer.cut, answer.stall) = (60_000, 20) }
            return answer
        }) { server, original in
            var downloader = original
            downloader.timeouts.stall = 1
            let start = Date()
            try expectFetch(server, downloader)
            #expect(Date().timeIntervalSince(start) < 5)
        }
    }

    @Test("A part that was complete already is verified and named")
    func completePart() throws {
        try with({ request, _ in .file(Self.content, tag: "\"1\"", to: request) }) { server, downloader in
            try FileManager.default.createDirectory(atPath: downloader.cache.folder, withIntermediateDirectories: true)
            _ = try file(Self.content, in: downloader.cache.folder, named: "net.pth.part")
            try expectFetch(server, downloader)
            #expect(server.requests.map { $0.headers["range"] } == ["bytes=300000-"])
        }
    }

    @Test("A longer part of another version is dropped")
    func longPart() throws {
        try with({ request, _ in .file(Self.content, tag: "\"1\"", to: request) }) { server, downloader in
            try FileManager.default.createDirectory(atPath: downloader.cache.folder, withIntermediateDirectories: true)
            _ = try file([UInt8](repeating: 1, count: 400_000), in: downloader.cache.folder, named: "net.pth.part")
            try expectFetch(server, downloader)
        }
    }

    @Test("A damaged file in the cache is replaced")
    func damagedCache() throws {
        try with({ request, _ in .file(Self.content, tag: nil, to: request) }) { server, downloader in
            try FileManager.default.createDirectory(atPath: downloader.cache.folder, withIntermediateDirectories: true)
            _ = try file([1, 2, 3], in: downloader.cache.folder, named: "net.pth")
            try expectFetch(server, downloader)
        }
    }

    @Test("Redirects are followed, but not to the machine's own files")
    func redirects() throws {
        try with({ request, _ in
            switch request.path {
            case "/models/net.pth": .init(status: 302, headers: ["Location": "/moved/net.pth"])
            case "/moved/net.pth": .file(Self.content, tag: nil, to: request)
            default: .init(status: 302, headers: ["Location": "file:///etc/hostname"])
            }
        }) { server, downloader in
            try expectFetch(server, downloader)
            let error = weightsError { try downloader.fetch("other", from: server.url("trap"), sha256Prefix: "00") }
            #expect(error?.kind == .network)
            // libcurl itself refuses such redirects; a first address of that kind is refused by our setting.
            let direct = weightsError { try downloader.fetch("other", from: "file:///etc/hostname", sha256Prefix: "00") }
            #expect(direct?.description.contains("\"file\" not supported or disabled") == true)
        }
    }

    @Test("Two at once fetch a file once")
    func together() throws {
        try with({ request, _ in
            Thread.sleep(forTimeInterval: 0.2)
            return .file(Self.content, tag: nil, to: request)
        }) { server, downloader in
            let failures = Mutex<[String]>([])
            DispatchQueue.concurrentPerform(iterations: 2) { _ in
                do {
                    let path = try downloader.fetch("net.pth", from: server.url("net.pth"), sha256Prefix: Self.prefix)
                    if try contents(path) != Self.content { failures.withLock { $0.append("other bytes") } }
                } catch {
                    failures.withLock { $0.append("\(error)") }
                }
            }
            #expect(failures.withLock { $0 } == [])
            #expect(server.requests.count == 1)
        }
    }

    @Test("A mirror replaces the publisher: a base URL or a folder")
    func mirrors() throws {
        try with({ request, _ in .file(Self.content, tag: nil, to: request) }) { server, original in
            var downloader = original
            downloader.cache.mirror = server.url("mirror/")
            #expect(try contents(downloader.fetch("a.pth", from: "http://127.0.0.1:9/a.pth", sha256Prefix: Self.prefix)) == Self.content)
            #expect(server.requests.map(\.path) == ["/mirror/a.pth"])
            try withFolder { folder in
                downloader.cache.mirror = folder
                let error = weightsError { try downloader.fetch("b.pth", from: "http://h/b.pth", sha256Prefix: Self.prefix) }
                #expect(error?.description.contains("\(folder)/b.pth cannot be opened") == true)
                #expect(error?.description.contains("Put the file of http://h/b.pth there.") == true)
                _ = try file(Self.content, in: folder, named: "b.pth")
                #expect(try contents(downloader.fetch("b.pth", from: "http://h/b.pth", sha256Prefix: Self.prefix)) == Self.content)
                #expect(server.requests.count == 1)
            }
        }
    }
}

/// The SHA-256 of bytes, by way of a file; "" where the file can't be made, which no expectation equals.
private func sha256(_ bytes: [UInt8]) -> String {
    let path = NSTemporaryDirectory() + "sightline-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: path) }
    guard FileManager.default.createFile(atPath: path, contents: Data(bytes)) else { return "" }
    return (try? FileHash.sha256(path)) ?? ""
}
