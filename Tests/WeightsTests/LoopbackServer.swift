import Foundation
import Glibc

/// A tiny HTTP/1.1 server on the loopback interface, one thread a connection, whose answers a closure decides.
final class LoopbackServer: @unchecked Sendable {
    struct Request: Sendable {
        var path: String
        /// Names in lower case.
        var headers: [String: String]
    }

    struct Answer: Sendable {
        var status = 200
        var headers: [String: String] = [:]
        var body: [UInt8] = []
        /// Closes the connection after so many bytes of the body, though its length was announced.
        var cut: Int?
        /// Sleeps so many seconds where it would cut, before it does.
        var stall = 0.0
    }

    private let lock = NSLock()
    private var recorded: [Request] = []
    private let listener: Int32
    private let answer: @Sendable (Request, Int) -> Answer
    let port: Int

    /// - Parameter answer: gives the answer to a request and its number, from 0.
    init(_ answer: @escaping @Sendable (Request, Int) -> Answer) throws {
        self.answer = answer
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let bound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(listener, address, length) == 0 && listen(listener, 16) == 0 && getsockname(listener, address, &length) == 0
            }
        }
        guard bound else { throw POSIXError(.EADDRINUSE) }
        port = Int(UInt16(bigEndian: address.sin_port))
        self.listener = listener
        let thread = Thread { [weak self] in
            while true {
                let connection = accept(listener, nil, nil)
                if connection < 0 { return }
                Thread.detachNewThread { [weak self] in
                    self?.serve(connection)
                    close(connection)
                }
            }
        }
        thread.start()
    }

    func stop() {
        shutdown(listener, Int32(SHUT_RDWR))
        close(listener)
    }

    /// The requests so far.
    var requests: [Request] { lock.withLock { recorded } }

    func url(_ path: String) -> String { "http://127.0.0.1:\(port)/\(path)" }

    private func serve(_ connection: Int32) {
        var text = ""
        var buffer = [UInt8](repeating: 0, count: 4096)
        while !text.contains("\r\n\r\n") {
            let count = recv(connection, &buffer, buffer.count, 0)
            if count <= 0 { return }
            text += String(decoding: buffer[..<count], as: UTF8.self)
        }
        let lines = text.components(separatedBy: "\r\n")
        var request = Request(path: lines[0].components(separatedBy: " ")[1], headers: [:])
        for line in lines.dropFirst() {
            guard let colon = line.firstIndex(of: ":") else { continue }
            request.headers[line[..<colon].lowercased()] = line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
        }
        let number = lock.withLock {
            recorded.append(request)
            return recorded.count - 1
        }
        let answer = answer(request, number)
        var head = "HTTP/1.1 \(answer.status) X\r\nConnection: close\r\n"
        if answer.headers["Content-Length"] == nil { head += "Content-Length: \(answer.body.count)\r\n" }
        for (name, value) in answer.headers { head += "\(name): \(value)\r\n" }
        sendAll(connection, Array((head + "\r\n").utf8))
        sendAll(connection, Array(answer.body.prefix(answer.cut ?? answer.body.count)))
        if answer.stall > 0 { Thread.sleep(forTimeInterval: answer.stall) }
    }

    private func sendAll(_ connection: Int32, _ bytes: [UInt8]) {
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes {
                send(connection, $0.baseAddress.map { $0 + sent }, bytes.count - sent, Int32(MSG_NOSIGNAL))
            }
            if count <= 0 { return }
            sent += count
        }
    }
}

extension LoopbackServer.Answer {
    /// What a server that understands ranges answers for a file.
    static func file(_ content: [UInt8], tag: String?, to request: LoopbackServer.Request) -> LoopbackServer.Answer {
        var headers = ["Accept-Ranges": "bytes"]
        headers["ETag"] = tag
        let isCurrent = request.headers["if-range"].map { $0 == tag } ?? true
        guard let range = request.headers["range"], isCurrent, let start = Int(range.dropFirst("bytes=".count).dropLast()) else {
            return .init(status: 200, headers: headers, body: content)
        }
        guard start < content.count else {
            return .init(status: 416, headers: ["Content-Range": "bytes */\(content.count)"])
        }
        headers["Content-Range"] = "bytes \(start)-\(content.count - 1)/\(content.count)"
        return .init(status: 206, headers: headers, body: Array(content[start...]))
    }
}
