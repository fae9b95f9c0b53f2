import HTTPTypes
import NIOCore
import NIOHTTPTypes

/// What a connection may do, before anything of a request is kept: bodies arrive in time or not at all, answers are taken in time, and
/// nobody sends on for long what was refused. Answers `Expect: 100-continue` where the body is wanted. A connection that is to be closed behind
/// an answer is closed when that has gone out: SwiftNIO drops what the socket has not taken yet.
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
    private var writingTimer: Scheduled<Void>?
    private var received = 0
    /// Answers of which a part may wait for the socket.
    private var unsent = 0
    /// What to do when they have gone out.
    private var closing: (mode: CloseMode, promise: EventLoopPromise<Void>?)?

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

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard case .end = unwrapOutboundIn(data) else { return context.write(data, promise: promise) }
        unsent += 1
        let sent = promise ?? context.eventLoop.makePromise(of: Void.self)
        sent.futureResult.assumeIsolated().whenComplete { _ in
            self.unsent -= 1
            guard self.unsent == 0, let closing = self.closing else { return }
            self.closing = nil
            context.close(mode: closing.mode, promise: closing.promise)
        }
        context.write(data, promise: sent)
    }

    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        guard unsent > 0, closing == nil, context.channel.isActive else { return context.close(mode: mode, promise: promise) }
        closing = (mode, promise)
    }

    /// An answer that nobody takes is memory that somebody holds.
    func channelWritabilityChanged(context: ChannelHandlerContext) {
        writingTimer?.cancel()
        // Past this handler's own waiting.
        writingTimer =
            context.channel.isWritable
            ? nil
            : context.eventLoop.assumeIsolated().scheduleTask(in: .nanoseconds(2 * bodyTimeout.nanoseconds)) { context.close(promise: nil) }
        context.fireChannelWritabilityChanged()
    }

    func channelInactive(context: ChannelHandlerContext) {
        stop()
        writingTimer?.cancel()
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        stop()
        writingTimer?.cancel()
    }

    private func start(_ context: ChannelHandlerContext) {
        stop()
        timer = context.eventLoop.assumeIsolated().scheduleTask(in: bodyTimeout) {
            context.fireErrorCaught(Timeout())
            // Time for the answer to be written.
            context.eventLoop.assumeIsolated().scheduleTask(in: .seconds(2)) { context.close(promise: nil) }
        }
    }

    private func stop() {
        timer?.cancel()
        timer = nil
    }
}

@available(*, unavailable)
extension RequestGuard: Sendable {}
