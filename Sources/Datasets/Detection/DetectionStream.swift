/// Pictures with boxes that come in order, once an epoch.
public struct DetectionStream: TargetedStream {
    /// Where the records come from.
    public let content: StreamContent
    /// `label_width`: no record may have more objects than it has room for; nil: as many as there are.
    public let labelWidth: Int?

    /// A stream of boxes.
    public init(_ content: StreamContent, labelWidth: Int? = nil) {
        self.content = content
        self.labelWidth = labelWidth
    }

    /// A record of the stream as detection wants it.
    /// - Throws: ``DatasetError`` for another annotation, a class out of range, an edge that is not finite, and too many objects.
    public func record(_ image: AnnotatedImage) throws -> DetectionRecord {
        guard case .boxes(let boxes) = image.annotation else {
            throw DatasetError(
                .label, at: image.place, "it is a record for \(image.annotation.task.rawValue)", remedy: "give boxes to each image")
        }
        if let labelWidth, DetectionRecord.labelWidth(objects: boxes.count) > labelWidth {
            throw DetectionRecord.tooManyObjects(boxes.count, labelWidth: labelWidth, at: image.place)
        }
        for (number, box) in boxes.enumerated() { try box.check(number, classCount: classNames.count, at: image.place) }
        return DetectionRecord(id: image.pictureLocation, payload: image.payload, boxes: boxes, statedSize: image.statedSize)
    }
}

/// Where pictures with boxes come from: storage that is read in any order, or a stream.
public typealias DetectionSource = ImageSource<DetectionDataset, DetectionStream>
