import Storage

extension MaskImages {
    /// Pairs the pictures of one channel with the masks of another.
    ///
    /// - Parameters:
    ///   - images: the channel of pictures, such as `train`.
    ///   - masks: the channel of masks, such as `train_annotation`.
    ///   - labelMap: how values of the masks become classes: ``LabelMap/read(from:for:)``.
    ///   - classNames: name of each class; nil: those of a `classes.txt` among the masks or the pictures, where there is one.
    /// - Throws: ``DatasetError`` where no picture has a mask; `StorageError` where `classes.txt` can't be read.
    public init(images: ChannelFiles, masks: ChannelFiles, labelMap: LabelMap = .identity, classNames: [String]? = nil) throws {
        let named = try classNames ?? ClassNames.read(ClassNames.fileName, in: masks) ?? ClassNames.read("classes.txt", in: images)
        try self.init(
            MaskPairs(images: images.paths, masks: masks.paths), images: images.store, masks: masks.store,
            source: "pictures in \(images.place) with masks in \(masks.place)", labelMap: labelMap, classNames: named)
    }

    /// Opens one channel of a folder in SageMaker's layout: `train/` with `train_annotation/`, and `classes.txt` beside them.
    ///
    /// - Parameters:
    ///   - files: everything in the folder that holds the channels.
    ///   - channel: `train` or `validation`.
    ///   - labelMap: how values become classes; nil: that of `label_map/`, where there is one.
    ///   - classNames: name of each class; nil: those of `classes.txt`, where there is one.
    /// - Throws: ``DatasetError`` where no picture has a mask, or the label map is none; `StorageError`.
    public init(_ files: ChannelFiles, channel: String, labelMap: LabelMap? = nil, classNames: [String]? = nil) throws {
        let (imagePrefix, maskPrefix) = (channel + "/", channel + "_annotation/")
        let map = "label_map/\(channel)_label_map.json"
        let found = files.contains(map) ? try LabelMap(json: files.bytes(of: map), place: files.location(of: map)) : .identity
        let pairs = MaskPairs(
            images: files.paths.filter { $0.hasPrefix(imagePrefix) }, masks: files.paths.filter { $0.hasPrefix(maskPrefix) },
            imagePrefix: imagePrefix, maskPrefix: maskPrefix)
        try self.init(
            pairs, images: files.store, masks: files.store, prefix: imagePrefix, source: "masks of \(files.location(of: channel))",
            labelMap: labelMap ?? found, classNames: classNames ?? ClassNames.read(ClassNames.fileName, in: files))
    }

    /// Opens a folder in Pascal VOC's layout: `JPEGImages/`, `SegmentationClass/` and the list `ImageSets/Segmentation/<set>.txt`.
    ///
    /// Masks are palette PNGs whose indices are the classes, 0 = background, 255 = the border. A picture of the list that is not there is
    /// found missing when it is read.
    ///
    /// - Parameters:
    ///   - files: everything in the folder, `VOC2012` in the original.
    ///   - set: the list's name, such as `train`.
    ///   - classNames: name of each class, background included; nil: those of `classes.txt`, where there is one.
    /// - Throws: ``DatasetError`` where there is no such list, or none of its pictures has a mask; `StorageError`.
    public init(pascalVOC files: ChannelFiles, set: String, classNames: [String]? = nil) throws {
        let list = "ImageSets/Segmentation/\(set).txt"
        guard files.contains(list) else {
            let lists = files.paths.filter { $0.hasPrefix("ImageSets/Segmentation/") }
            throw DatasetError(
                .unreadable, at: files.location(of: list), "there is no such list",
                remedy: lists.isEmpty ? "check the path" : "choose one of \(ClassNames.listed(lists.map(FileSystem.name(of:))))")
        }
        guard let text = String(validating: try files.bytes(of: list), as: UTF8.self) else {
            throw DatasetError(.malformed, at: files.location(of: list), "it is not UTF-8 text", remedy: "save it as UTF-8")
        }
        // A second column, where there is one, is a flag of the classification lists.
        let stems = text.split(whereSeparator: \.isNewline).compactMap { $0.split(separator: " ").first }
        let records = stems.map { stem -> MaskPairs.Record in
            let pictures = ["jpg", "jpeg", "png"].map { "JPEGImages/\(stem).\($0)" }
            let mask = "SegmentationClass/\(stem).png"
            return MaskPairs.Record(
                image: pictures.first(where: files.contains) ?? pictures[0], mask: files.contains(mask) ? mask : nil)
        }
        try self.init(
            MaskPairs(listed: records), images: files.store, masks: files.store, prefix: "JPEGImages/",
            source: "VOC masks of \(files.location(of: list))", labelMap: .identity,
            classNames: classNames ?? ClassNames.read(ClassNames.fileName, in: files))
    }
}
