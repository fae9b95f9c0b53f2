import Storage

/// Writes pictures into one folder a class, byte by byte, and `classes.txt`, which keeps the classes' numbers and those without pictures.
///
/// Used by one thread at a time.
public final class ClassFolderWriter: AnnotatedImageWriter {
    private let classNames: [String]?
    private var files: PictureFiles

    /// A writer into a place that holds nothing yet.
    ///
    /// - Parameters:
    ///   - store: the folder that will hold the class folders.
    ///   - classNames: name of each class; nil: folders are called by number, `0000`, so that their order is that of the numbers.
    ///   - resume: goes on where an earlier run of the same data stopped: pictures that are there with the same size are kept.
    /// - Throws: ``DatasetError`` for files that are there already without `resume`, and class names that no folder can have;
    ///   `StorageError`.
    public init(_ store: any ObjectStore, classNames: [String]? = nil, resume: Bool = false) throws {
        files = PictureFiles(store, resume: resume)
        try files.refuseExisting(prefix: "")
        if let classNames {
            try ClassNames.check(classNames, beforeWritingTo: store)
            if let wrong = classNames.first(where: { !Self.isFolderName($0) }) {
                throw DatasetError(
                    .classes, at: store.place, "the class name '\(wrong)' cannot be the name of a folder",
                    remedy: "rename the class, or write a .lst, which takes any name")
            }
        }
        self.classNames = classNames
    }

    /// Copies a picture into the folder of its class.
    /// - Throws: ``DatasetError`` for another annotation than a class number, multi-label included, and one without a name;
    ///   `StorageError`.
    public func write(_ image: AnnotatedImage) throws {
        guard case .label(let label) = image.annotation else {
            throw DatasetError(
                .argument, at: image.place, "it has no class label but \(image.annotation.task.article) annotation",
                remedy: "class folders hold classification data; choose another format")
        }
        guard case .single(let classID) = label else {
            throw DatasetError(
                .label, at: image.place, "it is multi-label, and a picture lies in one class folder only",
                remedy: "write a .lst or RecordIO, which hold several labels")
        }
        let folder = try folder(of: classID, place: image.place)
        let content = try image.payload.encodedBytes()
        // A name from class folders begins with the class already.
        let name = image.name.hasPrefix(folder) ? String(Substring(image.name.utf8.dropFirst(folder.utf8.count))) : image.name
        try files.write(content, to: files.uniqueName(for: name, content: content, below: folder))
    }

    /// Writes `classes.txt`, where classes have names.
    public func finish() throws {
        if let classNames { try ClassNames.write(classNames, to: files.store) }
    }

    private func folder(of classID: Int, place: String) throws -> String {
        guard let classNames else {
            guard (0...ImageListReader.highestPlausibleLabel).contains(classID) else {
                throw DatasetError(
                    .label, at: place, "label \(classID) is not in 0…\(ImageListReader.highestPlausibleLabel)",
                    remedy: "number the classes from 0 without gaps")
            }
            let digits = String(classID)
            return String(repeating: "0", count: max(0, 4 - digits.count)) + digits + "/"
        }
        guard classNames.indices.contains(classID) else {
            throw DatasetError(
                .label, at: place, "label \(classID) is not in 0…\(classNames.count - 1)", remedy: "correct the label, or name the class")
        }
        return classNames[classID] + "/"
    }

    /// Hidden folders are never listed again, nor are those that macOS leaves in archives.
    private static func isFolderName(_ name: String) -> Bool {
        !name.hasPrefix(".") && name != "__MACOSX" && name.utf8.count <= 255
            && !name.utf8.contains { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "\\") || $0 == 0 }
    }
}

extension VisionTask {
    /// For sentences: `a detection`.
    var article: String { "a \(rawValue)" }
}
