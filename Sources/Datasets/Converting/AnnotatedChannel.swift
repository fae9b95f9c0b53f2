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
    /// Where masks or boxes are, if not in ``location``: a folder of PNG, JSON, XML or text files, or a COCO file.
    public var annotations: String?
    /// Where the label map of masks is: a folder with `train_label_map.json` or `validation_label_map.json`.
    public var labelMap: String?
    /// Class names, position = class number.
    public var classNames: [String]?
    /// Number of classes, where it is known: class ids of a manifest can't be told from it alone.
    public var classCount: Int?
    /// `AttributeNames` of an augmented manifest; nil: told by its first line.
    public var attributeNames: [String]?
    /// How a manifest's multi-label classification is written.
    public var labelFormat = AugmentedManifest.LabelFormat.multiHot
    /// `train` or `validation`, where one folder holds both.
    public var channel = "train"
    /// Names at the top of ``location`` that are no part of the data set, such as `train_annotation` in `train`: a prefix of a bucket that is
    /// no whole folder's name brings neighbours in.
    public var ignored: [String] = []
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
        if let annotations { return try open(place, annotations: Location(annotations)) }
        if task == .detection, let list = list ?? (location.hasSuffix(".lst") ? location : nil) {
            return try openBoxes(in: Location(list), images: list == location ? nil : place)
        }
        if list == nil, let store = try ManifestFileStore.at(place, stores) {
            let files = try ChannelFiles(store, ignoring: ignored)
            return try checked(
                try open(files) ?? ClassificationChannel.images(in: files, split, classNames: classNames, classCount: classCount))
        }
        if list == nil, let images = try openFile(place) { return try checked(images) }
        if list == nil, task != .classification, let files = try files(at: place), let images = try open(files) {
            return try checked(images)
        }
        if task == .detection {
            throw DatasetError(
                .unreadable, at: location,
                "it holds no boxes: neither JSON files in '\(channel)_annotation', COCO, Pascal VOC or YOLO files, nor RecordIO, a list or a manifest",
                remedy: "check the path, or name the folder of the annotations")
        }
        var classes = ClassificationChannel(location, stores: stores)
        classes.list = list
        classes.classNames = classNames
        classes.mode = .fastFile
        try classes.select(channel)
        return try checked(classes.openDataset().annotatedImages)
    }

    /// What a folder or a bucket's prefix holds; nil for a file.
    private func files(at place: Location) throws -> ChannelFiles? {
        if case .file(let path) = place, FileSystem.kind(of: path) != .folder {
            guard FileSystem.kind(of: path) == nil else { return nil }
            throw DatasetError(.unreadable, at: path, "there is no such file or folder", remedy: "check the path")
        }
        do {
            return try ChannelFiles(try stores.open(place), ignoring: ignored)
        } catch let error as DatasetError {
            // An object is no prefix of others.
            guard case .s3 = place else { throw error }
            return nil
        }
    }

    private var split: ClassificationSplit { channel == "validation" ? .validation : .training }

    private func checked(_ images: any AnnotatedImages) throws -> any AnnotatedImages {
        guard let task, images.task != task else { return images }
        throw DatasetError(
            .argument, at: images.source, "it is for \(images.task.rawValue), not \(task.rawValue)", remedy: "give the task that it is for")
    }

    // MARK: One file

    /// A list of boxes. `images`: the channel of its pictures; nil: the folder of the list's name beside it, or else its own.
    private func openBoxes(in list: Location, images: Location?) throws -> any AnnotatedImages {
        let (store, name) = try stores.open(fileAt: list)
        let folder = FileSystem.folder(of: "\(list)")
        let beside = ImageFileName.stem(of: "\(list)")
        // A folder that is not there can't be listed.
        let isBeside = images == nil && (try? stores.open(Location(beside)).list())?.isEmpty == false
        return try BoxList(
            name, in: store, images: stores.open(images ?? Location(isBeside ? beside : folder)), classNames: classNames)
    }

    private func openFile(_ place: Location) throws -> (any AnnotatedImages)? {
        let name = FileSystem.name(of: location)
        if ChannelFiles.isRecordIO(name) || ChannelFiles.isManifest(name) {
            let (store, name) = try stores.open(fileAt: place)
            return try open(name, in: store)
        }
        if name.hasSuffix(".json") {
            let (store, path) = try aboveAnnotations(place)
            return try coco(path, in: store)
        }
        if name.hasSuffix(".yaml") || name.hasSuffix(".yml") {
            let (store, name) = try stores.open(fileAt: place)
            return try yolo(ChannelFiles(store), description: name)
        }
        return nil
    }

    /// Masks of a COCO file's outlines where segmentation is asked for, else its boxes.
    private func coco(_ name: String, in store: any ObjectStore, images: (any ObjectStore)? = nil) throws -> any AnnotatedImages {
        task == .segmentation
            ? try COCOMasks(name, in: store, images: images, classNames: classNames)
            : try COCOImages(name, in: store, images: images, classNames: classNames)
    }

    /// The same of YOLO's texts.
    private func yolo(_ files: ChannelFiles, description: String? = nil) throws -> any AnnotatedImages {
        task == .segmentation
            ? try YOLOMasks(files, set: channel, description: description, classNames: classNames)
            : try YOLOImages(files, set: channel, description: description, classNames: classNames)
    }

    /// The store that holds a COCO file and most likely its pictures: the folder above `annotations/`.
    private func aboveAnnotations(_ place: Location) throws -> (store: any ObjectStore, path: String) {
        let (own, name) = try stores.open(fileAt: place)
        let folder = FileSystem.folder(of: location)
        guard FileSystem.name(of: folder) == "annotations" else { return (own, name) }
        return (try stores.open(Location(FileSystem.folder(of: folder))), "annotations/\(name)")
    }

    private func open(_ name: String, in store: any ObjectStore) throws -> any AnnotatedImages {
        guard ChannelFiles.isManifest(name) else {
            func images(for task: VisionTask) throws -> RecordIOImages {
                try RecordIOImages(store, name: name, task: task, readsNames: true, classNames: classNames)
            }
            if let task { return try images(for: task) }
            // A label that is no class number or multi-hot vector is one of detection.
            let boxes = try images(for: .detection)
            return (try? boxes.annotation(at: 0)) == nil ? try images(for: .classification) : boxes
        }
        let stores = stores
        // Any other label that is too high is for who reads it to judge.
        let count = labelFormat == .classID ? classCount : nil
        let manifest: AugmentedManifest
        if let attributeNames {
            manifest = try AugmentedManifest(
                task: task ?? .classification, attributeNames: attributeNames, labelFormat: labelFormat, classCount: count)
        } else {
            manifest = try .inferred(from: name, in: store, task: task, labelFormat: labelFormat, classCount: count)
        }
        // Detection numbers its classes as the caller does, whatever names one part of a data set carries.
        let readsClassNames = task != .detection || classNames == nil
        return try ManifestImages(name, in: store, as: manifest, readsClassNames: readsClassNames) { (try stores.open($0), "") }
    }

    // MARK: A folder

    /// Masks, boxes, RecordIO or a manifest in a folder; nil: none of these.
    private func open(_ files: ChannelFiles) throws -> (any AnnotatedImages)? {
        let own = ChannelName(channel)
        let parts = try own.records(among: files.paths, at: files.place)
        if parts.count > 1 {
            return try RecordIOParts(
                parts, in: files.store, task: task ?? open(parts[0], in: files.store).task, classNames: classNames)
        }
        if let name = try parts.first ?? own.only(of: files.paths.filter(ChannelFiles.isManifest), at: files.place) {
            return try open(name, in: files.store)
        }
        let suffix = "_annotation"
        let folders = Set(files.paths.map { $0.prefix { $0 != "/" } })
        let annotated = folders.filter { $0.hasSuffix(suffix) }.map { String($0.dropLast(suffix.count)) }
        guard annotated.isEmpty || annotated.contains(channel) else {
            throw DatasetError(
                .argument, at: files.place, "it has no channel '\(channel)', only \(ClassNames.listed(annotated.sorted()))",
                remedy: "name one of these")
        }
        func holds(_ folder: String, _ suffix: String) -> Bool {
            files.paths.contains { $0.hasPrefix(folder) && $0.lowercased().hasSuffix(suffix) }
        }
        let annotationFolder = channel + "_annotation/"
        if task != .detection, holds(annotationFolder, ".png") {
            return try MaskImages(files, channel: channel, classNames: classNames)
        }
        if task == .segmentation {
            if holds("ImageSets/Segmentation/", ".txt") {
                return try MaskImages(pascalVOC: files, set: channel == "validation" ? "val" : channel, classNames: classNames)
            }
            if let name = cocoFile(in: files) { return try coco(name, in: files.store) }
            if YOLOImages.description(in: files) != nil || holds("labels/", ".txt") { return try yolo(files) }
            return try MaskImages(files, channel: channel, classNames: classNames)
        }
        if holds(annotationFolder, ".json") { return try BoxFiles(files, channel: channel, classNames: classNames) }
        if let name = cocoFile(in: files) { return try coco(name, in: files.store) }
        if holds("Annotations/", ".xml") {
            let sets = [channel, channel == "validation" ? "val" : channel]
            let hasLists = holds("ImageSets/Main/", ".txt")
            let set = sets.first { files.contains("ImageSets/Main/\($0).txt") } ?? channel
            return try PascalVOCImages(files, set: hasLists ? set : nil, classNames: classNames)
        }
        if holds("", ".xml") { return try PascalVOCImages(images: files, annotations: files, classNames: classNames) }
        if YOLOImages.description(in: files) != nil || holds("labels/", ".txt") || task == .detection && holds("", ".txt") {
            return try yolo(files)
        }
        if task == .detection {
            let lists = files.paths.filter { $0.hasSuffix(".lst") && !$0.contains("/") }
            if let name = try own.only(of: lists, at: files.place) {
                return try openBoxes(in: Location(location).appending(name), images: nil)
            }
        }
        return nil
    }

    /// The file with the boxes of the channel, where a folder holds COCO files.
    private func cocoFile(in files: ChannelFiles) -> String? {
        let found = files.paths.filter { path in
            guard path.hasSuffix(".json"), path.split(separator: "/").count <= 2, !path.contains("label_map") else { return false }
            // Keypoints and captions lie beside instances.
            let name = FileSystem.name(of: path)
            return !["person_keypoints", "captions", "stuff_", "panoptic_", "image_info"].contains(where: name.hasPrefix)
        }
        let candidates = found.count == 1 ? found : ChannelName(channel).files(among: found)
        return candidates.first { name in
            guard let size = try? files.store.information(about: name)?.size,
                let beginning = try? files.store.bytes(of: name, range: 0..<min(size, 4096))
            else { return false }
            return COCODocument.recognises(beginning)
        }
    }

    // MARK: Annotations of their own

    /// Pictures in one place, annotations in another: SageMaker's channels `train` and `train_annotation`.
    private func open(_ place: Location, annotations: Location) throws -> any AnnotatedImages {
        // What lies there, or what a manifest file names.
        func open(_ location: Location) throws -> any ObjectStore {
            try ManifestFileStore.at(location, stores) ?? stores.open(location)
        }
        let store = try open(annotations)
        if "\(annotations)".hasSuffix(".json"), !(store is ManifestFileStore) {
            let (store, name) = try stores.open(fileAt: annotations)
            return try checked(coco(name, in: store, images: open(place)))
        }
        let files = try ChannelFiles(store)
        let images = try ChannelFiles(open(place), ignoring: ignored)
        // Tools leave files of their own beside annotations.
        func count(_ suffix: String) -> Int { files.paths.count { $0.lowercased().hasSuffix(suffix) } }
        let masks = count(".png")
        func holds(_ suffix: String) -> Bool {
            task == .detection ? count(suffix) > 0 : task == nil && count(suffix) > masks
        }
        // A folder with a JSON for each picture has many.
        if masks == 0, count(".json") <= 4, let name = cocoFile(in: files) {
            return try checked(coco(name, in: files.store, images: images.store))
        }
        if holds(".json") { return try checked(BoxFiles(images: images, annotations: files, classNames: classNames)) }
        if holds(".xml") { return try checked(PascalVOCImages(images: images, annotations: files, classNames: classNames)) }
        guard masks > 0, task != .detection else {
            throw DatasetError(
                .unreadable, at: files.place,
                task == .segmentation
                    ? "it holds neither masks (PNG) nor a COCO file" : "it holds neither masks (PNG) nor boxes (JSON, XML)",
                remedy: "name the folder of the annotations")
        }
        let map = try labelMap.map {
            try LabelMap.read(from: stores.open(Location($0)), for: split)
        }
        return try checked(MaskImages(images: images, masks: files, labelMap: map ?? .identity, classNames: classNames))
    }
}
