import Tasks

/// What an evaluation found, ready to be printed or written.
public struct EvaluationReport: EvaluationSummary, Equatable {
    /// One class's figures.
    public struct ClassFigures: Sendable, Equatable {
        /// The class.
        public let name: String
        /// The share of images predicted as this class that are of it, 0…1; 0 where none was predicted.
        public let precision: Double
        /// The share of this class's images that were predicted as it, 0…1; 0 where there are none.
        public let recall: Double
        /// Images of the class.
        public let images: Int

        /// Gathers a class's figures.
        public init(name: String, precision: Double, recall: Double, images: Int) {
            self.name = name
            self.precision = precision
            self.recall = recall
            self.images = images
        }
    }

    /// Class names.
    public let classes: [String]
    /// The share of images whose class was found; multi-label: of right (image, class) pairs.
    public let accuracy: Double
    /// The share of images whose class was among the k most likely.
    public let topK: (k: Int, accuracy: Double)?
    /// The mean loss.
    public let loss: Double
    /// Images.
    public let images: Int
    /// Seconds that the pass took.
    public let seconds: Double
    /// Figures of each class; empty for several labels an image.
    public let perClass: [ClassFigures]
    /// Rows are true classes, columns predicted ones; empty for several labels an image.
    public let confusion: [[Int]]

    /// Gathers figures.
    public init(
        classes: [String], accuracy: Double, topK: (k: Int, accuracy: Double)?, loss: Double, images: Int, seconds: Double,
        perClass: [ClassFigures], confusion: [[Int]]
    ) {
        self.classes = classes
        self.accuracy = accuracy
        self.topK = topK
        self.loss = loss
        self.images = images
        self.seconds = seconds
        self.perClass = perClass
        self.confusion = confusion
    }

    /// The report of a pass over a data set.
    public init(_ metrics: ClassificationMetrics, classes: [String], seconds: Double) {
        self.init(
            classes: classes, accuracy: metrics.accuracy,
            topK: metrics.topK.map { ($0, metrics.count > 0 ? Double(metrics.topKHits) / Double(metrics.count) : 0) },
            loss: metrics.loss, images: metrics.count, seconds: seconds,
            perClass: zip(classes, metrics.perClass).map { name, figures in
                ClassFigures(name: name, precision: figures.precision, recall: figures.recall, images: figures.count)
            }, confusion: metrics.confusion)
    }

    /// Images a second.
    public var imagesPerSecond: Double { seconds > 0 ? Double(images) / seconds : 0 }

    /// Whether two reports print alike.
    public static func == (a: Self, b: Self) -> Bool { a.json == b.json }
}

extension EvaluationReport {
    /// One object, with the keys that scripts rely on.
    public var json: JSONValue {
        var members: [(name: String, value: JSONValue)] = [("accuracy", .number(accuracy))]
        if let topK { members.append(("top_k_accuracy_\(topK.k)", .number(topK.accuracy))) }
        members += [
            ("loss", .number(loss)), ("images", .integer(images)), ("images_per_second", .number(imagesPerSecond)),
            ("classes", .array(classes.map { .string($0) })),
            (
                "per_class",
                .array(
                    perClass.map { figures in
                        .members([
                            "class": .string(figures.name), "precision": .number(figures.precision), "recall": .number(figures.recall),
                            "images": .integer(figures.images),
                        ])
                    })
            ),
            ("confusion_matrix", .array(confusion.map { row in .array(row.map { .integer($0) }) })),
        ]
        return .object(of: members)
    }
}
