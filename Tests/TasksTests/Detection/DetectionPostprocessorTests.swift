import Networks
import Tasks
import Testing
import Torch

private struct Facts: Decodable {
    struct Case: Decodable {
        let name: String
        let anchors, images, classes: Int
        let spread: Float
        let score, overlap: Double
        let candidates, perImage: Int
        let found: [Int]
        let sums: [[Double]]
        let rows: [[[Double]]]
    }
    let detections: [Case]
}

private func numbers(_ detection: Detection) -> [Double] {
    [Double(detection.classID)]
        + [detection.score, detection.left, detection.top, detection.right, detection.bottom].map(Double.init)
}

@Suite(.serialized) struct DetectionPostprocessorTests {
    @Test("The objects found are torchvision's, in its order")
    func parity() throws {
        let facts: Facts = try DetectionFixture.read("multibox")
        for fact in facts.detections {
            let anchors = try DetectionFixture.anchors(fact.anchors)
            let output = DetectionOutput(
                logits: try DetectionFixture.signed(
                    fact.name + "/logits", [fact.images, fact.anchors, fact.classes + 1], spread: fact.spread),
                offsets: try DetectionFixture.signed(fact.name + "/offsets", [fact.images, fact.anchors, 4], spread: 2))
            let postprocessor = try DetectionPostprocessor(
                scoreThreshold: fact.score, nmsThreshold: fact.overlap, candidates: fact.candidates, perImage: fact.perImage)
            let found = try postprocessor(output, anchors: anchors)
            #expect(found.map(\.count) == fact.found, "\(fact.name)")
            for (mine, (rows, sums)) in zip(found, zip(fact.rows, fact.sums)) {
                for (mine, truth) in zip(mine, rows) {
                    for (mine, truth) in zip(numbers(mine), truth) { #expect(abs(mine - truth) < 2e-6, "\(fact.name)") }
                }
                for column in sums.indices {
                    #expect(abs(mine.reduce(0) { $0 + numbers($1)[column + 1] } - sums[column]) < 1e-4, "\(fact.name)")
                }
            }
            // What other devices do gives the same rows, in the same order.
            let tables = try [false, true].map {
                try detectBoxes(
                    logits: output.logits, offsets: output.offsets, anchors: anchors, score: fact.score, overlap: fact.overlap,
                    candidates: fact.candidates, perImage: fact.perImage, portable: $0
                ).elements(as: Float.self)
            }
            #expect(tables[0] == tables[1], "\(fact.name)")
        }
    }

    /// Anchors that are the boxes, and scores by logits: class c of box i gets `logits[i][c + 1]`.
    private func found(
        _ boxes: [[Float]], logits: [[Float]], nms: Double = 0.45, score: Double = 0.01, perImage: Int = 200
    ) throws -> [Detection] {
        let anchors = try Tensor(
            boxes.flatMap { [($0[0] + $0[2]) / 2, ($0[1] + $0[3]) / 2, $0[2] - $0[0], $0[3] - $0[1]] }, shape: [boxes.count, 4])
        let output = DetectionOutput(
            logits: try Tensor(logits.flatMap(\.self), shape: [1, boxes.count, logits[0].count]),
            offsets: try Tensor.zeros([1, boxes.count, 4]))
        let postprocessor = try DetectionPostprocessor(scoreThreshold: score, nmsThreshold: nms, perImage: perImage)
        return try postprocessor(output, anchors: anchors)[0]
    }

    @Test("A box hides what overlaps it in its own class only, and what is hidden hides nothing")
    func chain() throws {
        // Each overlaps its neighbour by 0.5 and the one after by 0.2.
        let boxes: [[Float]] = [[0, 0, 0.3, 0.5], [0.1, 0, 0.4, 0.5], [0.2, 0, 0.5, 0.5]]
        let one = try found(boxes, logits: [[0, 3], [0, 2], [0, 1]])
        #expect(one.map { ($0.left * 10).rounded() } == [0, 2])
        let two = try found(boxes, logits: [[0, 9, -9], [0, -9, 8], [0, 7, -9]])
        #expect(two.map(\.classID) == [0, 1, 0])
        #expect(two.map { ($0.left * 10).rounded() } == [0, 1, 2])
    }

    @Test("An overlap equal to the threshold hides nothing")
    func threshold() throws {
        let boxes: [[Float]] = [[0, 0, 0.5, 0.5], [0, 0, 0.5, 0.25]]
        #expect(try found(boxes, logits: [[0, 2], [0, 1]], nms: 0.5).count == 2)
        #expect(try found(boxes, logits: [[0, 2], [0, 1]], nms: 0.49).count == 1)
    }

    @Test("Equal boxes with equal scores: the first remains; boxes beyond the picture are cut; perImage keeps the best")
    func edges() throws {
        let same = try found([[0.2, 0.2, 0.4, 0.4], [0.2, 0.2, 0.4, 0.4]], logits: [[0, 1], [0, 1]])
        #expect(same.count == 1)
        let cut = try found([[-0.5, 0.5, 0.25, 1.5]], logits: [[0, 1]])
        #expect(cut.map { [$0.left, $0.top, $0.right, $0.bottom] } == [[0, 0.5, 0.25, 1]])
        let best = try found([[0, 0, 0.1, 0.1], [0.5, 0.5, 0.6, 0.6]], logits: [[0, 1], [0, 2]], perImage: 1)
        #expect(best.count == 1 && best[0].left == 0.5)
        #expect(try found([[0, 0, 0.1, 0.1]], logits: [[9, 0]], score: 0.5).isEmpty)
    }

    @Test("Boxes without area hide nothing, and a diverged network finds nothing", arguments: [false, true])
    func degenerate(portable: Bool) throws {
        let anchors = try Tensor([0.5, 0.5, 0, 0, 0.5, 0.5, 0, 0] as [Float], shape: [2, 4])
        func rows(_ logits: Tensor) throws -> [Float] {
            try detectBoxes(
                logits: logits, offsets: Tensor.zeros([1, 2, 4]), anchors: anchors, score: 0.01, overlap: 0.45, candidates: 400,
                perImage: 3,
                portable: portable
            ).elements(as: Float.self)
        }
        let flat = try rows(Tensor([0, 1, 0, 1] as [Float], shape: [1, 2, 2]))
        #expect([flat[0], flat[6], flat[12]] == [0, 0, -1])
        #expect(try rows(Tensor(.nan, shape: [1, 2, 2])).allSatisfy { $0 == -1 })
    }

    @Test("The order of anchors does not matter where no scores are equal")
    func permutation() throws {
        let anchors = try DetectionFixture.smallAnchors(60)
        let logits = try DetectionFixture.signed("boxes/logits", [1, 60, 4], spread: 4)
        let offsets = try DetectionFixture.signed("boxes/offsets", [1, 60, 4])
        let order = try Tensor((0..<60).map { Int64($0 * 7 % 60) })
        let postprocessor = try DetectionPostprocessor()
        let plain = try postprocessor(DetectionOutput(logits: logits, offsets: offsets), anchors: anchors)
        let mixed = try postprocessor(
            DetectionOutput(logits: logits.selecting(order, dim: 1), offsets: offsets.selecting(order, dim: 1)),
            anchors: anchors.selecting(order, dim: 0))
        #expect(plain == mixed)
        #expect(plain[0].count > 20)
    }

    @Test("Numbers out of range are refused")
    func refusals() {
        #expect(throws: TaskError.self) { try DetectionPostprocessor(nmsThreshold: 1.5) }
        #expect(throws: TaskError.self) { try DetectionPostprocessor(scoreThreshold: -0.1) }
        #expect(throws: TaskError.self) { try DetectionPostprocessor(candidates: 0) }
        #expect(throws: TaskError.self) { try DetectionPostprocessor(perImage: 0) }
    }
}
