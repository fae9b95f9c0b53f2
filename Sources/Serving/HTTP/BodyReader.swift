import Hummingbird
import HummingbirdCore
import NIOCore
import NIOHTTPTypes
import Synchronization

/// Receives bodies, each within its limit and all within one.
///
/// Where all together hold too much, those that hold more than the average are refused, so that a few who send large bodies and never end
/// don't keep others from sending small ones; at twice as much everybody is.
final class BodyReader: Sendable {
    private let limit: Int
    private let totalLimit: Int
    private let total = Atomic<Int>(0)
    private let count = Atomic<Int>(0)

    /// `limit`: bytes of a body. `totalLimit`: bytes of all bodies that are held.
    init(limit: Int, totalLimit: Int) {
        self.limit = limit
        self.totalLimit = max(totalLimit, limit)
    }

    /// A body; its bytes count until it is let go of.
    final class Body: Sendable {
        let bytes: [UInt8]
        private let reader: BodyReader

        fileprivate init(_ bytes: [UInt8], _ reader: BodyReader) {
            self.bytes = bytes
            self.reader = reader
        }

        deinit { reader.forget(bytes.count) }
    }

    private func forget(_ bytes: Int) {
        total.subtract(bytes, ordering: .relaxed)
        count.subtract(1, ordering: .relaxed)
    }

    private var tooLarge: ServingError {
        ServingError(.contentTooLarge, "The body has more than \(limit) bytes (max-payload). Send a smaller picture.")
    }

    /// Refuses a body by what its head says, before any of it is received.
    func check(_ request: Request) throws {
        if let length = request.headers[.contentLength].flatMap({ Int($0) }), length > limit { throw tooLarge }
    }

    /// Receives the whole body.
    /// - Throws: ``ServingError`` where it is too large, or too late, or breaks off.
    func read(_ request: Request) async throws -> Body {
        try check(request)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(min(request.headers[.contentLength].flatMap { Int($0) } ?? 0, 1 << 18))
        count.add(1, ordering: .relaxed)
        do {
            for try await buffer in request.body {
                guard bytes.count + buffer.readableBytes <= limit else { throw tooLarge }
                let held = total.add(buffer.readableBytes, ordering: .relaxed).newValue
                bytes.append(contentsOf: buffer.readableBytesView)
                let average = held / max(1, count.load(ordering: .relaxed))
                guard held <= totalLimit || (bytes.count < average && held <= 2 * totalLimit) else {
                    throw ServingError(
                        .tooManyRequests, "The server holds \(held >> 20) MB of other requests' bodies. Try again later.", retryAfter: 1)
                }
            }
        } catch {
            forget(bytes.count)
            switch error {
            case let error as ServingError: throw error
            case is RequestGuard.Timeout:
                throw ServingError(.requestTimeout, "The request's body did not arrive in time (body-timeout). Send it faster.")
            default: throw ServingError(.badRequest, "The request's body broke off: \(error)")
            }
        }
        if let length = request.headers[.contentLength].flatMap({ Int($0) }), length != bytes.count {
            forget(bytes.count)
            throw ServingError(.badRequest, "The body has \(bytes.count) bytes, but Content-Length is \(length).")
        }
        return Body(bytes, self)
    }
}
