/// Pictures with masks that come in order, once an epoch.
public struct SegmentationStream: TargetedStream {
    /// Where the records come from.
    public let content: StreamContent
    /// How values of masks become classes.
    public let labelMap: LabelMap

    /// A stream of masks.
    public init(_ content: StreamContent, labelMap: LabelMap = .identity) {
        self.content = content
        self.labelMap = labelMap
    }

    /// A record of the stream as segmentation wants it; its mask is judged where it is decoded.
    /// - Throws: ``DatasetError`` for another annotation.
    public func record(_ image: AnnotatedImage) throws -> SegmentationRecord {
        try SegmentationRecord(image, labelMap: labelMap, classCount: classNames.count)
    }
}

/// Where pictures with masks come from: storage that is read in any order, or a stream.
public typealias SegmentationSource = ImageSource<SegmentationDataset, SegmentationStream>
