import Storage

/// Pictures copied into a store under names of their own: what the writers of folders share.
struct PictureFiles {
    let store: any ObjectStore
    private let resume: Bool
    private var names = UniqueNames()

    init(_ store: any ObjectStore, resume: Bool) {
        self.store = store
        self.resume = resume
    }

    /// Without `resume`, files that begin with `prefix` are an error: nothing that existed is overwritten.
    func refuseExisting(prefix: String) throws {
        guard !resume else { return }
        var found: String?
        do {
            try store.list(prefix: prefix) { page in
                found = page.first?.name
                return false
            }
        } catch let error as StorageError where error.kind == .missing {
            return
        }
        if let found { throw Self.isThere(found, in: store) }
    }

    /// The error for a file that would be overwritten.
    static func isThere(_ name: String, in store: any ObjectStore) -> DatasetError {
        DatasetError(
            .argument, at: store.place, "'\(name)' is there already",
            remedy: "write to another place, or resume the run that has written it")
    }

    /// A relative path for a picture: its own name made safe, with the extension of its content, and different from all before.
    mutating func uniqueName(for name: String, content: [UInt8], below folder: String = "", byStem: Bool = false) -> String {
        let made = folder + ImageFileName.make(for: name, content: content)
        return names.claim(made, byStem: byStem)
    }

    /// Texts up to this size are compared as a whole with what an earlier run has left: an annotation may have been corrected since.
    private static let comparedSize = 1 << 16

    /// Writes a file, unless an earlier run has: then it has the same name and size, and what is short has the same content.
    func write(_ bytes: [UInt8], to name: String) throws {
        if resume, try store.information(about: name)?.size == bytes.count,
            try bytes.count > Self.comparedSize || store.bytes(of: name) == bytes
        {
            return
        }
        try store.write(bytes, to: name)
    }

    /// Writes a file into a folder that several sets share: one that is there must be the same.
    /// - Throws: ``DatasetError`` for another content under the name; `StorageError`.
    func writeShared(_ bytes: [UInt8], to name: String) throws {
        if let there = try store.information(about: name) {
            guard there.size == bytes.count, try store.bytes(of: name) == bytes else {
                throw DatasetError(
                    .argument, at: store.location(of: name), "it is there already with another content",
                    remedy: "write sets whose pictures have the same names into folders of their own")
            }
            return
        }
        try store.write(bytes, to: name)
    }
}
