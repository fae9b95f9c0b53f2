import Foundation
import Synchronization
import Testing

@testable import Storage

/// An S3-compatible server (moto) on loopback and a proxy before it that can be told what goes wrong.
///
/// Unchecked: its suite is serialized.
final class S3Server: @unchecked Sendable {
    /// The package's folder. Another test target links to this file, so its depth is not the same everywhere.
    static let root: String = {
        var folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        while folder.path != "/", !FileManager.default.fileExists(atPath: folder.path + "/Package.swift") {
            folder.deleteLastPathComponent()
        }
        return folder.path
    }()
    /// `Tests/Servers/setup.sh` installs it; without it these tests are skipped.
    static var isInstalled: Bool { FileManager.default.fileExists(atPath: root + "/.venv-s3/complete") }

    private let moto: Process
    private let proxy: Mutex<Process>
    private let deaths = Atomic<Int>(0)
    private let motoPort: Int
    let port: Int

    init() throws {
        motoPort = try Self.freePort()
        // The shell lives as long as this process, and takes the server with it.
        moto = try Self.start(
            "/bin/sh",
            ["-c", "\"$0\" -H 127.0.0.1 -p \(motoPort) & cat > /dev/null; kill -9 $!", "\(Self.root)/.venv-s3/bin/moto_server"])
        port = try Self.freePort()
        proxy = Mutex(try Self.startProxy(motoPort, port))
        for address in [motoPort, port] { Self.wait(for: address) }
        try plan("{}")
    }

    /// What a user's environment would say.
    var environment: [String: String] {
        [
            "AWS_ENDPOINT_URL": "http://127.0.0.1:\(port)", "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret/+key",
            "AWS_REGION": "us-east-1", "HOME": "/nonexistent", "AWS_EC2_METADATA_DISABLED": "true",
        ]
    }

    /// A store in a bucket that exists. `prefix`: of its names.
    func store(prefix: String = "", patience: Double = 20) throws -> S3Store {
        let retries = RetryPolicy(patience: patience, base: 0.01, cap: 0.2)
        let client = try S3Client(environment: environment, retries: retries)
        _ = try client.send(.init(method: "PUT", bucket: "bucket", body: []))
        return S3Store(client: client, bucket: "bucket", prefix: prefix)
    }

    /// Sets what goes wrong; see `fault_proxy.py`.
    func plan(_ json: String) throws {
        _ = try HTTPClient().send(HTTPRequest(method: "PUT", url: "http://127.0.0.1:\(port)/__plan", body: Array(json.utf8)))
    }

    /// How often each fault has happened.
    func happened(_ fault: String) throws -> Int {
        let answer = try HTTPClient().send(HTTPRequest(url: "http://127.0.0.1:\(port)/__stats"))
        return try JSONDecoder().decode([String: Int].self, from: Data(answer.body))[fault] ?? 0
    }

    /// The server that clients see dies with all connections, and comes back on the same port after some seconds.
    func killAndRestart(after seconds: Double) throws {
        try proxy.withLock { proxy in
            kill(proxy.processIdentifier, SIGKILL)
            proxy.waitUntilExit()
            Thread.sleep(forTimeInterval: seconds)
            proxy = try Self.startProxy(motoPort, port)
        }
    }

    /// The server that clients see is killed in the middle of the `number`-th body that it sends from now on, and comes back on the same
    /// port after some seconds. `faults`: what else goes wrong, before and after: members of a plan.
    func die(inBody number: Int, faults: String, comeBackAfter seconds: Double) throws {
        try plan("{\(faults), \"die\": \(number)}")
        let dying = proxy.withLock { $0 }
        Thread.detachNewThread { [self] in
            dying.waitUntilExit()
            deaths.add(1, ordering: .sequentiallyConsistent)
            Thread.sleep(forTimeInterval: seconds)
            if let new = try? Self.startProxy(motoPort, port, plan: "{\(faults)}") { proxy.withLock { $0 = new } }
        }
    }

    /// How often the server has died by plan.
    var timesDied: Int { deaths.load(ordering: .sequentiallyConsistent) }

    private static func wait(for port: Int) {
        let client = HTTPClient()
        for _ in 0..<600 {
            if (try? client.send(HTTPRequest(url: "http://127.0.0.1:\(port)/__stats"))) != nil { return }
            usleep(25_000)
        }
    }

    private static func startProxy(_ upstream: Int, _ port: Int, plan: String = "{}") throws -> Process {
        try start("\(root)/.venv-s3/bin/python", ["\(root)/Tests/Servers/fault_proxy.py", "\(upstream)", "\(port)", plan])
    }

    private static func start(_ program: String, _ arguments: [String]) throws -> Process {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        process.standardInput = Pipe()
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        return process
    }

    private static func freePort() throws -> Int {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, size) == 0 && getsockname(descriptor, $0, &size) == 0
            }
        }
        try #require(isBound)
        return Int(UInt16(bigEndian: address.sin_port))
    }
}
