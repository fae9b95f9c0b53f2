import Imaging

/// One picture and the objects in it.
public struct DetectionRecord: TargetedImage {
    /// What an error names: a path, or `train.rec, record 17`.
    public let id: String
    /// The picture, not decoded.
    public let payload: ImagePayload
    /// The objects as they were annotated; see ``BoundingBox/forTraining`` for what training makes of them.
    public let boxes: [BoundingBox]
    /// The size of the picture that the annotation states, where it does.
    public let statedSize: PixelSize?

    /// Puts a record together.
    public init(id: String, payload: ImagePayload, boxes: [BoundingBox], statedSize: PixelSize? = nil) {
        self.id = id
        self.payload = payload
        self.boxes = boxes
        self.statedSize = statedSize
    }

    /// The objects as they lie in the upright picture.
    public func boxes(in picture: PictureShape) -> [BoundingBox] { boxes.upright(in: picture, stated: statedSize) }
}

extension [BoundingBox] {
    /// The boxes as they lie in the upright picture. Those of an annotation that states the size before EXIF's orientation turns the picture
    /// were drawn by a program that ignores the tag: they are turned with it.
    func upright(in picture: PictureShape, stated: PixelSize?) -> [BoundingBox] {
        guard let stated, picture.isStoredSize(stated) else { return self }
        return map { $0.turned(picture.orientation) }
    }
}

extension DetectionRecord {
    /// What `label_width` must be at least for so many objects: a header of two numbers, then five an object.
    ///
    /// Source: spec object-detection.md, "label_width".
    public static func labelWidth(objects: Int) -> Int { 2 + 5 * objects }

    /// The objects that `label_width` has room for.
    public static func objects(labelWidth: Int) -> Int { max(0, labelWidth - 2) / 5 }

    /// The error for a picture with more objects than `label_width` has room for.
    static func tooManyObjects(_ count: Int, labelWidth: Int, at place: String) -> DatasetError {
        DatasetError(
            .argument, at: "label_width",
            "it is \(labelWidth), which holds \(objects(labelWidth: labelWidth)) objects, but \(place) has \(count)",
            remedy: "set label_width to \(Self.labelWidth(objects: count)) or more")
    }
}

extension BoundingBox {
    /// The box as it lies in the picture once that is turned upright.
    func turned(_ orientation: Orientation) -> BoundingBox {
        let rect = orientation.upright(
            FractionalRect(x: left, y: top, width: width, height: height), storedWidth: 1, storedHeight: 1)
        var box = self
        (box.left, box.top, box.right, box.bottom) = (rect.x, rect.y, rect.x + rect.width, rect.y + rect.height)
        return box
    }

    /// The least side of a box that is learned, as a fraction of the picture's: a tenth of a pixel of a thousand.
    static let leastSide = 1e-4

    /// The box as training and its loss take it: clipped to the picture; nil for one that is left out, which has (then) no area, or is a
    /// crowd (COCO's `iscrowd`), around which no single object lies. Objects called difficult are learned, as in the SSD paper.
    ///
    /// Evaluation takes boxes as they were annotated.
    public var forTraining: BoundingBox? {
        guard !isCrowd else { return nil }
        var box = self
        (box.left, box.right) = (max(left, 0), min(right, 1))
        (box.top, box.bottom) = (max(top, 0), min(bottom, 1))
        // Not-a-number fails the comparison.
        return box.width >= Self.leastSide && box.height >= Self.leastSide ? box : nil
    }

    /// Throws where the box can't be used at all. `place`: of the annotation.
    func check(_ number: Int, classCount: Int, at place: @autoclosure () -> String) throws {
        guard classID >= 0, classID < classCount else {
            throw DatasetError(
                .label, at: place(),
                "object \(number) has class \(classID), which is not in 0…\(classCount - 1) (num_classes is \(classCount))",
                remedy: "correct the annotation, or num_classes")
        }
        guard left.isFinite, top.isFinite, right.isFinite, bottom.isFinite else {
            throw DatasetError(
                .label, at: place(), "an edge of object \(number) is not a finite number", remedy: "correct the annotation")
        }
    }
}
