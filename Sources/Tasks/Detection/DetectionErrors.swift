import Datasets

/// What went wrong with the objects of pictures, by kind: those of TIDE (Bolya et al., "TIDE: A General Toolbox for Identifying Object Detection
/// Errors", ECCV 2020, section 2.2), counted at one score instead of weighed by what each costs in average precision.
public struct DetectionErrors: Sendable, Equatable {
    /// A way to be wrong.
    public enum Kind: String, CaseIterable, Sendable {
        /// An object in its place, taken for another class.
        case classification
        /// An object of the right class whose box overlaps too little.
        case localization
        /// Both at once.
        case both
        /// An object that was found already.
        case duplicate
        /// Something where there is nothing.
        case background
        /// An object that nothing was found for, not even in a wrong way.
        case missed
    }

    /// Detections of a lower score are not looked at: what `predict` draws.
    public static let scoreThreshold: Float = 0.5
    /// Where a box overlaps an object less (IoU), it has nothing to do with it: TIDE's background threshold.
    static let backgroundOverlap = 0.1

    /// Objects that were found.
    public private(set) var right = 0
    private var counts: [Kind: Int] = [:]

    /// Nothing counted yet.
    public init() {}

    /// How often a kind occurred.
    public func count(_ kind: Kind) -> Int { counts[kind] ?? 0 }

    /// All errors.
    public var total: Int { counts.values.reduce(0, +) }

    /// Adds the counts of others.
    public mutating func add(_ other: DetectionErrors) {
        right += other.right
        counts.merge(other.counts) { $0 + $1 }
    }

    /// The errors in one picture.
    /// - Parameters:
    ///   - detections: what was found; those below ``scoreThreshold`` are left out.
    ///   - truth: what is there. A crowd or difficult object is neither missed nor wrongly found.
    ///   - size: the picture's own size.
    ///   - overlap: the IoU that a detection must exceed to be right.
    public init(_ detections: [Detection], truth: [BoundingBox], size: PixelSize, overlap: Double) {
        let objects = truth.map { object in
            let (left, top, width, height) = object.inPixels(width: size.width, height: size.height)
            return (object: object, box: PixelBox(left: left, top: top, width: width, height: height))
        }
        let counted = objects.filter { !$0.object.isCrowd && !$0.object.isDifficult }
        let uncounted = objects.filter { $0.object.isCrowd || $0.object.isDifficult }
        var (found, touched) = (Set<Int>(), Set<Int>())
        for detection in detections.filter({ $0.score >= Self.scoreThreshold }).stablySorted(by: { $0.score > $1.score }) {
            let box = PixelBox(detection, in: size)
            let overlaps = counted.map { box.overlap(with: $0.box) }
            func nearest(_ isWanted: (Int) -> Bool) -> (index: Int, overlap: Double)? {
                counted.indices.filter(isWanted).max { overlaps[$0] < overlaps[$1] }.map { ($0, overlaps[$0]) }
            }
            let own = { counted[$0].object.classID == detection.classID }
            if let match = nearest({ own($0) && !found.contains($0) }), match.overlap > overlap {
                found.insert(match.index)
                right += 1
                continue
            }
            if uncounted.contains(where: {
                $0.object.classID == detection.classID && box.overlap(with: $0.box, isCrowd: $0.object.isCrowd) > overlap
            }) {
                continue
            }
            let (same, other) = (nearest(own), nearest { !own($0) })
            // In TIDE's order: where several apply, the first is what would have to be mended.
            if let same, same.overlap >= Self.backgroundOverlap, same.overlap <= overlap {
                counts[.localization, default: 0] += 1
                touched.insert(same.index)
            } else if let other, other.overlap > overlap {
                counts[.classification, default: 0] += 1
                touched.insert(other.index)
            } else if let same, same.overlap > overlap {
                counts[.duplicate, default: 0] += 1
            } else if let other, other.overlap >= Self.backgroundOverlap {
                counts[.both, default: 0] += 1
            } else {
                counts[.background, default: 0] += 1
            }
        }
        let missed = counted.count - found.union(touched).count
        if missed > 0 { counts[.missed] = missed }
    }
}

/// What a detector made of one picture.
public struct DetectionImageScore: Sendable {
    /// The picture's number in the data set.
    public let number: Int
    /// What was found from a score of ``DetectionErrors/scoreThreshold`` on.
    public let found: [Detection]
    /// What is there.
    public let truth: [BoundingBox]
    /// What is wrong.
    public let errors: DetectionErrors

    /// A picture and what was made of it.
    public init(number: Int, found: [Detection], truth: [BoundingBox], errors: DetectionErrors) {
        self.number = number
        self.found = found
        self.truth = truth
        self.errors = errors
    }
}
