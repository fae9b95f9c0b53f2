import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdCore
import NIOCore

/// A request on its way through the server.
struct Call: Sendable {
    let request: Request
    /// What its route's pattern took from the path, by name.
    let parameters: [String: String]
    /// Names it in logs, and in the answer.
    let id: String
    /// When its head was there.
    let arrival: ContinuousClock.Instant

    /// A value of the path. Patterns guarantee it.
    func parameter(_ name: String) -> String { parameters[name, default: ""] }

    /// The client's own name for the request where it can be kept, otherwise a new one.
    static func id(of request: Request) -> String {
        if let given = request.headers[.requestID], (1...128).contains(given.utf8.count), given.isVisibleASCII { return given }
        return UUID().uuidString.lowercased()
    }
}

extension Response {
    /// Larger bodies are sent piece by piece: who takes one piece is not silent, however slow the line.
    static let pieceSize = 1 << 20

    /// An answer with a body in memory. `queue`: where a large body counts until it is sent.
    init(
        _ bytes: [UInt8], type: String, status: HTTPResponse.Status = .ok, fields: HTTPFields = [:], countedBy queue: RequestQueue? = nil
    ) {
        var fields = fields
        fields[.contentType] = type
        guard bytes.count > Self.pieceSize else {
            self.init(status: status, headers: fields, body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
            return
        }
        let loan = queue?.hold(bytes.count)
        let body = ResponseBody(contentLength: bytes.count) { writer in
            for start in stride(from: 0, to: bytes.count, by: Self.pieceSize) {
                try await writer.write(ByteBuffer(bytes: bytes[start..<min(start + Self.pieceSize, bytes.count)]))
            }
            try await writer.finish(nil)
            withExtendedLifetime(loan) {}
        }
        self.init(status: status, headers: fields, body: body)
    }
}
