import Foundation
import Storage

/// Opens any data set that can be read in any order, told by its content.
public struct AnnotatedChannel: Sendable {
    /// A folder, a file or an `s3://` location.
    public var location: String
    /// The task, where the content leaves a choice: RecordIO holds classes or boxes.
    public var task: VisionTask?
    /// The pictures' `.lst`, where one is given.
    public var list: String?
    /// Class names, position = class number.
    public var classNames: [String]?
    /// `train` or `validation`, where one folder holds both.
    public var channel = "train"
    /// Opens buckets.
    public var stores: Stores

    /// A data set at `location`.
    public init(_ location: String, stores: Stores = Stores()) {
        self.location = location
        self.stores = stores
    }

    /// Opens it.
    /// - Throws: ``DatasetError``, `StorageError`.
    public func open() throws -> any AnnotatedImages {
        let place = try Location(location)
        let isOneFile = ChannelFiles.isRecordIO(location) || ChannelFiles.isManifest(location)
        if list == nil, isOneFile {
            let (store, name) = try stores.open(fileAt: place)
            return try open(name, in: store)
        }
        if list == nil, task != .classification, let files = try? ChannelFiles(try stores.open(place)) {
            if let name = files.paths.first(where: { ChannelFiles.isRecordIO($0) || ChannelFiles.isManifest($0) }) {
                return try open(name, in: files.store)
            }
            if task == .segmentation || files.paths.contains(where: { $0.hasPrefix(channel + "_annotation/") && $0.hasSuffix(".png") }) {
                return try MaskImages(files, channel: channel, classNames: classNames)
            }
        }
        var classes = ClassificationChannel(location, stores: stores)
        classes.list = list
        classes.classNames = classNames
        classes.mode = .fastFile
        return try classes.openDataset().annotatedImages
    }

    private func open(_ name: String, in store: any ObjectStore) throws -> any AnnotatedImages {
        guard ChannelFiles.isManifest(name) else {
            let first = try RecordIOImages(store, name: name, task: .classification, readsNames: true, classNames: classNames)
            // A label that is no class number or multi-hot vector is one of detection.
            let looksLikeBoxes = (try? RecordIOImages(store, name: name, task: .detection).annotation(at: 0)) != nil
            let wanted = task ?? (looksLikeBoxes ? .detection : .classification)
            return wanted == .classification
                ? first : try RecordIOImages(store, name: name, task: wanted, readsNames: true, classNames: classNames)
        }
        let stores = stores
        let manifest = try AugmentedManifest.inferred(from: name, in: store, task: task)
        return try ManifestImages(name, in: store, as: manifest) { (try stores.open($0), "") }
    }
}
