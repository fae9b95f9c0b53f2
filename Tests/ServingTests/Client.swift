import Foundation
import Glibc

/// A client of sockets and nothing else, so that a test can send what no library would.
struct Client: Sendable {
    let port: Int

    /// What a server answered.
    struct Answer: Sendable {
        var status = 0
        /// Names in lower case.
        var headers: [String: String] = [:]
        var body: [UInt8] = []

        var text: String { String(decoding: body, as: UTF8.self) }

        func json<Value>(_ type: Value.Type = Value.self) throws -> Value {
            guard let value = try JSONSerialization.jsonObject(with: Data(body), options: .fragmentsAllowed) as? Value else {
                throw Broken("no \(type): \(text)")
            }
            return value
        }
    }

    /// What went wrong with a connection.
    struct Broken: Error, CustomStringConvertible {
        let description: String
        init(_ description: String) { self.description = description }
    }

    /// Sends a request and waits for its answer, on a thread of its own.
    func send(_ method: String, _ path: String, _ headers: [String: String] = [:], body: [UInt8]? = nil) async throws -> Answer {
        try await Self.onThread {
            let connection = try Connection(port)
            return try connection.ask(method, path, headers, body: body)
        }
    }

    func get(_ path: String, _ headers: [String: String] = [:]) async throws -> Answer { try await send("GET", path, headers) }

    func post(_ path: String, _ body: [UInt8], _ headers: [String: String] = ["Content-Type": "application/x-image"]) async throws -> Answer
    {
        try await send("POST", path, headers, body: body)
    }

    /// Runs what blocks away from Swift's own few threads.
    static func onThread<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
        try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread { continuation.resume(with: Swift.Result { try body() }) }
        }
    }
}

/// One connection. Used by one thread at a time.
final class Connection: @unchecked Sendable {
    private let descriptor: Int32
    private var received: [UInt8] = []

    init(_ port: Int) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        address.sin_port = UInt16(port).bigEndian
        let status = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
        }
        guard status == 0 else { throw Client.Broken("no connection: \(String(cString: strerror(errno)))") }
        // No test waits for ever.
        var timeout = timeval(tv_sec: 60, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
    }

    deinit { close(descriptor) }

    func ask(_ method: String, _ path: String, _ headers: [String: String] = [:], body: [UInt8]? = nil) throws -> Client.Answer {
        var text = "\(method) \(path) HTTP/1.1\r\nHost: localhost\r\n"
        var all = headers
        if let body, all["Content-Length"] == nil, all["Transfer-Encoding"] == nil { all["Content-Length"] = String(body.count) }
        for (name, value) in all.sorted(by: { $0.key < $1.key }) { text += "\(name): \(value)\r\n" }
        try write(Array((text + "\r\n").utf8) + (body ?? []))
        return try read(hasBody: method != "HEAD")
    }

    func write(_ text: String) throws { try write(Array(text.utf8)) }

    func write(_ bytes: [UInt8]) throws {
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress.map { $0 + sent }, bytes.count - sent, Int32(MSG_NOSIGNAL))
            }
            // A server that has said no may close: what it said is still there to read.
            if count < 0 { return }
            sent += count
        }
    }

    /// The next answer; one with status 100 is passed over.
    func read(hasBody: Bool = true) throws -> Client.Answer {
        while true {
            let mark = Array("\r\n\r\n".utf8)
            while received.firstRange(of: mark) == nil { try fill() }
            guard let end = received.firstRange(of: mark) else { continue }
            let lines = String(decoding: received[..<end.lowerBound], as: UTF8.self).components(separatedBy: "\r\n")
            received.removeSubrange(..<end.upperBound)
            var answer = Client.Answer()
            answer.status = Int(lines[0].split(separator: " ")[1]) ?? 0
            for line in lines.dropFirst() {
                guard let colon = line.firstIndex(of: ":") else { continue }
                answer.headers[line[..<colon].lowercased()] = line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
            }
            if answer.status == 100 { continue }
            let length = hasBody ? Int(answer.headers["content-length"] ?? "0") ?? 0 : 0
            while received.count < length { try fill() }
            answer.body = Array(received[..<length])
            received.removeSubrange(..<length)
            return answer
        }
    }

    /// Waits for the beginning of an answer, of which nothing is read.
    func waitForAnswer() throws {
        var event = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        guard poll(&event, 1, 60_000) == 1 else { throw Client.Broken("no answer in 60 s") }
    }

    /// Whether the server has closed the connection; waits for it.
    func isClosed() -> Bool { (try? fill()) == nil }

    private func fill() throws {
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        let count = recv(descriptor, &buffer, buffer.count, 0)
        guard count > 0 else { throw Client.Broken(count == 0 ? "the server closed the connection" : String(cString: strerror(errno))) }
        received += buffer[..<count]
    }
}
