import Torch

/// Counts how predictions and truth meet, one example at a time; every image counts once.
public struct ClassificationMetrics: Sendable {
    /// Rows are true classes, columns predicted ones (single label).
    public private(set) var confusion: [[Int]]
    /// Examples counted.
    public private(set) var count = 0
    /// Examples whose true class was among the k most likely.
    public private(set) var topKHits = 0
    /// Multi-label: (image, class) pairs that were right at threshold ½.
    public private(set) var pairHits = 0
    /// Sum of the examples' losses.
    public private(set) var lossSum = 0.0

    /// The k of top-k; nil where it is not asked for.
    public let topK: Int?
    private let classCount: Int
    private let multiLabel: Bool

    /// An empty count.
    public init(classCount: Int, multiLabel: Bool, topK: Int?) {
        confusion = multiLabel ? [] : Array(repeating: Array(repeating: 0, count: classCount), count: classCount)
        self.classCount = classCount
        self.multiLabel = multiLabel
        self.topK = topK
    }

    /// Adds single-label predictions.
    ///
    /// `logits`: N, classes. `loss`: the batch's mean loss.
    public mutating func add(logits: Tensor, classes: [Int64], loss: Double) throws {
        let predicted = try logits.argmax().elements(as: Int64.self)
        for (truth, prediction) in zip(classes, predicted) { confusion[Int(truth)][Int(prediction)] += 1 }
        if let topK {
            let best = try logits.indicesOfLargest(min(topK, classCount)).elements(as: Int64.self)
            let k = min(topK, classCount)
            for (index, truth) in classes.enumerated() where best[index * k..<(index + 1) * k].contains(truth) { topKHits += 1 }
        }
        count += classes.count
        lossSum += loss * Double(classes.count)
    }

    /// Adds multi-label predictions: logits and targets are N, classes.
    public mutating func add(logits: Tensor, targets: Tensor, loss: Double) throws {
        let hits = try logits.isGreater(than: 0).equals(targets.isGreater(than: 0.5)).sum().item()
        pairHits += Int(hits)
        let examples = logits.shape.first ?? 0
        count += examples
        lossSum += loss * Double(examples)
    }

    /// Single label: the share of images whose class was found. Multi-label: the share of right (image, class) pairs.
    public var accuracy: Double {
        guard count > 0 else { return 0 }
        return multiLabel ? Double(pairHits) / Double(count * classCount) : Double(hits) / Double(count)
    }

    /// Images whose class was found.
    public var hits: Int { confusion.indices.reduce(0) { $0 + confusion[$1][$1] } }

    /// The mean loss.
    public var loss: Double { count > 0 ? lossSum / Double(count) : 0 }

    /// The figures by name: `accuracy`, `top_k_accuracy_5` where asked for, `loss`.
    public var values: [MetricValue] {
        var values = [MetricValue("accuracy", accuracy)]
        if let topK { values.append(MetricValue("top_k_accuracy_\(topK)", count > 0 ? Double(topKHits) / Double(count) : 0)) }
        return values + [MetricValue("loss", loss)]
    }

    /// Precision, recall and number of images of each class (single label).
    public var perClass: [(precision: Double, recall: Double, count: Int)] {
        confusion.indices.map { index in
            let found = confusion[index][index]
            let truth = confusion[index].reduce(0, +)
            let predicted = confusion.reduce(0) { $0 + $1[index] }
            return (predicted == 0 ? 0 : Double(found) / Double(predicted), truth == 0 ? 0 : Double(found) / Double(truth), truth)
        }
    }
}

extension ClassificationMetrics: MergeableMetrics {
    /// The counts as plain numbers.
    public var numbers: [Double] { [Double(count), Double(topKHits), Double(pairHits), lossSum] + confusion.joined().map(Double.init) }

    /// Adds the counts of another process; see `MergeableMetrics`.
    public mutating func merge(_ numbers: [Double]) throws {
        var reader = NumberReader(numbers)
        count += try reader.nextInt()
        topKHits += try reader.nextInt()
        pairHits += try reader.nextInt()
        lossSum += try reader.next()
        for row in confusion.indices {
            for column in confusion[row].indices { confusion[row][column] += try reader.nextInt() }
        }
    }
}
