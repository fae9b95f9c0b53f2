/// A data set whose annotations name their pictures, which need not be there.
protocol NamesPictures: AnnotatedImages {
    /// Whether the picture of a record is there, as far as that can be told without asking a server; broken records are passed over.
    func holdsPicture(of index: Int) throws -> Bool
    /// Where it should be.
    func picturePlace(of index: Int) throws -> String
}

extension NamesPictures {
    /// - Throws: ``DatasetError`` where annotations name pictures that are not there.
    func requirePictures() throws {
        let missing = try (0..<count).filter { try !holdsPicture(of: $0) }
        guard let first = missing.first else { return }
        throw DatasetError.missingPictures(missing.count, of: self, first: try picturePlace(of: first))
    }
}

extension DatasetError {
    /// The error for pictures that annotations name and that are not there.
    fileprivate static func missingPictures(_ count: Int, of images: any AnnotatedImages, first: String) -> DatasetError {
        let them = count == 1 ? "it" : "them"
        return DatasetError(
            .unreadable, at: images.source,
            "\(count) of the \(images.count) pictures that it names \(count == 1 ? "is" : "are") not there, the first is \(first)",
            remedy: "add \(them), or take \(them) out of the annotations")
    }
}

/// What one pass over all annotations of a data set for detection finds.
struct BoxScan {
    /// The classes of each record's objects.
    private(set) var classes: [[Int32]] = []
    /// The record with most objects.
    private(set) var mostObjects = (record: 0, count: 0)
    private var clipped = Finding()
    private var empty = Finding()
    private var crowds = Finding()
    private var missing = Finding()

    /// Objects of a kind, and the record of the first.
    private struct Finding {
        var count = 0
        var first: Int?

        mutating func add(_ record: Int) {
            count += 1
            first = first ?? record
        }

        mutating func add(_ other: Finding) {
            count += other.count
            first = first ?? other.first
        }
    }

    /// Records that one thread reads at a time.
    private static let pieceSize = 256

    /// Reads every annotation, on several threads.
    /// - Throws: the first record's error, in the order of the records.
    init(_ images: any AnnotatedImages, classCount: Int) throws {
        let count = images.count
        let pieces = concurrentMap((count + Self.pieceSize - 1) / Self.pieceSize) { piece in
            Result {
                let start = piece * Self.pieceSize
                return try BoxScan(images, records: start..<min(start + Self.pieceSize, count), classCount: classCount)
            }
        }
        classes.reserveCapacity(count)
        for piece in pieces {
            let piece = try piece.get()
            classes += piece.classes
            if piece.mostObjects.count > mostObjects.count { mostObjects = piece.mostObjects }
            clipped.add(piece.clipped)
            empty.add(piece.empty)
            crowds.add(piece.crowds)
            missing.add(piece.missing)
        }
    }

    private init(_ images: any AnnotatedImages, records: Range<Int>, classCount: Int) throws {
        let named = images as? any NamesPictures
        for record in records {
            if let named, try !named.holdsPicture(of: record) { missing.add(record) }
            guard case .boxes(let boxes) = try images.annotation(at: record) else {
                throw DatasetError(
                    .label, at: Self.place(record, in: images), "its annotation is no list of boxes", remedy: "check the format")
            }
            for (number, box) in boxes.enumerated() {
                try box.check(number, classCount: classCount, at: Self.place(record, in: images))
                if box.isCrowd {
                    crowds.add(record)
                } else if let kept = box.forTraining {
                    if kept != box, box.reachesBeyond { clipped.add(record) }
                } else {
                    empty.add(record)
                }
            }
            if boxes.count > mostObjects.count { mostObjects = (record, boxes.count) }
            classes.append(boxes.map { Int32($0.classID) })
        }
    }

    /// Throws where annotations name pictures that are not there.
    func requirePictures(_ images: any AnnotatedImages) throws {
        guard let first = missing.first else { return }
        let place = try (images as? any NamesPictures)?.picturePlace(of: first) ?? Self.place(first, in: images)
        throw DatasetError.missingPictures(missing.count, of: images, first: place)
    }

    /// Where the annotation of a record is, for messages.
    static func place(_ record: Int, in images: any AnnotatedImages) -> String {
        (try? images.record(at: record).place) ?? "\(images.source), record \(record)"
    }

    /// One sentence for each thing that training does to boxes.
    func notes(_ images: any AnnotatedImages) -> [String] {
        func sentence(_ finding: Finding, _ one: String, _ many: String) -> [String] {
            guard let first = finding.first else { return [] }
            let place = Self.place(first, in: images)
            return [
                finding.count == 1
                    ? "\(images.source): 1 box \(one); it is in \(place)"
                    : "\(images.source): \(finding.count) boxes \(many); the first is in \(place)"
            ]
        }
        return sentence(
            empty, "has no area within its picture and is left out of training",
            "have no area within their picture and are left out of training")
            + sentence(
                clipped, "reaches beyond its picture and is clipped in training", "reach beyond their picture and are clipped in training")
            + sentence(crowds, "is a crowd and is left out of training", "are crowds and are left out of training")
    }
}

extension BoundingBox {
    /// Whether an edge lies outside of the picture by more than arithmetic on fractions explains.
    fileprivate var reachesBeyond: Bool {
        let slack = 1e-6
        return left < -slack || top < -slack || right > 1 + slack || bottom > 1 + slack
    }
}
