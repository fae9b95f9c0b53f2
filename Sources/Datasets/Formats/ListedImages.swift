import Foundation
import Storage

/// The pictures that an im2rec `.lst` names, below an image channel: a folder of this machine or a prefix of a bucket.
///
/// Opening reads the list and no picture. A broken line is an error of its record, and so is a picture that is not there.
/// Source: spec data-formats.md, "Classification, image files".
public struct ListedImages: AnnotatedImages {
    /// Classification.
    public let task = VisionTask.classification
    /// From the `classes.txt` beside the list.
    public let classNames: [String]?
    /// The list and the channel.
    public let source: String
    /// Class numbers that no line has, and how many lines are broken.
    public let warnings: [String]

    private let file: String
    private var lines: [ImageList.Line]
    private let faults: [Int: DatasetError]
    private let pictures: ListedPictures

    /// Number of lines that are not blank.
    public var count: Int { lines.count }

    /// Reads a list.
    ///
    /// - Parameters:
    ///   - name: the list's name in `lists`.
    ///   - lists: the channel `train_lst`, or wherever the list lies; a `classes.txt` beside it names the classes.
    ///   - images: the channel of the pictures.
    ///   - listing: what `images` holds, where it has been listed already.
    ///   - classCount: `num_classes` if it is known: labels must be below it, multi-hot lines as wide as it.
    /// - Throws: ``DatasetError`` for a list without a readable line; `StorageError` where list or channel can't be read.
    public init(
        _ name: String, in lists: any ObjectStore, images: any ObjectStore, listing: ChannelFiles? = nil, classCount: Int? = nil
    ) throws {
        let folder = name.lastIndex(of: "/").map { String(name[...$0]) } ?? ""
        try self.init(
            lists.bytes(of: name), file: lists.location(of: name), pictures: ListedPictures(images, listing: listing),
            classCount: classCount,
            classNames: ClassNames.read(folder + ClassNames.fileName, in: lists))
    }

    private init(
        _ bytes: [UInt8], file: String, pictures: ListedPictures, classCount: Int?, classNames: [String]?
    ) throws {
        var reader = ImageListReader(file: file, classCount: classCount)
        try reader.read(bytes, stopsAtFault: false)
        self.file = file
        self.pictures = pictures
        self.classNames = classNames
        lines = reader.lines
        faults = reader.faults
        source = "\(file) with images in \(pictures.place)"
        let broken = faults.isEmpty ? [] : ["\(file): \(faults.count) of \(lines.count) lines are broken"]
        warnings = broken + Self.gaps(in: lines, without: reader.faults, file: file)
    }

    /// Reads a list of this machine for training: every line must be right, and every picture there.
    /// `isPartial`: of a machine that got a part of the pictures; lines of others are passed over.
    static func read(_ file: String, root: String, classCount: Int?, isPartial: Bool = false) throws -> ListedImages {
        guard FileSystem.kind(of: root) == .folder else {
            throw DatasetError(.unreadable, at: root, "the folder of the images of '\(file)' does not exist", remedy: "check the path")
        }
        var images = try ListedImages(
            FileSystem.bytes(of: file), file: file, pictures: ListedPictures(LocalStore(root)), classCount: classCount,
            classNames: ClassNames.beside(FileSystem.folder(of: file)))
        if isPartial, images.faults.isEmpty, case let held = images.lines.filter({ images.pictures.holds($0.path) }), !held.isEmpty {
            images.lines = held
        }
        try images.requireAll()
        return images
    }

    /// Stops at the first broken line, else at the first picture that is not there.
    /// - Throws: ``DatasetError``.
    func requireAll() throws {
        if let first = faults.keys.min(), let fault = faults[first] { throw fault }
        let missing = lines.filter { !pictures.holds($0.path) }
        if let first = missing.first {
            throw pictures.absent(first.path, at: place(of: first), "(\(missing.count) of \(lines.count) images are missing)")
        }
    }

    /// Picture `index`, not read, and its label; its place is the line.
    public func record(at index: Int) throws -> AnnotatedImage {
        let annotation = try annotation(at: index)
        let line = lines[index]
        let (name, payload) = try pictures.picture(line.path, at: place(of: line))
        return AnnotatedImage(name: name, payload: payload, annotation: annotation, place: place(of: line))
    }

    private func place(of line: ImageList.Line) -> String { "\(file):\(line.number)" }

    /// Label `index`; whether there is a picture is not asked.
    public func annotation(at index: Int) throws -> Annotation {
        try check(index)
        if let fault = faults[index] { throw fault }
        return .label(lines[index].label)
    }

    /// Classes below the highest label that no line has.
    private static func gaps(in lines: [ImageList.Line], without faults: [Int: DatasetError], file: String) -> [String] {
        var used: Set<Int> = []
        for (index, line) in lines.enumerated() where faults[index] == nil {
            if case .single(let label) = line.label { used.insert(label) }
        }
        guard let highest = used.max() else { return [] }
        let count = highest + 1 - used.count
        guard count > 0 else { return [] }
        // The first few by their numbers, and no list of what may be a million.
        let first = (0..<highest).lazy.filter { !used.contains($0) }.prefix(10).map(String.init).joined(separator: ", ")
        let listed = first + (count > 10 ? ", … (\(count) in all)" : "")
        return ["\(file): labels should have no gaps, but no line has label \(listed)"]
    }
}
