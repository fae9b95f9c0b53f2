import CTorch

/// Keys and values that several processes share: one serves them, the others connect. Where processes find each other.
///
/// One thread at a time; a thread that waits for a key keeps others out, so each thread opens its own.
public final class KeyStore {
    let pointer: ct_store

    /// Opens the store at an address.
    /// - Parameters:
    ///   - host: name or address of the process that serves it.
    ///   - port: its port.
    ///   - serves: whether this process is the one.
    ///   - seconds: how long to wait for keys.
    ///   - connecting: how long to wait for it; nil: as long as for keys.
    ///   - prefix: of all keys.
    /// - Throws: ``TorchError`` where nobody serves it in time, or the port is taken.
    public init(host: String, port: Int, serves: Bool, seconds: Double, connecting: Double? = nil, prefix: String = "") throws {
        guard let store = ct_store_open(host, Int32(clamping: port), serves, connecting ?? seconds, seconds, prefix) else {
            throw TorchError.last()
        }
        pointer = store
    }

    deinit { ct_store_release(pointer) }

    /// Sets a key.
    public func set(_ key: String, _ value: String) throws {
        let bytes = [UInt8](value.utf8)
        try bytes.withUnsafeBytes { buffer in
            var none: UInt8 = 0
            try withUnsafePointer(to: &none) { empty in
                try check(ct_store_set(pointer, key, buffer.baseAddress ?? UnsafeRawPointer(empty), Int64(buffer.count)))
            }
        }
    }

    /// The value of a key, once it is there.
    /// - Throws: ``TorchError`` where it is not after `seconds`, or the store is gone.
    public func value(of key: String, within seconds: Double) throws -> String {
        var count: Int64 = 0
        let bytes = try [UInt8](unsafeUninitializedCapacity: 65_536) { buffer, written in
            if let base = buffer.baseAddress { try check(ct_store_get(pointer, key, seconds, base, Int64(buffer.count), &count)) }
            written = min(buffer.count, Int(count))
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Whether a key has been set.
    public func has(_ key: String) throws -> Bool {
        var result = false
        try check(ct_store_has(pointer, key, &result))
        return result
    }

    /// Adds to a number, which begins at 0, and gives the new one.
    @discardableResult
    public func add(_ amount: Int, to key: String) throws -> Int {
        var result: Int64 = 0
        try check(ct_store_add(pointer, key, Int64(amount), &result))
        return Int(result)
    }
}
