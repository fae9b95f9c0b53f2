import Storage

/// The objects that an S3 manifest file names (`S3DataType: ManifestFile`), and no others, as a store that is only read: a JSON array,
/// first `{"prefix": "s3://bucket/dir/"}`, then keys relative to it. Names are these keys.
///
/// The prefix is put before each key as it stands, as S3 does: without a slash at its end it is the beginning of a name. It may also be a
/// path, relative to the manifest's folder. A key that is named twice is there once.
///
/// Source: spec data-formats.md, "Channels and input modes".
public struct ManifestFileStore: ObjectStore {
    /// `s3://bucket/dir/`, as messages call the place.
    public let place: String
    /// The relative keys, in the order of their UTF-8 bytes.
    public let names: [String]

    private let base: any ObjectStore
    /// What stands before a key in `base`.
    private let prefix: String

    /// The largest manifest file that is read, in bytes: 1 GiB, some ten million keys.
    static let maximumBytes = 1 << 30

    /// Reads a manifest file.
    ///
    /// - Parameters:
    ///   - name: the manifest file.
    ///   - store: where it is.
    ///   - open: opens the prefix: the store, and what stands before each key's name there.
    /// - Throws: ``DatasetError`` for a file that breaks the format or names nothing; `StorageError`; what `open` throws.
    public init(_ name: String, in store: any ObjectStore, opening open: LocationOpener = AugmentedManifest.localFilesOnly) throws {
        let file = store.location(of: name)
        let bytes = try store.open(name).remainder(limit: Self.maximumBytes, place: file)
        let content = try Self.parse(bytes, file: file)
        guard !content.names.isEmpty else {
            throw DatasetError(.malformed, at: file, "it names no objects", remedy: "put relative keys behind the prefix")
        }
        let location: Location
        do {
            location = try Location(content.prefix)
        } catch let error as StorageError {
            throw DatasetError(.malformed, at: file, "the prefix '\(content.prefix.prefix(200))': \(error.problem)", remedy: error.remedy)
        }
        if case .file(let path) = location {
            let folder = name.lastIndex(of: "/").map { String(name[...$0]) } ?? ""
            (base, prefix) = path.hasPrefix("/") ? (LocalStore("/"), String(path.dropFirst())) : (store, folder + path)
            place = path.hasPrefix("/") ? path : store.location(of: folder + path)
        } else {
            (base, prefix) = try open(location)
            place = location.description
        }
        // Sorted, so that listing is a merge and a look-up a bisection.
        var sorted = content.names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        var kept = 0
        for index in sorted.indices where index == 0 || !sorted[index].utf8.elementsEqual(sorted[kept - 1].utf8) {
            sorted[kept] = sorted[index]
            kept += 1
        }
        sorted.removeSubrange(kept...)
        names = sorted
    }

    /// The manifest file at a location; nil where something else is there.
    /// - Throws: as ``init(_:in:opening:)``.
    public static func at(_ location: Location, _ stores: Stores) throws -> ManifestFileStore? {
        guard try isOne(at: location, stores) else { return nil }
        let (store, name) = try stores.open(fileAt: location)
        return try ManifestFileStore(name, in: store) { prefix in
            // A store's own prefix is a folder; a manifest's may end within a name.
            guard case .s3(let bucket, let key) = prefix else { return (try stores.open(prefix), "") }
            return (try stores.open(.s3(bucket: bucket, key: "")), key)
        }
    }

    /// Whether a manifest file is at a location, by its name and its beginning.
    static func isOne(at location: Location, _ stores: Stores) throws -> Bool {
        guard [".manifest", ".json"].contains(where: "\(location)".lowercased().hasSuffix) else { return false }
        let (store, name) = try stores.open(fileAt: location)
        guard let size = try? store.information(about: name)?.size, size > 0,
            let beginning = try? store.bytes(of: name, range: 0..<min(size, 4096))
        else { return false }
        // No JSON Lines and no other annotation begins with a list.
        return beginning.first { ![0x20, 0x09, 0x0A, 0x0D].contains($0) } == UInt8(ascii: "[")
    }

    private static func parse(_ bytes: [UInt8], file: String) throws -> (prefix: String, names: [String]) {
        let result = bytes.withUnsafeBufferPointer { bytes in
            Result { () throws(JSONFault) in
                var scanner = JSONScanner(bytes)
                var prefix: String?
                var names: [String] = []
                try scanner.elements { (scanner) throws(JSONFault) in
                    scanner.skipSpace()
                    if prefix == nil {
                        guard case .string(let text)? = try scanner.value(depth: 1)["prefix"], !text.isEmpty else {
                            throw scanner.fault("the first element is not {\"prefix\": \"s3://…\"}")
                        }
                        prefix = text
                        return
                    }
                    guard scanner.byte == UInt8(ascii: "\"") else { throw scanner.unexpected("a key in quotation marks") }
                    let name = try scanner.string().decoded(from: bytes)
                    guard !name.isEmpty, !name.utf8.contains(0) else { throw scanner.fault("a key is empty or holds a zero byte") }
                    names.append(name)
                }
                try scanner.finish()
                return (prefix ?? "", names)
            }
        }
        do {
            return try result.get()
        } catch {
            throw DatasetError(
                .malformed, at: "\(file), byte \(error.offset)", error.problem,
                remedy: "write [{\"prefix\": \"s3://bucket/dir/\"}, \"key\", …]")
        }
    }

    private func contains(_ name: String) -> Bool {
        let index = position(of: name)
        return index < names.count && names[index].utf8.elementsEqual(name.utf8)
    }

    /// The first name that does not come before this one.
    private func position(of name: String) -> Int {
        var low = 0
        var high = names.count
        while low < high {
            let middle = (low + high) / 2
            if names[middle].utf8.lexicographicallyPrecedes(name.utf8) { low = middle + 1 } else { high = middle }
        }
        return low
    }

    private func known(_ name: String) throws -> String {
        guard contains(name) else {
            throw StorageError(.missing, at: location(of: name), "the manifest file does not name it", remedy: "check the name")
        }
        return prefix + name
    }

    private func missing(_ name: String) -> StorageError {
        StorageError(
            .missing, at: location(of: name), "the manifest file names it, and it is not there", remedy: "take it off the manifest file")
    }

    /// The named objects whose names begin with `prefix`. One that is not there is an error.
    public func list(prefix wanted: String, _ receive: ([StoredObject]) throws -> Bool) throws {
        let chosen = names[position(of: wanted)...].prefix { $0.utf8.starts(with: wanted.utf8) }
        guard let first = chosen.first, let last = chosen.last else { return }
        var next = chosen.startIndex
        var goesOn = true
        // All names between the first and the last begin as both do.
        let shared = String(validating: zip(first.utf8, last.utf8).prefix { $0 == $1 }.map(\.0), as: UTF8.self) ?? wanted
        try base.list(prefix: prefix + shared) { page in
            var found: [StoredObject] = []
            for object in page where object.name.utf8.starts(with: prefix.utf8) {
                let name = String(decoding: object.name.utf8.dropFirst(prefix.utf8.count), as: UTF8.self)
                // What the listing passed over may be there all the same: hidden files are not listed.
                while next < chosen.endIndex, chosen[next].utf8.lexicographicallyPrecedes(name.utf8) {
                    found.append(try looked(up: chosen[next]))
                    next += 1
                }
                guard next < chosen.endIndex else { break }
                guard chosen[next].utf8.elementsEqual(name.utf8) else { continue }
                found.append(StoredObject(name: name, size: object.size, tag: object.tag))
                next += 1
            }
            if !found.isEmpty { goesOn = try receive(found) }
            return goesOn && next < chosen.endIndex
        }
        while goesOn, next < chosen.endIndex {
            goesOn = try receive([try looked(up: chosen[next])])
            next += 1
        }
    }

    private func looked(up name: String) throws -> StoredObject {
        guard let object = try information(about: name) else { throw missing(name) }
        return object
    }

    /// What is known of a named object; nil for any other name.
    public func information(about name: String) throws -> StoredObject? {
        guard contains(name), let object = try base.information(about: prefix + name) else { return nil }
        return StoredObject(name: name, size: object.size, tag: object.tag)
    }

    /// The whole content of a named object.
    public func bytes(of name: String) throws -> [UInt8] { try base.bytes(of: known(name)) }

    /// A part of a named object.
    public func bytes(of name: String, range: Range<Int>) throws -> [UInt8] { try base.bytes(of: known(name), range: range) }

    /// A named object in order.
    public func open(_ name: String) throws -> any ByteStream { try base.open(known(name)) }

    /// Refuses: a manifest file names what others have written.
    public func create(_ name: String) throws -> any ByteSink { throw readOnly(name) }

    /// Refuses, as ``create(_:)`` does.
    public func remove(_ name: String) throws { throw readOnly(name) }

    private func readOnly(_ name: String) -> StorageError {
        StorageError(.denied, at: location(of: name), "what a manifest file names is only read", remedy: "write beside it")
    }

    /// The full name of an object.
    public func location(of name: String) -> String { base.location(of: prefix + name) }
}
