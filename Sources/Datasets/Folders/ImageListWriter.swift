import Storage

/// Writes a `.lst` with its pictures in the folder of the same name, byte by byte, and `classes.txt` beside: `train.lst`, `train/`.
///
/// Lines are written as they come; the list gets its name in ``finish()``. Used by one thread at a time.
/// Source: spec data-formats.md, "Classification, image files".
public final class ImageListWriter: AnnotatedImageWriter {
    private let name: String
    private let classNames: [String]?
    private var files: PictureFiles
    private let list: any ByteSink
    private var count = 0
    /// Label columns of the first line.
    private var width: Int?

    /// A writer of a list that does not exist yet.
    ///
    /// - Parameters:
    ///   - store: where the list and the folder of pictures go.
    ///   - name: the list's name without `.lst`, and the folder's.
    ///   - classNames: what goes into `classes.txt`; nil: no such file.
    ///   - resume: goes on where an earlier run of the same data stopped: pictures that are there with the same size are kept, the list is
    ///     written anew.
    /// - Throws: ``DatasetError`` for files that are there already without `resume`, and class names that `classes.txt` can't hold;
    ///   `StorageError`.
    public init(_ store: any ObjectStore, name: String = "train", classNames: [String]? = nil, resume: Bool = false) throws {
        files = PictureFiles(store, resume: resume)
        try files.refuseExisting(prefix: name + "/")
        try files.refuseExisting(prefix: name + ".lst")
        if let classNames { try ClassNames.check(classNames, beforeWritingTo: store) }
        self.name = name
        self.classNames = classNames
        list = try store.create(name + ".lst")
    }

    /// Copies a picture and adds its line.
    /// - Throws: ``DatasetError`` for another annotation than a label, a label out of range, and a number of label columns that differs from
    ///   the first line's; `StorageError`.
    public func write(_ image: AnnotatedImage) throws {
        guard case .label(let label) = image.annotation else {
            throw DatasetError(
                .argument, at: image.place, "it has no class label but \(image.annotation.task.article) annotation",
                remedy: "an image list is written from classification data; choose another format")
        }
        try check(label, at: image.place)
        let content = try image.payload.encodedBytes()
        let path = files.uniqueName(for: image.name, content: content)
        try files.write(content, to: name + "/" + path)
        try list.write(Array((ImageList.text(of: ImageList.Line(index: count, label: label, path: path)) + "\n").utf8))
        count += 1
    }

    /// Gives the list its name and writes `classes.txt`.
    /// - Throws: ``DatasetError`` where nothing was written; `StorageError`.
    public func finish() throws {
        guard count > 0 else {
            throw DatasetError(.argument, at: files.store.place, "no picture was written", remedy: "check the data set that is converted")
        }
        try list.commit()
        if let classNames { try ClassNames.write(classNames, to: files.store) }
    }

    private func check(_ label: ClassificationLabel, at place: String) throws {
        let columns: Int
        switch label {
        case .single(let classID):
            let limit = classNames?.count ?? ImageListReader.highestPlausibleLabel + 1
            guard classID >= 0, classID < limit else {
                throw DatasetError(
                    .label, at: place, "label \(classID) is not in 0…\(limit - 1)", remedy: "correct the label, or name the class")
            }
            columns = 1
        case .multi(let values):
            // One column would be read as a class number.
            guard values.count > 1, values.count == classNames?.count ?? values.count else {
                throw DatasetError(
                    .label, at: place, "\(values.count) multi-hot values for \(classNames?.count ?? 2) classes",
                    remedy: "give one value for each class, two or more")
            }
            guard values.allSatisfy({ $0 == 0 || $0 == 1 }) else {
                throw DatasetError(.label, at: place, "a multi-hot value is neither 0 nor 1", remedy: "correct the label")
            }
            columns = values.count
        }
        guard columns == width ?? columns else {
            throw DatasetError(
                .label, at: place, "\(columns) label columns where the first picture has \(width ?? 0)",
                remedy: "label all pictures in one way")
        }
        width = columns
    }
}
