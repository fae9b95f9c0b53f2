import Foundation
import Testing

@testable import Storage

/// Bytes that tell their place.
func pattern(_ count: Int, seed: Int = 1) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: ($0 &* 2_654_435_761) >> 11 ^ $0 &+ seed) }
}

@Suite("S3", .serialized, .enabled(if: S3Server.isInstalled, "Tests/Servers/setup.sh installs the server"), .timeLimit(.minutes(2)))
struct S3StoreTests {
    private static let shared = Result { try S3Server() }
    private let server: S3Server

    init() throws {
        server = try Self.shared.get()
        try server.plan("{}")
    }

    private func put(_ bytes: [UInt8], _ name: String, _ store: S3Store) throws {
        let sink = try store.create(name)
        try sink.write(bytes)
        try sink.commit()
    }

    @Test("What is put is listed, described, read whole, in parts and as a stream", arguments: [0, 1, 1000, 3 << 20, 20_000_001])
    func roundTrip(size: Int) throws {
        let store = try server.store(prefix: "round/trip \(size)")
        let bytes = pattern(size)
        try put(bytes, "a b/ö+%&.bin", store)
        let listed = try store.list()
        #expect(listed.map(\.name) == ["a b/ö+%&.bin"])
        #expect(listed.first?.size == size)
        #expect(try store.information(about: "a b/ö+%&.bin") == listed.first)
        #expect(try store.bytes(of: "a b/ö+%&.bin") == bytes)
        #expect(try store.bytes(of: "a b/ö+%&.bin", range: size / 3..<size / 2) == Array(bytes[size / 3..<size / 2]))
        #expect(try store.open("a b/ö+%&.bin").remainder(limit: size, place: "s3") == bytes)
        try store.remove("a b/ö+%&.bin")
        try store.remove("a b/ö+%&.bin")
        #expect(try store.information(about: "a b/ö+%&.bin") == nil)
        #expect(try store.list().isEmpty)
    }

    @Test("Signatures are those that botocore makes, temporary keys, ranges, queries and odd names included")
    func signatures() throws {
        try server.plan(#"{"secret": "secret/+key"}"#)
        var environment = server.environment
        environment["AWS_SESSION_TOKEN"] = "token/with+signs=="
        let client = try S3Client(environment: environment, retries: RetryPolicy(patience: 0))
        _ = try client.send(.init(method: "PUT", bucket: "bucket", body: []))
        let store = S3Store(client: client, bucket: "bucket", prefix: "signed~(1)")
        try put(pattern(9 << 20), "x y/ü*'!.bin", store)
        #expect(try store.list(prefix: "x ").count == 1)
        #expect(try store.bytes(of: "x y/ü*'!.bin", range: 5..<9) == Array(pattern(9)[5...]))
        #expect(try store.open("x y/ü*'!.bin").remainder(limit: 1 << 30, place: "s3").count == 9 << 20)
        #expect(try server.happened("verified") > 5)
        #expect(try server.happened("SignatureDoesNotMatch") == 0)
        environment["AWS_SECRET_ACCESS_KEY"] = "wrong"
        let wrong = try S3Store(bucket: "bucket", prefix: "", environment: environment)
        #expect {
            _ = try wrong.list()
        } throws: { "\($0)".contains("SignatureDoesNotMatch") && "\($0)".contains("check AWS_SECRET_ACCESS_KEY") }
    }

    @Test("A bucket in another region is found there")
    func otherRegion() throws {
        let store = try server.store(prefix: "region")
        try server.plan(#"{"secret": "secret/+key", "region": "eu-central-1"}"#)
        try put([1, 2, 3], "a", store)
        #expect(try store.bytes(of: "a") == [1, 2, 3])
        #expect(try server.happened("AuthorizationHeaderMalformed") == 1)
    }

    @Test("Lists go on over pages, in the order of bytes")
    func pages() throws {
        let store = try server.store(prefix: "pages")
        for number in 0..<1003 { try put([], "n\(number)", store) }
        try put([], ".hidden", store)
        var pages = 0
        var names: [String] = []
        try store.list(prefix: "") {
            pages += 1
            names += $0.map(\.name)
            return true
        }
        #expect(pages == 2)
        #expect(names == (0..<1003).map { "n\($0)" }.sorted())
        pages = 0
        try store.list(prefix: "n1") { _ in
            pages += 1
            return false
        }
        #expect(pages == 1)
    }

    @Test(
        "Errors, slow-downs, resets and cut bodies are tried again; nothing is lost or doubled",
        arguments: [#""slow_down": 3"#, #""error": 2"#, #""reset": 3"#, #""cut": 2"#, #""slow_down": 5, "error": 7, "reset": 6, "cut": 3"#])
    func faults(plan: String) throws {
        let store = try server.store(prefix: "faults")
        let bytes = pattern(30_000_000, seed: plan.count)
        try server.plan("{\(plan)}")
        try put(bytes, "x", store)
        #expect(try store.open("x").remainder(limit: bytes.count, place: "s3") == bytes)
        #expect(try store.bytes(of: "x", range: 17..<20_000_000) == Array(bytes[17..<20_000_000]))
        for fault in ["slow_down", "error", "reset", "cut"] where plan.contains(fault) { #expect(try server.happened(fault) > 0) }
    }

    @Test("A server that is killed and comes back is no more than a pause")
    func restart() throws {
        let store = try server.store(prefix: "restart")
        let bytes = pattern(40_000_000)
        try put(bytes, "x", store)
        let stream = try store.open("x")
        var start = [UInt8](repeating: 0, count: 1_000_000)
        let got = try start.withUnsafeMutableBytes { try stream.read(into: $0) }
        try server.killAndRestart(after: 1.5)
        #expect(try Array(start[..<got]) + stream.remainder(limit: bytes.count, place: "s3") == bytes)
    }

    @Test("An upload that is let go leaves nothing behind")
    func abandoned() throws {
        let store = try server.store(prefix: "abandoned")
        do {
            let sink = try store.create("x")
            try sink.write(pattern(20 << 20))
        }
        #expect(try store.list().isEmpty)
        let uploads = try S3Client(environment: server.environment).send(.init(bucket: "bucket", query: [("uploads", "")]))
        #expect(!String(decoding: uploads.body, as: UTF8.self).contains("abandoned"))
    }

    @Test("An object that changes while it is read is an error, never a mixture")
    func changed() throws {
        let store = try server.store(prefix: "changed", patience: 1)
        try put(pattern(40 << 20), "x", store)
        let stream = try store.open("x")
        try put(pattern(40 << 20, seed: 9), "x", store)
        do {
            let all = try stream.remainder(limit: 1 << 30, place: "s3")
            #expect(all == pattern(40 << 20), "all parts came before the change")
        } catch let error as StorageError {
            #expect(error.kind == .damaged)
        }
    }

    @Test("What is not there, and who may not, is told with a remedy")
    func missing() throws {
        let store = try server.store(prefix: "missing")
        #expect { _ = try store.bytes(of: "x") } throws: { ($0 as? StorageError)?.kind == .missing }
        #expect { _ = try store.open("x") } throws: { "\($0)" == "s3://bucket/missing/x: there is no such object; check the key" }
        let other = try S3Store(bucket: "no-such-bucket", prefix: "", environment: server.environment)
        #expect { _ = try other.list() } throws: { "\($0)".contains("NoSuchBucket") && "\($0)".contains("check the bucket's name") }
        var environment = server.environment
        environment["AWS_ENDPOINT_URL"] = "http://127.0.0.1:9"
        let dead = try S3Store(
            bucket: "b", prefix: "", environment: environment, retries: RetryPolicy(patience: 0.2, base: 0.01, cap: 0.05))
        #expect { _ = try dead.list() } throws: { ($0 as? StorageError)?.kind == .unreachable }
    }
}
