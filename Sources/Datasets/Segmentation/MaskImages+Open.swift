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
        let named = try ClassNames.chosen(
            given: classNames, own: ClassNames.read(ClassNames.fileName, in: masks) ?? ClassNames.read(ClassNames.fileName, in: images),
            at: masks.place)
        try self.init(
            AnnotationPairs(.mask, images: images.paths, annotations: masks.paths), images: images.store, masks: masks.store,
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
        let pairs = AnnotationPairs(
            .mask, images: files.paths.filter { $0.hasPrefix(imagePrefix) }, annotations: files.paths.filter { $0.hasPrefix(maskPrefix) },
            imagePrefix: imagePrefix, annotationPrefix: maskPrefix)
        try self.init(
            pairs, images: files.store, masks: files.store, prefix: imagePrefix, source: "masks of \(files.location(of: channel))",
            labelMap: labelMap ?? found,
            classNames: ClassNames.chosen(given: classNames, own: ClassNames.read(ClassNames.fileName, in: files), at: files.place))
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
        let stems = try PascalVOCList.stems(list, in: files) { files.contains("SegmentationClass/\($0).png") }
        let records = stems.map { stem -> AnnotationPairs.Record in
            let mask = "SegmentationClass/\(stem).png"
            return AnnotationPairs.Record(
                image: PascalVOCList.picture(stem, in: files), annotation: files.contains(mask) ? mask : nil)
        }
        try self.init(
            AnnotationPairs(.mask, listed: records), images: files.store, masks: files.store, prefix: PascalVOCList.pictureFolder,
            source: "VOC masks of \(files.location(of: list))", labelMap: .identity,
            classNames: ClassNames.chosen(given: classNames, own: ClassNames.read(ClassNames.fileName, in: files), at: files.place))
    }
}
