/// The storages of a legacy checkpoint, the form before PyTorch 1.6: five pickles (magic number, protocol, system,
/// the object, the storages' keys), then for each key the number of elements in 8 bytes and the raw elements.
struct TorchLegacyStorages: TorchStorageSource {
    /// The magic number 0x1950a86a20f9469cfc6c as a pickle's long holds it.
    static let magic: [UInt8] = [0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19]

    private let path: String
    private var storages: [String: WeightBytes]

    /// Whether a file begins with the magic number's pickle, in any protocol.
    static func recognises(_ bytes: UnsafeRawBufferPointer) -> Bool {
        // 2 bytes of protocol, a frame's 9 and the number's 12.
        let start = UnsafeRawBufferPointer(rebasing: bytes.prefix(32))
        guard let (document, _) = try? PickleMachine.read(start) else { return false }
        return document.root == .long(magic)
    }

    /// Reads the pickles and finds the storages.
    static func open(_ bytes: WeightBytes, path: String) throws -> (storages: TorchLegacyStorages, document: PickleDocument) {
        try bytes.withUnsafeBytes { buffer in
            var offset = 0
            func next() throws -> PickleDocument {
                do {
                    let (document, end) = try PickleMachine.read(buffer, from: offset)
                    offset = end
                    return document
                } catch {
                    throw error.error(path: path, at: 0)
                }
            }
            guard try next().root == .long(magic) else {
                throw WeightsError(.unknownFormat, "\(path) does not begin with the magic number of torch.save.")
            }
            guard try next().root == .int(1001) else {
                throw WeightsError(.unsupported, "\(path): the legacy form has another protocol than 1001.")
            }
            let system = try next()
            let isLittle = system.namedEntries(system.root)?.last { $0.name == "little_endian" }?.value != .bool(false)
            let document = try next()
            let keyDocument = try next()
            let keys = try (keyDocument.elements(keyDocument.root) ?? []).map { key in
                switch key {
                case .string(let key): return key
                case .int(let key): return String(key)
                default: throw WeightsError(.damaged, "\(path): a storage's key is neither text nor a number.")
                }
            }
            let storages = try TorchLegacyStorages(
                bytes, from: offset, keys: keys, storages: TorchStorage.all(in: document), isLittleEndian: isLittle, path: path)
            return (storages, document)
        }
    }

    private init(
        _ bytes: WeightBytes, from start: Int, keys: [String], storages: [TorchStorage], isLittleEndian: Bool, path: String
    ) throws {
        self.path = path
        self.storages = [:]
        let known = Dictionary(storages.map { ($0.key, $0) }) { first, _ in first }
        var offset = start
        for (index, key) in keys.enumerated() {
            guard let storage = known[key], let size = storage.elementSize, let wanted = storage.byteCount else {
                throw WeightsError(
                    .damaged, "\(path): storage \(key) has a type or size that is not known, so what follows cannot be found.")
            }
            let announced = bytes.slice(start: offset, count: 8)?.withUnsafeBytes { source in
                let count = source.loadUnaligned(as: UInt64.self)
                return isLittleEndian ? UInt64(littleEndian: count) : UInt64(bigEndian: count)
            }
            if let announced, announced != UInt64(storage.count) {
                throw WeightsError(
                    .damaged, "\(path): storage \(key) has \(announced) elements at byte \(offset), but the pickle says \(storage.count).")
            }
            guard announced != nil, let content = bytes.slice(start: offset + 8, count: wanted) else {
                throw Self.cut(bytes.count, at: offset, remaining: keys[index...].compactMap { known[$0] }, path: path)
            }
            self.storages[key] = isLittleEndian ? content : byteSwapped(content, elementSize: size)
            offset += 8 + wanted
        }
    }

    /// The error for a file that ends in a storage: what the remaining ones need is known exactly.
    private static func cut(_ size: Int, at offset: Int, remaining: [TorchStorage], path: String) -> WeightsError {
        let total = remaining.reduce(offset) { total, storage in
            total.addingReportingOverflow((storage.byteCount ?? 0).addingReportingOverflow(8).partialValue).partialValue
        }
        let missing = max(1, total - size)
        return WeightsError(
            .truncated(missing: missing),
            "\(path) is cut off: it has \(size) bytes of \(total); \(missing) are missing. Fetch the file again.")
    }

    mutating func bytes(of storage: TorchStorage) throws -> WeightBytes {
        guard let content = storages[storage.key], let wanted = storage.byteCount, let bytes = content.slice(start: 0, count: wanted) else {
            throw WeightsError(.damaged, "\(path): storage \(storage.key) is missing or shorter than the tensor that uses it.")
        }
        return bytes
    }
}
