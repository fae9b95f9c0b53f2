import HTTPTypes
import NIOCore
import NIOHTTPTypes

/// What a connection may do, before anything of a request is kept: bodies arrive in time or not at all, and nobody sends on for long
/// what was refused. Answers `Expect: 100-continue` where the body is wanted.
final class RequestGuard: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    /// A body did not arrive in time.
    struct Timeout: Error {}

    private let payloadLimit: Int
    private let bodyTimeout: TimeAmount
    private var timer: Scheduled<Void>?
    private var received = 0

    init(payloadLimit: Int, bodyTimeout: TimeAmount) {
        self.payloadLimit = payloadLimit
        self.bodyTimeout = bodyTimeout
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            received = 0
            start(context)
            let length = head.headerFields[.contentLength].flatMap { Int($0) } ?? 0
            if head.headerFields[.expect]?.lowercased() == "100-continue", length <= payloadLimit {
                context.writeAndFlush(wrapOutboundOut(.head(HTTPResponse(status: .continue))), promise: nil)
            }
        case .body(let buffer):
            received += buffer.readableBytes
            // The refusal has been written when this much more has come.
            if received / 2 > payloadLimit + 1 << 20 {
                context.close(promise: nil)
                return
            }
        case .end: stop()
        }
        context.fireChannelRead(data)
    }

    func channelInactive(context: ChannelHandlerContext) {
        stop()
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) { stop() }

    private func start(_ context: ChannelHandlerContext) {
        stop()
        let loop = context.eventLoop.assumeIsolated()
        timer = loop.scheduleTask(in: bodyTimeout) {
            context.fireErrorCaught(Timeout())
            // Time for the answer to be written.
            loop.scheduleTask(in: .seconds(2)) { context.close(promise: nil) }
        }
    }

    private func stop() {
        timer?.cancel()
        timer = nil
    }
}

@available(*, unavailable)
extension RequestGuard: Sendable {}
