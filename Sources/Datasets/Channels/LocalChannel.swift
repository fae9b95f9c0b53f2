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

    /// The one file that `fits`; where there are several, the one whose name is that of the wanted half. nil: there is none.
    func only(_ fits: (String) -> Bool, split: ClassificationSplit) throws -> String? {
        let fitting = names.filter(fits)
        guard fitting.count > 1 else { return fitting.first }
        if let name = fitting.first(where: split.isName(of:)) { return name }
        throw DatasetError(
            .argument, at: store.place, "it holds several data sets (\(ClassNames.listed(fitting)))", remedy: "name one of these files")
    }
}

/// The RecordIO files of a channel that make one data set.
enum RecordIOFiles {
    /// Of several files the one that is named for the wanted half; where none is named for a half, all of them: parts of one data set.
    /// - Throws: ``DatasetError`` where the other half alone is named.
    static func chosen(among names: [String], split: ClassificationSplit, place: String) throws -> [String] {
        let files = names.filter(ChannelFiles.isRecordIO).sorted(by: FileSystem.utf8Order)
        guard files.count > 1 else { return files }
        if let name = files.first(where: split.isName(of:)) { return [name] }
        let other: ClassificationSplit = split == .training ? .validation : .training
        guard !files.contains(where: other.isName(of:)) else {
            throw DatasetError(
                .argument, at: place, "it holds several data sets (\(ClassNames.listed(files)))", remedy: "name one of these files")
        }
        return files
    }
}

extension ClassificationSplit {
    /// Whether a file is named for this half.
    func isName(of file: String) -> Bool {
        let names = self == .training ? ["train", "training"] : ["validation", "valid", "val", "test"]
        return names.contains(ImageFileName.stem(of: FileSystem.name(of: file)).lowercased())
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
