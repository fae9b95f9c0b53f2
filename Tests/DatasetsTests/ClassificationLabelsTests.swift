import Testing

@testable import Datasets

@Suite("Labels in little memory")
struct ClassificationLabelsTests {
    @Test(
        "Labels of every kind come back as they went in",
        arguments: [
            [], [.single(0), .single(7), .single(16_777_216)], [.single(-1), .single(1 << 40)], [.multi([1, 0, 1]), .multi([0, 0, 0])],
            [.multi([Float](repeating: 1, count: 9)), .multi([1, 0, 0, 0, 0, 0, 0, 0, 1])], [.multi([0.5, 1]), .multi([0, 1])],
            [.multi([0, 1]), .multi([0.5, 1])], [.multi([1]), .multi([1, 0])], [.single(1), .multi([1, 0]), .single(2)],
            [.multi([1, 0]), .single(1)], [.multi([]), .multi([1])],
        ] as [[ClassificationLabel]])
    func roundTrip(labels: [ClassificationLabel]) {
        let kept = ClassificationLabels(labels)
        #expect(Array(kept) == labels)
        var joined = ClassificationLabels(labels.prefix(1))
        joined.append(contentsOf: ClassificationLabels(labels.dropFirst()))
        #expect(joined == kept)
        let back = Array(labels.indices.reversed())
        #expect(Array(kept.subset(back)) == labels.reversed())
    }

    @Test("The range of class numbers and the highest class")
    func highest() {
        #expect(ClassificationLabels([.single(3), .single(-2), .single(9)]).numberRange == -2...9)
        #expect(ClassificationLabels([.single(3)]).highestClass == 3)
        #expect(ClassificationLabels([.multi([1, 0, 0])]).highestClass == 2)
        #expect(ClassificationLabels([.multi([1, 0, 0])]).numberRange == nil)
        #expect(ClassificationLabels([.single(1), .multi([1, 0, 0])]).highestClass == 2)
        #expect(ClassificationLabels().highestClass == nil && ClassificationLabels().numberRange == nil)
    }
}
