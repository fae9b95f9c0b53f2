import Imaging

/// What one pass over the masks of a data set finds before training begins.
///
/// Files of this machine are looked at from outside: 4096 bytes of mask and picture tell most masks that can't be used, for the price of
/// opening two files. Masks in buckets are not asked for, each would be a request. Values are read only where somebody has to know which
/// classes there are: that decodes every mask.
struct MaskScan {
    /// The highest class of any mask, where values were read; −1 where no pixel has a class.
    private(set) var highestClass = -1
    private var holes = 0
    private var firstHole: String?

    /// Records that one thread reads at a time.
    private static let pieceSize = 64
    /// Where headers are: a page.
    private static let headerSize = 4096

    /// Looks at every mask, on several threads. `readsValues`: whether to decode them. `isStrict`: whether pictures that are named and not
    /// there, and objects without an outline, are errors already.
    /// - Throws: the first record's error, in the order of the records.
    init(_ images: any AnnotatedImages, labelMap: LabelMap, readsValues: Bool, isStrict: Bool) throws {
        if !readsValues, let outlined = images as? any OutlinedImages {
            // Masks that are made as large as their pictures need no look.
            guard isStrict else { return }
            try (images as? any NamesPictures)?.requirePictures()
            try outlined.requireOutlines()
            return
        }
        let count = images.count
        let pieces = concurrentMap((count + Self.pieceSize - 1) / Self.pieceSize) { piece in
            Result {
                let start = piece * Self.pieceSize
                var scan = MaskScan()
                for index in start..<min(start + Self.pieceSize, count) {
                    try scan.look(at: images, index, labelMap: labelMap, readsValues: readsValues)
                }
                return scan
            }
        }
        for piece in pieces {
            let piece = try piece.get()
            highestClass = max(highestClass, piece.highestClass)
            holes += piece.holes
            firstHole = firstHole ?? piece.firstHole
        }
    }

    private init() {}

    private mutating func look(at images: any AnnotatedImages, _ index: Int, labelMap: LabelMap, readsValues: Bool) throws {
        guard readsValues else {
            guard case .mask(let mask) = try images.annotation(at: index) else { throw Self.noMask(images, index) }
            guard case .file(let path) = mask else { return }
            let size = try Self.size(ofMaskAt: path)
            if case .file(let picture) = try images.record(at: index).payload { try Self.compare(size, path, with: picture) }
            return
        }
        let image = try images.record(at: index)
        let record = try SegmentationRecord(image, labelMap: labelMap, classCount: 255)
        guard let highest = try record.decodedMask().highestClass else {
            holes += 1
            firstHole = firstHole ?? record.maskPlace
            return
        }
        highestClass = max(highestClass, highest)
    }

    private static func noMask(_ images: any AnnotatedImages, _ index: Int) -> DatasetError {
        let place = (try? images.record(at: index).place) ?? "\(images.source), record \(index)"
        return DatasetError(.label, at: place, "its annotation is no mask", remedy: "check the format")
    }

    private static func size(ofMaskAt path: String) throws -> PixelSize {
        let (bytes, size) = try FileSystem.beginning(of: path, count: headerSize)
        do {
            let header = try PNGMaskHeader(bytes, place: path)
            try header.check(byteCount: size, place: path)
            return PixelSize(width: header.width, height: header.height)
        } catch let error as ImagingError {
            throw DatasetError(.malformed, at: path, error.description, remedy: "")
        }
    }

    /// Compares the sizes where the picture's header tells its own within its first bytes. A PNG may say behind its pixels that it is to
    /// be turned: only what fits neither way is refused.
    private static func compare(_ mask: PixelSize, _ path: String, with picture: String) throws {
        let (bytes, _) = try FileSystem.beginning(of: picture, count: headerSize)
        guard let header = try? ImageHeader(of: bytes) else { return }
        let shape = PictureShape(header)
        let mayTurn = header.format == .png && mask == PixelSize(width: shape.size.height, height: shape.size.width)
        guard mask != shape.size, !shape.isStoredSize(mask), !mayTurn else { return }
        throw DatasetError.wrongMaskSize(mask, picture: shape.size, named: picture, at: path)
    }

    /// One sentence for masks that teach nothing, where values were read.
    func notes(_ source: String) -> [String] {
        guard let firstHole else { return [] }
        return [
            holes == 1
                ? "\(source): 1 mask has no labelled pixel and teaches nothing; it is \(firstHole)"
                : "\(source): \(holes) masks have no labelled pixel and teach nothing; the first is \(firstHole)"
        ]
    }
}

extension DatasetError {
    /// The error for a mask that is not as large as its picture. `place`: the mask's.
    static func wrongMaskSize(_ mask: PixelSize, picture: PixelSize, named name: String, at place: String) -> DatasetError {
        DatasetError(
            .malformed, at: place,
            "the mask has \(mask.width)×\(mask.height) pixels, its picture '\(name)' \(picture.width)×\(picture.height)",
            remedy: "make the mask again from this picture")
    }
}
