import Storage

/// One host's share of a channel's objects, where hosts share whole objects.
///
/// Objects are the channel's RecordIO files, or else its files of images. What lies beside them and tells about all of them — a `.lst`, an
/// `.idx`, a `classes.txt` — is every host's, and so are class names: hosts whose networks differ could not train together.
struct ObjectShare: Sendable {
    let shard: RecordShard
    /// What messages call the channel.
    let place: String

    /// `2-of-4`.
    var name: String { "\(shard.host)-of-\(shard.hostCount)" }

    /// This host's of all names, in the order of their UTF-8 bytes.
    /// - Throws: ``DatasetError`` where there are fewer objects than it would take for this host to have one.
    func names(of all: [String]) throws -> [String] {
        let own = shard.names(of: all.sorted(by: FileSystem.utf8Order))
        guard own.isEmpty else { return own }
        throw DatasetError(
            .argument, at: place,
            "host \(shard.host) of \(shard.hostCount) has none of its \(all.count) object\(all.count == 1 ? "" : "s") "
                + "(\(ClassNames.listed(all)))",
            remedy: "share by record, or among \(all.count) host\(all.count == 1 ? "" : "s")")
    }

    /// Opens this host's of a channel's RecordIO files.
    ///
    /// - Parameters:
    ///   - own: this host's files.
    ///   - count: files of all hosts.
    ///   - store: where this host's files are.
    ///   - classNames: the caller's names.
    ///   - classCount: `num_classes`.
    /// - Throws: ``DatasetError`` also where nobody says how many classes there are: each host would count those of its own files.
    func records(
        _ own: [String], of count: Int, in store: any ObjectStore, classNames: [String]?, classCount: Int?
    ) throws -> ClassificationDataset {
        let images = try RecordIOParts(own, in: store, classNames: classNames)
        guard own.count == count || classCount != nil || images.classNames != nil else {
            throw DatasetError(
                .argument, at: "num_classes",
                "it is not given, and can't be counted: host \(shard.host) of \(shard.hostCount) has \(own.count) of the \(count) files of \(place)",
                remedy: "set num_classes, or give class names")
        }
        return try ClassificationDataset(images, classNames: classNames, classCount: classCount)
    }

    /// The records whose image files are this host's.
    ///
    /// A list may name images of which other hosts have the files: their lines are passed over.
    /// - Parameters:
    ///   - dataset: the whole data set.
    ///   - objects: full names of all image files of the channel, whether the data set names them or not: who shares them out does not ask.
    /// - Throws: ``DatasetError`` for data that are no files of images, and a share without records.
    func records(of dataset: ClassificationDataset, among objects: [String]) throws -> ClassificationDataset {
        let names = try (0..<dataset.count).map { index in
            switch try dataset.record(at: index).payload {
            case .file(let path): return path
            case .stored(let store, let name): return store.location(of: name)
            case .encoded, .pixels:
                throw DatasetError(
                    .argument, at: place, "\(dataset.source) is no set of objects that hosts could share",
                    remedy: "share by record, or convert it to RecordIO files or to images")
            }
        }
        let own = try Set(self.names(of: Array(Set(objects).union(names))))
        let indices = names.indices.filter { own.contains(names[$0]) }
        guard !indices.isEmpty else {
            throw DatasetError(
                .argument, at: place,
                "of its \(dataset.count) records none belongs to the objects of host \(shard.host) of \(shard.hostCount)",
                remedy: "share by record, or among fewer hosts")
        }
        return try dataset.subset(indices, called: "objects of host \(shard.host) of \(shard.hostCount)")
    }
}
