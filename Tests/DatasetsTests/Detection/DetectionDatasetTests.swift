import Foundation
import Storage
import Testing

@testable import Datasets

/// Records in memory.
private struct MadeImages: AnnotatedImages {
    var boxes: [[BoundingBox]]
    var classNames: [String]?
    var faults: Set<Int> = []
    let task = VisionTask.detection
    let source = "made boxes"
    var count: Int { boxes.count }

    func record(at index: Int) throws -> AnnotatedImage {
        try check(index)
        if faults.contains(index) { throw DatasetError(.label, at: "\(index).json", "it is broken", remedy: "mend it") }
        return AnnotatedImage(
            name: "\(index).jpg", payload: .encoded([1]), annotation: .boxes(boxes[index]), place: "\(index).json")
    }
}

private func box(_ classID: Int, _ left: Double = 0.1, _ top: Double = 0.1, _ right: Double = 0.5, _ bottom: Double = 0.5) -> BoundingBox {
    BoundingBox(classID: classID, left: left, top: top, right: right, bottom: bottom)
}

@Suite("Data sets for detection")
struct DetectionDatasetTests {
    @Test("Objects are counted by class over any number of pictures, empty ones too")
    func counts() throws {
        // More than one thread's piece.
        let boxes = (0..<1000).map { picture in (0..<picture % 4).map { box($0) } }
        let dataset = try DetectionDataset(MadeImages(boxes: boxes))
        #expect(dataset.count == 1000 && dataset.objectCount == 1500 && dataset.emptyCount == 250 && dataset.mostObjects == 3)
        #expect(dataset.histogram == [750, 500, 250])
        #expect(dataset.classNames == ["0", "1", "2"])
        #expect(dataset.warnings.isEmpty)
        #expect(try dataset.record(at: 7).boxes == boxes[7])
    }

    @Test("Numbers that contradict num_classes, num_training_samples or the names are errors with both")
    func contradictions() throws {
        let images = MadeImages(boxes: [[box(0)], [box(4)]])
        #expect(
            message { _ = try DetectionDataset(images, classCount: 3) }
                == "1.json: object 0 has class 4, which is not in 0…2 (num_classes is 3); correct the annotation, or num_classes")
        let named = MadeImages(boxes: [[box(0)], [box(1)]], classNames: ["cat", "dog"])
        #expect(message { _ = try DetectionDataset(named, classCount: 1) }.contains("num_classes is 1"))
        // A catalogue of which the data use the beginning.
        let catalogue = MadeImages(boxes: [[box(0)], [box(1)]], classNames: ["cat", "dog", "cow", "hen"])
        let first = try DetectionDataset(catalogue, classCount: 2)
        #expect(first.classNames == ["cat", "dog"] && first.warnings.contains { $0.contains("it names 4 classes; the first 2 are used") })
        #expect(message { _ = try DetectionDataset(named, classNames: ["dog", "cat"]) }.contains("in another order"))
        #expect(
            message { try DetectionDataset(named).check(sampleCount: 9) }.contains("num_training_samples is 9 but there are 2 images"))
        #expect(try DetectionDataset(images, classCount: 7).classNames.count == 7)
    }

    @Test("A label_width that is too small names the picture with most objects and the width that is needed")
    func labelWidth() throws {
        let images = MadeImages(boxes: [[BoundingBox](repeating: box(0), count: 75), [BoundingBox](repeating: box(0), count: 80)])
        #expect(
            message { _ = try DetectionDataset(images, labelWidth: 350) }
                == "label_width: it is 350, which holds 69 objects, but 1.json has 80; set label_width to 402 or more")
        #expect(try DetectionDataset(images, labelWidth: 402).count == 2)
        #expect(throws: DatasetError.self) { try DetectionDataset(images, labelWidth: 401) }
    }

    @Test("Boxes without area are left out, those beyond the picture clipped, crowds left out; a sentence and a number tell")
    func strangeBoxes() throws {
        var crowd = box(0)
        crowd.isCrowd = true
        let dataset = try DetectionDataset(
            MadeImages(boxes: [
                [box(0)], [box(0, 0.5, 0.5, 0.5, 0.9), box(0, 0.6, 0.2, 0.4, 0.3)], [box(0, 1.2, 0, 1.5, 1), box(0, -0.5, 0.2, 0.5, 1.5)],
                [crowd],
            ]))
        #expect(
            dataset.warnings == [
                "made boxes: 3 boxes have no area within their picture and are left out of training; the first is in 1.json",
                "made boxes: 1 box reaches beyond its picture and is clipped in training; it is in 2.json",
                "made boxes: 1 box is a crowd and is left out of training; it is in 3.json",
            ])
        #expect(box(0, -0.5, 0.2, 0.5, 1.5).forTraining == box(0, 0, 0.2, 0.5, 1))
        #expect(box(0, 0.5, 0.5, 0.5, 0.9).forTraining == nil && box(0, 0, 0, 1e-9, 1).forTraining == nil && crowd.forTraining == nil)
    }

    @Test("Annotations need not name every class that num_classes counts")
    func names() throws {
        let folder = try TemporaryFolder()
        try folder.write(png(8, 8), to: "train/a.png")
        let box = #"{"class_id": 1, "left": 1, "top": 1, "width": 2, "height": 2}"#
        try folder.write(
            #"{"image_size": [{"width": 8, "height": 8}], "annotations": [\#(box)], "categories": [{"class_id": 1, "name": "dog"}]}"#,
            to: "train_annotation/a.json")
        var channel = DetectionChannel(folder.path)
        #expect(try channel.openDataset().classNames == ["0", "dog"])
        channel.classCount = 4
        #expect(try channel.openDataset().classNames == ["0", "dog", "2", "3"])
        channel.classCount = 1
        #expect(throws: DatasetError.self) { try channel.openDataset() }
    }

    @Test("A broken annotation and an edge that is no number are refused by the place of the first")
    func broken() {
        var images = MadeImages(boxes: [[BoundingBox]](repeating: [box(0)], count: 600))
        images.faults = [599, 300, 301]
        #expect(message { _ = try DetectionDataset(images) } == "300.json: it is broken; mend it")
        for edge in [Double.nan, .infinity, -.infinity] {
            #expect(
                message { _ = try DetectionDataset(MadeImages(boxes: [[], [box(0), box(0, edge)]])) }
                    == "1.json: an edge of object 1 is not a finite number; correct the annotation")
        }
        #expect(message { _ = try DetectionDataset(MadeImages(boxes: [])) }.contains("holds no images"))
    }

    @Test("A share of every class's pictures is held out, no picture twice, the same for the same seed")
    func split() throws {
        let boxes = (0..<200).map { picture in picture % 10 == 0 ? [box(0), box(1)] : picture % 3 == 0 ? [] : [box(0)] }
        let dataset = try DetectionDataset(MadeImages(boxes: boxes))
        let (training, validation) = try dataset.split(fraction: 0.2, seed: 3)
        #expect(training.count == 160 && validation.count == 40)
        #expect(validation.histogram[1] == 4)
        let ids = try [training, validation].flatMap { part in try (0..<part.count).map { try part.record(at: $0).id } }
        #expect(Set(ids).count == 200)
        #expect(try dataset.split(fraction: 0.2, seed: 3).validation.record(at: 5).id == validation.record(at: 5).id)
        #expect(throws: DatasetError.self) { try dataset.record(at: 200) }
    }

    @Test("Records of a stream are checked one by one")
    func stream() throws {
        let content = try StreamContent(source: "a pipe", classNames: ["a", "b"], count: nil, imagesAreFiles: false) { _, _ in
            throw DatasetError(.unreadable, at: "pipe", "nobody writes", remedy: "")
        }
        let stream = DetectionStream(content, labelWidth: 12)
        func record(_ boxes: [BoundingBox]) throws -> DetectionRecord {
            try stream.record(AnnotatedImage(name: "a", payload: .encoded([]), annotation: .boxes(boxes), place: "pipe, record 4"))
        }
        #expect(try record([]).boxes.isEmpty)
        #expect(try record([box(0), box(1)]).boxes.count == 2)
        #expect(message { _ = try record([box(0), box(0), box(0)]) }.contains("pipe, record 4 has 3; set label_width to 17 or more"))
        #expect(message { _ = try record([box(2)]) }.contains("class 2, which is not in 0…1"))
        #expect(message { _ = try record([box(0, .nan)]) }.contains("not a finite number"))
    }
}
