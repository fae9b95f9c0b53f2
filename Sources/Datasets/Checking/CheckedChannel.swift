import Storage

/// Opens a half of a data set to be checked: as for training, but a list with broken lines is opened all the same, and a record that is
/// broken is left for the check to find.
public struct CheckedChannel: Sendable {
    /// The data set, opened in any other case.
    public var channel: AnnotatedChannel
    /// `AttributeNames` of an augmented manifest; nil: told by its first line.
    public var attributeNames: [String]?
    /// How a manifest's multi-label classification is written.
    public var labelFormat = AugmentedManifest.LabelFormat.multiHot

    /// A half of a data set. Its ``AnnotatedChannel/channel`` says which: `train` or `validation`.
    public init(_ channel: AnnotatedChannel) { self.channel = channel }

    private var split: ClassificationSplit { channel.channel == DataCheck.validation ? .validation : .training }

    /// Opens it.
    ///
    /// `classNames`: of the training set, in their order.
    /// - Throws: ``DatasetError``, `StorageError`.
    public func open(classNames: [String]?) throws -> any AnnotatedImages {
        var channel = channel
        channel.classNames = channel.classNames ?? classNames
        if channel.annotations == nil, let list = try list() {
            return try ListedImages(list.name, in: list.store, images: list.images)
        }
        if ChannelFiles.isManifest(channel.location), attributeNames != nil || labelFormat != .multiHot { return try manifest() }
        // Told that it is classification, a channel reads all labels as it opens, and stops at the first broken one.
        if channel.task == .classification, !ChannelFiles.isRecordIO(channel.location), !ChannelFiles.isManifest(channel.location) {
            channel.task = nil
        }
        let images = try channel.open()
        guard images is LabelledImages, split == .validation else { return images }
        // The channel takes the training half of a folder that holds both.
        var validation = ClassificationChannel(channel.location, stores: channel.stores)
        validation.classNames = channel.classNames
        validation.mode = .fastFile
        validation.split = split
        return try validation.openDataset().annotatedImages
    }

    /// A manifest of which more is known than its first line tells.
    private func manifest() throws -> any AnnotatedImages {
        let stores = channel.stores
        let (store, name) = try stores.open(fileAt: Location(channel.location))
        let manifest =
            try attributeNames.map {
                try AugmentedManifest(task: channel.task ?? .classification, attributeNames: $0, labelFormat: labelFormat)
            } ?? .inferred(from: name, in: store, task: channel.task, labelFormat: labelFormat)
        return try ManifestImages(name, in: store, as: manifest) { (try stores.open($0), "") }
    }

    /// The list that is given or that the location means, and where its pictures are.
    private func list() throws -> (store: any ObjectStore, name: String, images: any ObjectStore)? {
        let location = try Location(channel.location)
        if let list = channel.list {
            if case .file(let path) = location, FileSystem.kind(of: path) != .folder {
                throw DatasetError(
                    .unreadable, at: path, "the folder of the images of '\(list)' does not exist", remedy: "check the path")
            }
            let (store, name) = try channel.stores.open(fileAt: Location(list))
            return (store, name, try channel.stores.open(location))
        }
        guard case .file(let path) = location, let found = try ClassificationDataset.list(ofChannel: path, split: split) else { return nil }
        let (store, name) = try channel.stores.open(fileAt: .file(found.file))
        return (store, name, LocalStore(found.root))
    }
}
