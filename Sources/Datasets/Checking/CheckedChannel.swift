import Storage

/// Opens a half of a data set to be checked: as for training, but a list with broken lines is opened all the same, and a record that is
/// broken is left for the check to find.
public struct CheckedChannel: Sendable {
    /// The data set, opened in any other case.
    public var channel: AnnotatedChannel

    /// A half of a data set. Its ``AnnotatedChannel/channel`` says which: `train` or `validation`.
    public init(_ channel: AnnotatedChannel) { self.channel = channel }

    private var split: ClassificationSplit { channel.channel == DataCheck.validation ? .validation : .training }

    /// Opens it.
    ///
    /// `known`: the classes of the training set, in their order.
    /// - Throws: ``DatasetError``, `StorageError`.
    public func open(_ known: DataCheck.KnownClasses) throws -> any AnnotatedImages {
        var channel = channel
        channel.classNames = channel.classNames ?? known.names
        channel.classCount = channel.classCount ?? known.count
        if channel.annotations == nil, channel.task != .detection, let list = try list() {
            return try ListedImages(list.name, in: list.store, images: list.images)
        }
        // Told that it is classification, a channel reads all labels as it opens, and stops at the first broken one.
        if channel.task == .classification, !ChannelFiles.isRecordIO(channel.location), !ChannelFiles.isManifest(channel.location) {
            channel.task = nil
        }
        return try channel.open()
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
