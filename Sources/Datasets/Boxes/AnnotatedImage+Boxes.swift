import Imaging

/// What the writers of boxes share.
extension AnnotatedImage {
    /// The boxes, whose classes all have a name.
    /// - Throws: ``DatasetError`` for another annotation, and a class number without a name.
    func boxesToWrite(classNames: [String]?) throws -> [BoundingBox] {
        guard case .boxes(let boxes) = annotation else {
            throw DatasetError(
                .argument, at: place, "it has no boxes but \(annotation.task.article) annotation",
                remedy: "boxes are written from a data set for detection; choose another format")
        }
        for (index, box) in boxes.enumerated() {
            let limit = classNames?.count ?? ImageListReader.highestPlausibleLabel + 1
            guard box.classID >= 0, box.classID < limit else {
                throw DatasetError(
                    .label, at: place, "box \(index) has the class \(box.classID), which is not in 0…\(limit - 1)",
                    remedy: "correct the annotation, or name the class")
            }
            guard [box.left, box.top, box.right, box.bottom].allSatisfy({ $0.isFinite && $0.magnitude < 1e6 }) else {
                throw DatasetError(.label, at: place, "an edge of box \(index) is no place in a picture", remedy: "correct the annotation")
            }
        }
        return boxes
    }

    /// The picture's size that boxes are written for: the one that the annotation states, else the picture's own.
    /// - Throws: ``DatasetError`` where neither is known.
    func sizeToWrite(_ picture: @autoclosure () throws -> [UInt8]) throws -> PixelSize {
        if let statedSize { return statedSize }
        return try PixelSize(ofPicture: picture(), place: place)
    }
}

extension PixelSize {
    /// The size that a JPEG's or PNG's header states. `place`: what errors name.
    /// - Throws: ``DatasetError`` where the bytes are neither.
    init(ofPicture bytes: [UInt8], place: String) throws {
        do {
            let header = try ImageHeader(of: bytes)
            self.init(width: header.width, height: header.height)
        } catch let error as ImagingError {
            throw DatasetError(.unreadable, at: place, "the picture's size is not known: \(error.description)", remedy: "")
        }
    }
}
