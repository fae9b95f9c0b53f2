import Foundation
import Storage

/// A file, or a folder of files, of this machine.
struct LocalChannel {
    let store: LocalStore
    /// What the folder holds, hidden files left out, or the file's name.
    let names: [String]

    init(_ path: String) throws {
        if FileSystem.kind(of: path) == .folder {
            store = LocalStore(path)
            // Deep folders are class folders: what is looked for lies at the top.
            names = (try? FileManager.default.contentsOfDirectory(atPath: path).filter { !$0.hasPrefix(".") }.sorted()) ?? []
        } else {
            let folder = (path as NSString).deletingLastPathComponent
            store = LocalStore(folder.isEmpty ? "." : folder)
            names = [(path as NSString).lastPathComponent]
        }
    }

    /// The one file that `fits`, as ``ChannelName/only(of:at:)``.
    func only(_ fits: (String) -> Bool, split: ClassificationSplit) throws -> String? {
        try ChannelName(split).only(of: names.filter(fits), at: store.place)
    }
}

extension ImagePayload {
    /// The name below a store's place of a picture that lies there; nil for any other.
    func location(below place: any ObjectStore) -> String? {
        guard case .stored(let store, let name) = self else { return nil }
        let location = store.location(of: name)
        return location.hasPrefix(place.place) ? String(location.dropFirst(place.place.count)) : nil
    }
}

extension ChannelFiles {
    /// Whether a name is that of a RecordIO file.
    static func isRecordIO(_ name: String) -> Bool { hasSuffix(name, [".rec", ".recordio"]) }
    /// Whether a name is that of an augmented manifest.
    static func isManifest(_ name: String) -> Bool { hasSuffix(name, [".manifest", ".jsonl", ".lines"]) }

    private static func hasSuffix(_ name: String, _ suffixes: [String]) -> Bool {
        let name = name.lowercased()
        return suffixes.contains { name.hasSuffix($0) }
    }
}
