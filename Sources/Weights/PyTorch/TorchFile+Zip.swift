/// The storages of a zip checkpoint: one entry `…/data/KEY` each.
struct TorchZipStorages: TorchStorageSource {
    private var archive: ZipArchive
    private let folder: String
    private let isBigEndian: Bool
    private var read: [String: WeightBytes] = [:]

    /// Opens the archive and reads its pickle.
    static func open(_ bytes: WeightBytes, path: String) throws -> (storages: TorchZipStorages, document: PickleDocument) {
        var archive: ZipArchive
        do {
            archive = try ZipArchive(bytes, path: path)
        } catch let error as WeightsError {
            throw lengthened(error, bytes, path: path)
        }
        let pickles = archive.entries.keys.filter { $0 == "data.pkl" || $0.hasSuffix("/data.pkl") }.sorted { $0.count < $1.count }
        guard let name = pickles.first, let entry = archive.entries[name] else {
            let some = archive.entries.keys.sorted().prefix(5).joined(separator: ", ")
            throw WeightsError(.unknownFormat, "\(path) is a zip archive but no PyTorch checkpoint: it has no data.pkl (it has \(some)).")
        }
        let folder = String(name.dropLast("data.pkl".count))
        if archive.entries[folder + "constants.pkl"] != nil {
            throw WeightsError(
                .unsupported, "\(path) is a TorchScript archive, which is code. Load it in Python and torch.save(module.state_dict(), …).")
        }
        var isBigEndian = false
        if let order = archive.entries[folder + "byteorder"] {
            let content = try archive.content(of: order)
            isBigEndian = content.withUnsafeBytes { $0.elementsEqual("big".utf8) }
        }
        let pickle = try archive.content(of: entry)
        guard archive.matchesChecksum(pickle, of: entry) else {
            throw WeightsError(.damaged, "\(path): \(name) does not match its checksum. Fetch the file again.")
        }
        let document: PickleDocument
        do {
            document = try pickle.withUnsafeBytes { try PickleMachine.read($0).document }
        } catch let fault as PickleMachine.Fault {
            throw fault.error(path: "\(path), \(name)", at: 0)
        }
        return (TorchZipStorages(archive: archive, folder: folder, isBigEndian: isBigEndian), document)
    }

    private init(archive: ZipArchive, folder: String, isBigEndian: Bool) {
        self.archive = archive
        self.folder = folder
        self.isBigEndian = isBigEndian
    }

    mutating func bytes(of storage: TorchStorage) throws -> WeightBytes {
        let name = "\(folder)data/\(storage.key)"
        func damaged(_ problem: String) -> WeightsError { WeightsError(.damaged, "\(archive.path): storage \(name) \(problem).") }
        guard let wanted = storage.byteCount else { throw damaged("has an impossible size of \(storage.count) elements") }
        let content: WeightBytes
        if let known = read[storage.key] {
            content = known
        } else {
            guard let entry = archive.entries[name] else { throw damaged("is missing") }
            var fresh = try archive.content(of: entry)
            guard entry.isDeflated || archive.matchesChecksum(fresh, of: entry) else { throw damaged("does not match its checksum") }
            if isBigEndian, let size = storage.elementSize { fresh = byteSwapped(fresh, elementSize: size) }
            read[storage.key] = fresh
            content = fresh
        }
        guard let bytes = content.slice(start: 0, count: wanted) else {
            throw damaged("has \(content.count) bytes, but \(storage.count) elements of torch.\(storage.className) take \(wanted)")
        }
        return bytes
    }

    /// For an archive that was cut off: torch.save writes data.pkl first, and that tells how many bytes must follow.
    private static func lengthened(_ error: WeightsError, _ bytes: WeightBytes, path: String) -> WeightsError {
        guard case .truncated = error.kind else { return error }
        return bytes.withUnsafeBytes { buffer in
            guard let start = ZipArchive.firstContent(buffer), let (document, end) = try? PickleMachine.read(buffer, from: start) else {
                return error
            }
            let sizes = TorchStorage.all(in: document).map { $0.byteCount ?? 0 }
            let total = sizes.reduce(end) { $0.addingReportingOverflow($1).partialValue }
            guard total > buffer.count else { return error }
            let missing = total - buffer.count
            return WeightsError(
                .truncated(missing: missing),
                "\(path) is cut off: of a PyTorch checkpoint with \(sizes.count) storages \(buffer.count) bytes are there and at least "
                    + "\(missing) are missing. Fetch the file again.")
        }
    }
}

extension TorchStorage {
    /// Every storage that a document refers to, once.
    static func all(in document: PickleDocument) -> [TorchStorage] {
        var seen: Set<String> = []
        return document.nodes.compactMap { node in
            guard case .persistent(let identifier) = node.kind, let storage = TorchStorage(identifier: identifier, in: document),
                seen.insert(storage.key).inserted
            else { return nil }
            return storage
        }
    }
}

extension PickleMachine.Fault {
    /// The fault as an error about a file, in which the pickle begins at byte `start`.
    func error(path: String, at start: Int) -> WeightsError {
        let kind: WeightsError.Kind =
            switch self.kind {
            case .damaged: .damaged
            case .truncated: .truncated(missing: 1)
            case .unsupported: .unsupported
            }
        return WeightsError(kind, "\(path): the pickle is not readable at byte \(start + offset): \(problem).")
    }
}
