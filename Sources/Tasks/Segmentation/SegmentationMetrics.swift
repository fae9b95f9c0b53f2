import Datasets

/// Counts what the pixels of masks were taken for, and says how well prediction and truth agree.
///
/// Counts are whole numbers over all images; every figure is computed from them at the end. Holes (255) of the truth are counted nowhere,
/// whatever was predicted there.
public struct SegmentationMetrics: Sendable, Equatable {
    /// A class's figures.
    public struct ClassFigures: Sendable, Equatable {
        /// Pixels that are of the class and were predicted as it, over pixels that are either (Jaccard's index); nil where there are none.
        public let iou: Double?
        /// The share of pixels predicted as the class that are of it; nil where none was.
        public let precision: Double?
        /// The share of the class's pixels that were found; nil where there are none.
        public let recall: Double?
        /// The mean boundary F1 of the images that show the class or in which it was predicted; nil where it was not measured.
        public let boundaryF1: Double?
        /// Labelled pixels of the class.
        public let pixels: Int64
    }

    /// Number of classes.
    public let classCount: Int
    /// Images added.
    public private(set) var count = 0
    /// Pixels by true class (row) and predicted class (column), one row behind the other.
    public private(set) var confusion: [Int64]
    /// Boundary F1 of each class: the sum over images, and in how many it was measured.
    private var boundaries: [(sum: Double, images: Int)]
    /// Boundary F1 of images: the sum, and in how many it was measured.
    private var imageBoundaries = (sum: 0.0, images: 0)

    /// Nothing counted yet.
    public init(classCount: Int) {
        self.classCount = max(0, classCount)
        confusion = [Int64](repeating: 0, count: self.classCount * self.classCount)
        boundaries = Array(repeating: (0, 0), count: self.classCount)
    }

    /// Adds the pixels of an image or of several alike.
    ///
    /// - Parameters:
    ///   - predicted: class ids.
    ///   - truth: class ids of the same pixels, 255 = hole. Ids of no class are left out like holes.
    ///   - images: how many they are of.
    public mutating func add(predicted: UnsafeBufferPointer<UInt8>, truth: UnsafeBufferPointer<UInt8>, images: Int = 1) {
        // Pairs are counted in two tables in turn: neighbours mostly are one pair, and a counter can't be raised twice at once.
        var counts = [Int64](repeating: 0, count: 2 << 16)
        counts.withUnsafeMutableBufferPointer { counts in
            for index in 0..<min(predicted.count, truth.count) {
                counts[(index & 1) << 16 | Int(truth[index]) << 8 | Int(predicted[index])] += 1
            }
        }
        for actual in 0..<min(classCount, 255) {
            for found in 0..<min(classCount, 256) {
                let pair = actual << 8 | found
                confusion[actual * classCount + found] += counts[pair] + counts[1 << 16 | pair]
            }
        }
        count += images
    }

    /// Adds an image of class ids.
    public mutating func add(predicted: [UInt8], truth: [UInt8]) {
        predicted.withUnsafeBufferPointer { predicted in truth.withUnsafeBufferPointer { add(predicted: predicted, truth: $0) } }
    }

    /// Adds the boundary F1 of an image, which ``add(predicted:truth:)`` does not measure.
    public mutating func add(_ scores: BoundaryScores) {
        for (classID, score) in scores.perClass where boundaries.indices.contains(classID) {
            boundaries[classID].sum += score
            boundaries[classID].images += 1
        }
        guard let mean = scores.mean else { return }
        imageBoundaries.sum += mean
        imageBoundaries.images += 1
    }

    private func truth(_ classID: Int) -> Int64 { confusion[classID * classCount..<(classID + 1) * classCount].reduce(0, +) }

    private func found(_ classID: Int) -> Int64 {
        stride(from: classID, to: confusion.count, by: max(1, classCount)).reduce(0) { $0 + confusion[$1] }
    }

    private func hits(_ classID: Int) -> Int64 { confusion[classID * classCount + classID] }

    /// Intersection over union of a class; nil where it neither occurs nor was predicted.
    public func iou(of classID: Int) -> Double? {
        let union = truth(classID) + found(classID) - hits(classID)
        return union > 0 ? Double(hits(classID)) / Double(union) : nil
    }

    /// The contract's metric, `mIOU`: the mean over all classes, of which one that neither occurs nor was predicted counts 0
    /// (`spec/semantic-segmentation.md`, "Network").
    public var meanIoU: Double {
        classCount > 0 ? (0..<classCount).reduce(0) { $0 + (iou(of: $1) ?? 0) } / Double(classCount) : 0
    }

    /// The mean over the classes that occur or were predicted, as most papers take it; equal to ``meanIoU`` where these are all.
    public var meanIoUOfPresent: Double {
        let present = (0..<classCount).compactMap(iou(of:))
        return present.isEmpty ? 0 : present.reduce(0, +) / Double(present.count)
    }

    /// Labelled pixels.
    public var labelledPixels: Int64 { confusion.reduce(0, +) }

    /// Right pixels over labelled ones.
    public var pixelAccuracy: Double {
        let labelled = labelledPixels
        return labelled > 0 ? Double((0..<classCount).reduce(0) { $0 + hits($1) }) / Double(labelled) : 0
    }

    /// The mean of the images' boundary F1 (``BoundaryScores``); nil where it was not measured.
    public var boundaryF1: Double? { imageBoundaries.images > 0 ? imageBoundaries.sum / Double(imageBoundaries.images) : nil }

    /// Figures of each class.
    public var perClass: [ClassFigures] {
        (0..<classCount).map { classID in
            let (hits, truth, found) = (hits(classID), truth(classID), found(classID))
            let boundary = boundaries[classID]
            return ClassFigures(
                iou: iou(of: classID), precision: found > 0 ? Double(hits) / Double(found) : nil,
                recall: truth > 0 ? Double(hits) / Double(truth) : nil,
                boundaryF1: boundary.images > 0 ? boundary.sum / Double(boundary.images) : nil, pixels: truth)
        }
    }

    /// The figures by name: `mIOU`, `pixel_accuracy`, and `boundary_f1` where it was measured.
    public var values: [MetricValue] {
        [MetricValue("mIOU", meanIoU), MetricValue("pixel_accuracy", pixelAccuracy)]
            + (boundaryF1.map { [MetricValue("boundary_f1", $0)] } ?? [])
    }

    /// Whether the counts are the same.
    public static func == (a: Self, b: Self) -> Bool {
        a.confusion == b.confusion && a.count == b.count && a.perClass == b.perClass && a.boundaryF1 == b.boundaryF1
    }
}

extension SegmentationMetrics: MergeableMetrics {
    /// The counts as plain numbers.
    public var numbers: [Double] {
        [Double(count), imageBoundaries.sum, Double(imageBoundaries.images)] + boundaries.flatMap { [$0.sum, Double($0.images)] }
            + confusion.map(Double.init)
    }

    /// Adds the counts of another process; see `MergeableMetrics`.
    public mutating func merge(_ numbers: [Double]) throws {
        var reader = NumberReader(numbers)
        count += try reader.nextInt()
        imageBoundaries.sum += try reader.next()
        imageBoundaries.images += try reader.nextInt()
        for index in boundaries.indices {
            boundaries[index].sum += try reader.next()
            boundaries[index].images += try reader.nextInt()
        }
        for index in confusion.indices { confusion[index] += Int64(try reader.nextInt()) }
    }
}
