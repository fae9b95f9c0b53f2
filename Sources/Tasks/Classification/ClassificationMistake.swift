/// An image that a classifier got wrong, and how sure it was.
public struct ClassificationMistake: Sendable, Equatable {
    /// A class and its probability, 0…1.
    public struct Guess: Sendable, Equatable {
        /// The class.
        public let classID: Int
        /// What the model gives it, 0…1.
        public let probability: Float

        /// Pairs both.
        public init(classID: Int, probability: Float) {
            self.classID = classID
            self.probability = probability
        }
    }

    /// The image's number in the data set.
    public let number: Int
    /// The classes that it is labelled with: one unless labels are multi-hot.
    public let truth: [Guess]
    /// The classes that it was taken for: the likeliest, or all above ½ where labels are multi-hot.
    public let predicted: [Guess]

    /// An image and what was made of it.
    public init(number: Int, truth: [Guess], predicted: [Guess]) {
        self.number = number
        self.truth = truth
        self.predicted = predicted
    }

    /// How sure the model is of what is wrong, 0…1: the probability of the likeliest class that is not there; where it sees none, one less
    /// that of a class that it misses.
    public var severity: Float {
        let (right, seen) = (Set(truth.map(\.classID)), Set(predicted.map(\.classID)))
        let unwarranted = predicted.filter { !right.contains($0.classID) }.map(\.probability)
        return unwarranted.max() ?? truth.filter { !seen.contains($0.classID) }.map { 1 - $0.probability }.max() ?? 0
    }

    /// The wrong ones of a mini-batch.
    /// - Parameters:
    ///   - probabilities: N, classes, one row behind the other.
    ///   - truth: the classes of each image.
    ///   - numbers: the images' numbers in the data set.
    ///   - multiLabel: whether an image may have any number of classes.
    static func all(
        probabilities: [Float], truth: [[Int]], numbers: [Int], multiLabel: Bool
    ) -> [ClassificationMistake] {
        let classes = truth.isEmpty ? 0 : probabilities.count / truth.count
        return truth.indices.compactMap { slot in
            let row = probabilities[slot * classes..<(slot + 1) * classes]
            func guess(_ classID: Int) -> Guess { Guess(classID: classID, probability: row[row.startIndex + classID]) }
            let predicted =
                multiLabel
                ? (0..<classes).filter { guess($0).probability > 0.5 }
                : [ClassificationPrediction(probabilities: Array(row)).best]
            guard predicted != truth[slot] else { return nil }
            return ClassificationMistake(number: numbers[slot], truth: truth[slot].map(guess), predicted: predicted.map(guess))
        }
    }
}
