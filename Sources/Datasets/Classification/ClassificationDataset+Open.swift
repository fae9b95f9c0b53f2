import Storage

extension ClassificationDataset {
    /// Opens a channel, whatever it holds, told by its content:
    /// - with `list`: the images that an im2rec `.lst` names, below the folder `channel`;
    /// - a `.lst` file: its images lie in the folder of the same name beside it (`train.lst`, `train/`), or else in its own folder;
    /// - a CIFAR `.bin` file, or a folder of them; an IDX image file, or a folder of them, with labels beside;
    /// - a folder with a `.lst` in it; a folder of class folders; a folder that holds `train/` and `validation/` of these.
    ///
    /// Class names are the caller's, else those that the data carry (folder names, `classes.txt`, `batches.meta.txt`), else "0", "1", ….
    ///
    /// - Parameters:
    ///   - channel: file or folder.
    ///   - list: a `.lst` file.
    ///   - split: which half to take where a folder holds both. A folder that holds only one kind of file gives it for either.
    ///   - classNames: the classes in a model's order. Class folders must be among these; other data must not contradict them.
    ///   - classCount: `num_classes`.
    ///   - isPartial: whether `channel` holds a part of the pictures that `list` names, as where machines share them.
    /// - Throws: ``DatasetError`` that names file, line or record, value and remedy.
    public init(
        channel: String, list: String? = nil, split: ClassificationSplit = .training, classNames: [String]? = nil, classCount: Int? = nil,
        isPartial: Bool = false
    ) throws {
        try Self.check(classNames: classNames, classCount: classCount)
        let opener = ChannelOpener(split: split, classNames: classNames, classCount: classCount)
        let content =
            try list.map {
                try ClassificationContent(ListedImages.read($0, root: channel, classCount: opener.labelLimit, isPartial: isPartial))
            }
            ?? opener.open(channel)
        try self.init(content, classNames: classNames, classCount: classCount)
    }

    /// The list that a channel of this machine means, and the folder of its images; nil where the channel is something else.
    static func list(ofChannel path: String, split: ClassificationSplit) throws -> (file: String, root: String)? {
        try ChannelOpener(split: split, classNames: nil, classCount: nil).list(path)
    }

    /// The folders at a path of this machine where they are halves of a data set, `train` and `val`, and no classes; else none.
    static func halves(in path: String) -> [String] {
        guard FileSystem.kind(of: path) == .folder, let entries = try? FileSystem.entries(of: path) else { return [] }
        return ChannelOpener.halves(entries.filter(\.isFolder).map(\.name))
    }

    /// What the caller says about classes, before anything is read.
    static func check(classNames: [String]?, classCount: Int?) throws {
        let possible = 1...(ImageListReader.highestPlausibleLabel + 1)
        if let classCount, !possible.contains(classCount) {
            throw DatasetError(
                .argument, at: "num_classes", "\(classCount) is not in 1…\(possible.upperBound)", remedy: "set it to the number of classes")
        }
        if let classNames, let classCount, classNames.count != classCount {
            throw DatasetError(
                .classes, at: "num_classes", "\(classCount) is not the number of class names, \(classNames.count)",
                remedy: "set num_classes to \(classNames.count)")
        }
    }

    /// A data set from what a reader found, under the names that data, caller and `num_classes` agree on.
    init(_ content: ClassificationContent, classNames: [String]?, classCount: Int?) throws {
        let highest = content.labels.highestClass
        // Placeholder names are made for every class up to the highest.
        if let highest, highest > ImageListReader.highestPlausibleLabel {
            throw DatasetError(
                .label, at: content.source, "label \(highest) is above \(ImageListReader.highestPlausibleLabel)",
                remedy: "number the classes from 0 without gaps")
        }
        let names = try ClassNames.resolve(
            found: content.classNames, given: classNames, classCount: classCount,
            labelCount: content.impliedClassCount ?? max(highest ?? 0, 0) + 1, at: content.source)
        try self.init(
            storage: content.storage, labels: content.labels, classNames: names, source: content.source, warnings: content.warnings)
    }
}

/// Finds out what a channel holds.
private struct ChannelOpener {
    var split: ClassificationSplit
    var classNames: [String]?
    var classCount: Int?

    /// What labels must stay below, where it is known before reading.
    var labelLimit: Int? { classCount ?? classNames?.count }

    func open(_ channel: String) throws -> ClassificationContent {
        switch FileSystem.kind(of: channel) {
        case .file?: try openFile(channel)
        case .folder?: try openFolder(channel)
        case nil: throw DatasetError(.unreadable, at: channel, "there is no such file or folder", remedy: "check the path")
        }
    }

    private func openFile(_ path: String) throws -> ClassificationContent {
        let name = FileSystem.name(of: path)
        if name.hasSuffix(".lst") {
            return try ClassificationContent(ListedImages.read(path, root: root(ofList: path), classCount: labelLimit))
        }
        if name.hasSuffix(".bin") { return try CIFARBinary.read([path]) }
        if IDX.isImageFile(name) { return try IDX.read(path) }
        throw DatasetError(
            .argument, at: path, "it is none of the files that classification reads",
            remedy: "give a folder of class folders, a .lst, a CIFAR .bin or an IDX '…images-idx3-ubyte' file")
    }

    /// The list among what a channel may be, and where its images begin.
    func list(_ channel: String) throws -> (file: String, root: String)? {
        guard FileSystem.kind(of: channel) == .folder else { return channel.hasSuffix(".lst") ? (channel, root(ofList: channel)) : nil }
        let files = try FileSystem.entries(of: channel).filter { !$0.isFolder }.map(\.name)
        let isOther = files.contains {
            CIFARBinary.split(of: $0) != nil || IDX.isImageFile($0) || ChannelFiles.isRecordIO($0) || ChannelFiles.isManifest($0)
        }
        guard !isOther, let file = try list(among: files, in: channel) else { return nil }
        return (file, root(ofList: file))
    }

    private func list(among files: [String], in folder: String) throws -> String? {
        let lists = pick(files.filter { $0.hasSuffix(".lst") }) { Self.split(of: String($0.dropLast(4))) }
        return try lists.first.map { FileSystem.join(folder, try only($0, of: lists, in: folder)) }
    }

    private func root(ofList path: String) -> String {
        let folder = String(path.dropLast(4))
        return FileSystem.kind(of: folder) == .folder ? folder : FileSystem.folder(of: path)
    }

    private func openFolder(_ folder: String) throws -> ClassificationContent {
        let entries = try FileSystem.entries(of: folder)
        let files = entries.filter { !$0.isFolder }.map(\.name)
        let folders = entries.filter(\.isFolder).map(\.name)

        let cifar = pick(files.filter { $0.hasSuffix(".bin") && CIFARBinary.split(of: $0) != nil }) { CIFARBinary.split(of: $0) }
        if let first = cifar.first {
            return try warned(CIFARBinary.read(cifar.map { FileSystem.join(folder, $0) }), half: CIFARBinary.split(of: first))
        }

        let idx = pick(files.filter(IDX.isImageFile)) { IDX.split(of: $0) }
        if let first = idx.first {
            return try warned(IDX.read(FileSystem.join(folder, try only(first, of: idx, in: folder))), half: IDX.split(of: first))
        }

        if let list = try list(among: files, in: folder) { return try openFile(list) }

        if let half = half(folders) {
            var content = try openFolder(FileSystem.join(folder, half))
            if half.lowercased() == "test" {
                content.warnings.append("\(folder): there is no validation folder, so 'test' is taken for one")
            }
            return content
        }
        guard !folders.isEmpty else {
            let images = files.filter(ClassFolders.isImage).count
            guard images == 0 else { throw ClassFolderScan.unlabelled(images, at: folder) }
            throw DatasetError(
                .unreadable, at: folder, "it holds nothing that classification reads",
                remedy: "give a folder of class folders, a .lst, CIFAR .bin files or IDX '…images-idx3-ubyte' files")
        }
        // Placeholder names tell nothing about folders.
        let expected = classNames.flatMap { $0 == ClassNames.placeholders($0.count) && Set($0) != Set(folders) ? nil : $0 }
        return try ClassificationContent(ClassFolders(LocalStore(folder), classNames: expected))
    }

    /// The names of the wanted half where there are two halves, else all of them.
    private func pick(_ names: [String], by half: (String) -> ClassificationSplit?) -> [String] {
        let halves = Set(names.map(half))
        return halves.count > 1 ? names.filter { half($0) == split } : names
    }

    /// Adds a warning where a folder had only the other half to give.
    private func warned(_ content: ClassificationContent, half: ClassificationSplit?) -> ClassificationContent {
        guard let half, half != split else { return content }
        var content = content
        content.warnings.append(
            "\(content.source): by their names these are \(half.rawValue) data, but they are used as \(split.rawValue) data")
        return content
    }

    private func only(_ name: String, of names: [String], in folder: String) throws -> String {
        guard names.count == 1 else {
            throw DatasetError(
                .argument, at: folder, "it holds several datasets (\(ClassNames.listed(names)))", remedy: "name one of these files")
        }
        return name
    }

    /// `train`, `validation` and their usual synonyms.
    private static func split(of name: String) -> ClassificationSplit? {
        switch name.lowercased() {
        case "train", "training": .training
        case "validation", "valid", "val", "test": .validation
        default: nil
        }
    }

    /// The sub-folders, if all of them are halves: taken for classes they would train a detector of halves.
    static func halves(_ folders: [String]) -> [String] {
        let halves = folders.map(split(of:))
        let areHalves = folders.count > 1 && halves.contains(.training) && halves.contains(.validation) && !halves.contains(nil)
        return areHalves ? folders : []
    }

    /// The sub-folder of the wanted half.
    private func half(_ folders: [String]) -> String? {
        let order = ["train", "training", "validation", "valid", "val", "test"]
        return Self.halves(folders).filter { Self.split(of: $0) == split }
            .min { (order.firstIndex(of: $0.lowercased()) ?? 6) < (order.firstIndex(of: $1.lowercased()) ?? 6) }
    }
}
