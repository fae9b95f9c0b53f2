import Imaging

/// One picture and the classes of its pixels.
public struct SegmentationRecord: TargetedImage {
    /// What an error names: a path, or `train.manifest:17`.
    public let id: String
    /// The picture, not decoded.
    public let payload: ImagePayload
    /// The mask, not decoded.
    public let mask: ImagePayload
    /// What an error about the mask names: its file, or the line that names it.
    public let maskPlace: String
    /// How values of the mask become classes.
    public let labelMap: LabelMap
    /// Every class must lie below it.
    public let classCount: Int

    /// Puts a record together.
    public init(
        id: String, payload: ImagePayload, mask: ImagePayload, maskPlace: String? = nil, labelMap: LabelMap = .identity, classCount: Int
    ) {
        self.id = id
        self.payload = payload
        self.mask = mask
        self.maskPlace = maskPlace ?? mask.location ?? id
        self.labelMap = labelMap
        self.classCount = classCount
    }

    init(_ image: AnnotatedImage, labelMap: LabelMap, classCount: Int) throws {
        guard case .mask(let mask) = image.annotation else {
            throw DatasetError(
                .label, at: image.place, "it is a record for \(image.annotation.task.rawValue)", remedy: "give a mask to each image")
        }
        self.init(
            id: image.pictureLocation, payload: image.payload, mask: mask, maskPlace: mask.location ?? image.place, labelMap: labelMap,
            classCount: classCount)
    }

    /// The mask: as large as its picture, every class below ``classCount``, or 255.
    ///
    /// A mask in which every pixel is 255 is no error: it teaches nothing, and no metric counts it.
    ///
    /// `picture`: its size and how it is turned, where that is known already; else the picture's header tells.
    /// - Throws: ``DatasetError`` for what is no mask (``Mask/decode(_:labelMap:place:options:)``), another size than the picture's, and a
    ///   class that there is not; `StorageError`.
    public func decodedMask(picture: PictureShape? = nil) throws -> Mask {
        let image = AnnotatedImage(name: id, payload: payload, annotation: .mask(mask), place: maskPlace)
        let mask = try image.decodedMask(labelMap: labelMap, picture: picture)
        if let highest = mask.highestClass, highest >= classCount { throw unknownClasses(of: mask) }
        return mask
    }

    private func unknownClasses(of mask: Mask) -> DatasetError {
        let counts = mask.histogram
        let unknown = (classCount..<255).filter { counts[$0] > 0 }
        let total = unknown.reduce(0) { $0 + counts[$1] }
        let one = unknown.count == 1
        return DatasetError(
            .label, at: maskPlace,
            "\(total) of its pixels have class \(ClassNames.listed(unknown.map(String.init))), but \(one ? "it is" : "these are") "
                + "not in 0…\(classCount - 1) (num_classes is \(classCount))",
            remedy: "correct the mask, num_classes or the label map; 255 is for pixels without a class")
    }
}

extension Mask {
    /// The highest class in the mask; nil where no pixel has one.
    public var highestClass: Int? {
        // 255 + 1 wraps around to 0, so that one maximum finds the highest class beside it.
        let highest = classIDs.withUnsafeBufferPointer { ids in ids.reduce(UInt8(0)) { max($0, $1 &+ 1) } }
        return highest == 0 ? nil : Int(highest) - 1
    }
}
