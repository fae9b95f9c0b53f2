import Glibc

/// Over which of this machine's addresses another one is reached.
enum NetworkPath {
    /// Whether an address (a number) is one of the machine itself, which no other one reaches.
    static func isLoopback(_ address: String) -> Bool {
        address.hasPrefix("127.") || address == "::1" || address.hasPrefix("::ffff:127.")
    }

    /// This machine's own address on the way to `address` (a number, not a name); nil where there is no way.
    ///
    /// Nothing is sent: connecting a datagram socket only chooses the route. The machine's own name would not do, as it often stands for
    /// 127.0.1.1 in /etc/hosts.
    static func ownAddress(towards address: String, port: Int) -> String? {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_DGRAM.rawValue)
        hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV
        var found: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(address, String(port), &hints, &found) == 0, let target = found else { return nil }
        defer { freeaddrinfo(target) }
        let handle = socket(target.pointee.ai_family, target.pointee.ai_socktype, 0)
        guard handle >= 0 else { return nil }
        defer { close(handle) }
        guard connect(handle, target.pointee.ai_addr, target.pointee.ai_addrlen) == 0 else { return nil }
        var own = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        return withUnsafeMutablePointer(to: &own) { storage in
            storage.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                guard getsockname(handle, pointer, &length) == 0 else { return nil }
                var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
                guard getnameinfo(pointer, length, &text, socklen_t(text.count), nil, 0, NI_NUMERICHOST) == 0 else { return nil }
                return String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
            }
        }
    }
}
