import Foundation
import Synchronization

/// Addresses of hosts whose names may not be known yet: a platform starts the hosts of a job at about the same time, and tells their names
/// when they run.
public enum NameResolution {
    /// The address of a host, as text: IPv4 where it has one.
    ///
    /// Asks again and again, at first ten times a second, later every five seconds. `timeout`: how long. `shouldStop`: asked several times
    /// a second.
    /// - Throws: ``LaunchError``: `unreachable` with the host and how long was waited, or `cancelled`.
    public static func waitFor(
        _ name: String, timeout: Duration = .seconds(300), shouldStop: @escaping @Sendable () -> Bool = { false }
    ) throws -> String {
        let start = ContinuousClock.now
        let end = start + timeout
        var pause = Duration.milliseconds(100)
        func sleep(_ isOver: () -> Bool) throws {
            while !isOver() {
                if shouldStop() { throw LaunchError(.cancelled, at: name, "waiting for its address was cancelled", remedy: "") }
                usleep(10_000)
            }
        }
        while true {
            // The system's resolver can take half a minute over one question, and can't be interrupted.
            let question = Question(name)
            Thread.detachNewThread { question.ask() }
            let last = max(end, ContinuousClock.now + .seconds(1))
            try sleep { question.isAnswered || ContinuousClock.now >= last }
            let reason: String
            switch question.answer.withLock({ $0 }) {
            case .address(let text): return text
            case .refused(let words): reason = words
            case .none: reason = "nobody answered"
            }
            guard ContinuousClock.now < end else { throw unreachable(name, start.duration(to: .now), reason) }
            let next = min(ContinuousClock.now + pause, end)
            try sleep { ContinuousClock.now >= next }
            pause = min(pause * 2, .seconds(5))
        }
    }

    private static func unreachable(_ name: String, _ waited: Duration, _ reason: String) -> LaunchError {
        let seconds = Double(waited.components.seconds) + Double(waited.components.attoseconds) / 1e18
        return LaunchError(
            .unreachable, at: name,
            "the host's name did not resolve in \(String(format: seconds < 10 ? "%.1f" : "%.0f", seconds)) s (\(reason))",
            remedy: "check the name, and that the host is running")
    }

    /// One question to the resolver, which outlives those who no longer wait for its answer.
    private final class Question: Sendable {
        enum Answer: Sendable {
            case none
            case address(String)
            case refused(String)
        }

        let answer = Mutex(Answer.none)
        var isAnswered: Bool { if case .none = answer.withLock({ $0 }) { false } else { true } }
        private let name: String

        init(_ name: String) { self.name = name }

        func ask() {
            var hints = addrinfo()
            hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
            var list: UnsafeMutablePointer<addrinfo>?
            let code = getaddrinfo(name, nil, &hints, &list)
            defer { if let list { freeaddrinfo(list) } }
            guard code == 0 else {
                let reason = code == EAI_SYSTEM ? String(cString: strerror(errno)) : String(cString: gai_strerror(code))
                return answer.withLock { $0 = .refused(reason) }
            }
            let all = sequence(first: list) { $0?.pointee.ai_next }.compactMap { $0?.pointee }
            let chosen = all.first { $0.ai_family == AF_INET } ?? all.first
            let text = chosen.flatMap(Self.text)
            answer.withLock { $0 = text.map(Answer.address) ?? .refused("it has no address") }
        }

        private static func text(_ info: addrinfo) -> String? {
            var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
            guard getnameinfo(info.ai_addr, info.ai_addrlen, &text, socklen_t(text.count), nil, 0, NI_NUMERICHOST) == 0 else { return nil }
            return String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        }
    }
}
