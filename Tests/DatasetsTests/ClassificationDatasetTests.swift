import Datasets
import Testing

/// Images that are nothing but their number.
private struct Numbers: ClassificationStorage {
    var count: Int
    func name(at index: Int) -> String { "image \(index)" }
    func payload(at index: Int) throws -> ImagePayload { .encoded([UInt8(truncatingIfNeeded: index)]) }
}

@Suite("Classification datasets")
struct ClassificationDatasetTests {
    private func dataset(_ labels: [ClassificationLabel], classes: Int) throws -> ClassificationDataset {
        try ClassificationDataset(
            storage: Numbers(count: labels.count), labels: labels, classNames: (0..<classes).map { "class \($0)" }, source: "numbers")
    }

    private func ids(_ data: ClassificationDataset) throws -> [String] {
        try (0..<data.count).map { try data.record(at: $0).id }
    }

    @Test("A label that does not fit the classes is named with record, value and limit")
    func labels() {
        let range = message { _ = try dataset([.single(0), .single(3)], classes: 3) }
        #expect(range == "image 1: label 3 is not in 0…2 (num_classes is 3); correct the label, or num_classes")
        #expect(message { _ = try dataset([.single(-1)], classes: 3) }.hasPrefix("image 0: label -1 is not in 0…2"))
        #expect(message { _ = try dataset([.multi([1])], classes: 2) }.hasPrefix("image 0: 1 labels, but num_classes is 2"))
        #expect(message { _ = try dataset([.multi([1, .nan])], classes: 2) }.contains("nan is not in 0…1"))
        let mixed = message { _ = try dataset([.single(0), .multi([1, 0])], classes: 2) }
        #expect(mixed.hasPrefix("image 1: its label is multi-label where the others are single-label"))
        #expect(message { _ = try dataset([], classes: 2) }.contains("it holds no images"))
    }

    @Test("A record out of range is an error, not a crash")
    func range() throws {
        let data = try dataset([.single(0)], classes: 1)
        #expect(message { _ = try data.record(at: 1) }.contains("there is no record 1, only 1 records"))
        #expect(message { _ = try data.record(at: -1) }.contains("there is no record -1"))
        #expect(message { _ = try data.subset([0, 1], called: "part") }.contains("there is no record 1"))
        #expect(message { _ = try data.subset([], called: "part") }.contains("would be empty"))
    }

    @Test("num_training_samples and num_classes that are wrong are errors with both numbers")
    func counts() throws {
        let data = try dataset([.single(0), .single(1)], classes: 2)
        try data.check(classCount: 2, sampleCount: 2)
        #expect(
            message { try data.check(sampleCount: 3) }
                == "numbers: num_training_samples is 3 but there are 2 images; set it to 2, or leave it out: it is counted")
        #expect(message { try data.check(classCount: 3) }.contains("num_classes is 3 but there are 2 classes"))
    }

    @Test("A split holds out a share of every class and keeps each record once")
    func split() throws {
        let labels = (0..<100).map { ClassificationLabel.single($0 < 70 ? 0 : $0 < 98 ? 1 : $0 - 96) }
        let data = try dataset(labels, classes: 4)
        let (training, validation) = try data.split(fraction: 0.2, seed: 3)
        // Classes of one image stay whole in training.
        #expect(validation.histogram == [14, 6, 0, 0])
        #expect(training.histogram == [56, 22, 1, 1])
        #expect(try Set(ids(training) + ids(validation)).count == 100)
        #expect(
            try (0..<validation.count).allSatisfy {
                try labels[Int(validation.record(at: $0).id.dropFirst(6)) ?? 0] == validation.labels[$0]
            })
        let again = try data.split(fraction: 0.2, seed: 3)
        #expect(try ids(again.validation) == ids(validation))
        let other = try data.split(fraction: 0.2, seed: 4)
        #expect(try ids(other.validation) != ids(validation))
        // A part of a part still finds its records.
        let quarter = try training.split(fraction: 0.25, seed: 1).validation
        #expect(try Set(ids(quarter)).isSubset(of: Set(ids(training))))
    }

    @Test("A multi-label split represents rare classes in both parts")
    func multiLabelSplit() throws {
        let labels = (0..<60).map { ClassificationLabel.multi([1, $0 % 2 == 0 ? 1 : 0, $0 % 15 == 0 ? 1 : 0]) } + [.multi([0, 0, 0])]
        let (training, validation) = try dataset(labels, classes: 3).split(fraction: 0.25, seed: 0)
        #expect(validation.histogram[2] == 1 && training.histogram[2] == 3)
        #expect(training.count + validation.count == 61)
    }

    @Test("A split that cannot be made says why")
    func impossibleSplit() throws {
        let data = try dataset([.single(0), .single(1)], classes: 2)
        #expect(message { _ = try data.split(fraction: 0.5, seed: 0) }.contains("no class has two images"))
        for fraction in [0, 1, -0.1, .nan] {
            #expect(message { _ = try data.split(fraction: fraction, seed: 0) }.contains("is not between 0 and 1"))
        }
    }
}
