import Datasets
import Imaging
import Storage
import Synchronization
import Testing

@Suite("The data check")
struct DataCheckTests {
    private struct Stop: Error {}

    /// Labelled pictures, all different.
    private func pictures(_ labels: [Int], from first: Int = 0, names: [String]? = nil, source: String = "samples") throws -> SampleImages {
        try SampleImages(
            labels.enumerated().map { (.pixels(try sample(first + $0, width: 8, height: 8)), $1) }, classNames: names, source: source)
    }

    @Test("The report is the same, and in the records' order, for any number of workers", arguments: [1, 2, 7, 40])
    func order(workers: Int) throws {
        var images = try pictures((0..<333).map { $0 % 3 })
        for broken in stride(from: 5, to: 333, by: 11) {
            images.records[broken] = .failure(DatasetError(.malformed, at: "line \(broken)", "broken", remedy: ""))
        }
        let report = try report(images) { $0.workers = workers }
        #expect(report.faults.compactMap(\.record) == Array(stride(from: 5, to: 333, by: 11)))
        #expect(report.channels.first?.records == 333 && report.channels.first?.pictures == 303)
    }

    @Test("All faults are counted, and so many of a kind are kept: the first ones")
    func limit() throws {
        var images = try pictures([0])
        for number in 1..<50 { images.records.append(.failure(DatasetError(.malformed, at: "line \(number)", "broken", remedy: ""))) }
        let report = try report(images) { $0.keptFaults = 3 }
        #expect(report.found == (1...3).map { "broken-record train line \($0)" })
        #expect(report.counts == [.brokenRecord: 49] && report.count(.error) == 49)
    }

    @Test("Labels must lie below the number of classes, which names, num_classes or the training set tell")
    func classes() throws {
        let train = try pictures([0, 1, 2])
        let validation = try pictures([0, 1, 2, 3], from: 10, source: "others")
        #expect(try report(train).faults.isEmpty)
        #expect(try report(train, validation).found == ["unknown-class validation others, record 3"])
        #expect(try report(train) { $0.classCount = 2 }.found == ["unknown-class train samples, record 2"])
        let named = try report(pictures([0, 1, 2], names: ["a", "b"]))
        #expect(named.found == ["unknown-class train samples, record 2"])
        #expect(named.faults.first?.problem == "label 2 is not in 0…1 (num_classes is 2)")
        #expect(named.classNames == ["a", "b"] && named.channels.first?.classes.map(\.items) == [1, 1])
    }

    @Test("What training would refuse about the data as a whole is an error with both numbers")
    func wholes() throws {
        let train = try pictures([0, 1], names: ["a", "b"])
        let count = try report(train) { $0.classCount = 3 }
        #expect(count.faults.map(\.problem) == ["num_classes is 3 but there are 2 classes (a, b)"])
        let samples = try report(train) { $0.sampleCount = 5 }
        #expect(samples.faults.map(\.problem) == ["num_training_samples is 5 but there are 2 images"])
        let other = try report(train, pictures([0, 1], from: 9, names: ["a", "c"], source: "others"))
        #expect(other.found == ["wrong-classes validation others"])
        // Numbers that stand for names, and fewer classes, contradict nothing.
        #expect(try report(train, pictures([0], from: 9, names: ["a"], source: "others")).found == ["unscored-class validation others"])
        #expect(try report(train, pictures([0, 1], from: 9, names: ["0", "1"], source: "others")).faults.isEmpty)
    }

    @Test("Classes without pictures and rare classes are warned about")
    func balance() throws {
        let gap = try report(pictures([0, 2], names: ["a", "b", "c"]))
        #expect(gap.faults.map(\.problem) == ["no record has one of 1 of 3 classes (b)"] && gap.count(.warning) == 1)
        let nineteen = try report(pictures([Int](repeating: 0, count: 19) + [1]))
        #expect(nineteen.faults.isEmpty)
        let twenty = try report(pictures([Int](repeating: 0, count: 20) + [1]))
        #expect(twenty.faults.map(\.problem) == ["'0' has 20 pictures, '1' only 1"])
    }

    @Test("Labels of two kinds, of two widths, or beyond 1 are errors of their record")
    func kinds() throws {
        var images = SampleImages()
        let labels: [ClassificationLabel] = [.multi([1, 0]), .single(1), .multi([1, 0, 1]), .multi([0, 2]), .multi([1, 1])]
        images.records = try labels.enumerated().map { index, label in
            .success(AnnotatedImage(name: "", payload: .pixels(try sample(index)), annotation: .label(label), place: "line \(index)"))
        }
        let report = try report(images)
        #expect(report.found == (1...3).map { "wrong-label train line \($0)" })
        #expect(report.channels.first?.classes.map(\.items) == [2, 1])
    }

    @Test("A half that can't be opened is a fault, and the other half is checked all the same")
    func opening() throws {
        var check = DataCheck()
        try check.check(DataCheck.training, at: "lost") { _ in throw StorageError(.missing, at: "lost", "it is gone", remedy: "look for it")
        }
        let images = try pictures([0, 0])
        try check.check(DataCheck.validation, at: "here") { known in
            #expect(known.names == nil)
            return images
        }
        #expect(check.openingError is StorageError)
        let report = check.report()
        #expect(report.found == ["unreadable-data-set train lost"] && report.channels.map(\.records) == [0, 2])
        #expect(report.channels.map(\.isOpen) == [false, true])
    }

    @Test("Data of another task are refused by name")
    func task() throws {
        let report = try report(pictures([0])) { $0.task = .detection }
        #expect(
            report.faults.map(\.description) == [
                "samples: it is for classification, not detection; give data of one task, or name the task that they are for"
            ])
    }

    @Test("The second half is given the class names of the first")
    func names() throws {
        var check = DataCheck()
        let train = try pictures([0, 1], names: ["a", "b"])
        try check.check(DataCheck.training, at: "") { _ in train }
        var given: [String]?
        try check.check(DataCheck.validation, at: "") { known in
            given = known.names
            return train
        }
        #expect(given == ["a", "b"])
    }

    /// Records that count how often they were asked for.
    private struct Counting: AnnotatedImages {
        final class Calls: Sendable { let count = Mutex(0) }
        let calls = Calls()
        let image: Image
        let task = VisionTask.classification
        let classNames: [String]? = nil
        let source = "endless"
        let count = 1_000_000

        func record(at index: Int) throws -> AnnotatedImage {
            calls.count.withLock { $0 += 1 }
            return AnnotatedImage(name: "", payload: .pixels(image), annotation: .label(.single(0)), place: "")
        }
    }

    @Test("A pass that is stopped ends at once, and reads little more than it has handed over")
    func cancel() throws {
        let images = Counting(image: try sample(1))
        var check = DataCheck()
        var last = 0
        #expect(throws: Stop.self) {
            try check.check(DataCheck.training, at: "") { _ in
                images
            } progress: { state in
                last = state.done
                if state.done >= 1000 { throw Stop() }
            }
        }
        // Claimed pieces, of 16 records each: four a worker.
        #expect(images.calls.count.withLock { $0 } <= last + 4 * 16 * check.settings.workers)
    }
}
