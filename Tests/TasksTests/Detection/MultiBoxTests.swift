import Foundation
import Networks
import Tasks
import Testing
import Torch

private struct Facts: Decodable {
    struct Gradient: Decodable { let norm, probe: Double }
    struct Losses: Decodable { let classification, regression: Double, logits, offsets: Gradient }
    struct Case: Decodable, Sendable {
        let name: String
        let anchors: Int
        let counts: [Int]
        let classes: Int
        let foreground: [Int]
        let checksums: [Int64]
        let overlaps: [Double]
        let torchvision: Losses
        let mxnet: Losses?
    }
    struct Anchors: Decodable { let count: Int, sums, squares: [Double] }
    let ssd300: Anchors
    let losses: [Case]
}

private func sum(_ tensor: Tensor) throws -> Double { try tensor.elements(as: Float.self).reduce(0) { $0 + Double($1) } }

private func close(_ mine: Double, _ truth: Double, within share: Double = 1e-5) -> Bool { abs(mine - truth) <= share * max(1, abs(truth)) }

/// Logits and offsets of a case, with gradients on.
private func output(_ name: String, images: Int, anchors: Int, columns: Int) throws -> DetectionOutput {
    DetectionOutput(
        logits: try DetectionFixture.signed(name + "/logits", [images, anchors, columns], spread: 4).requiringGradient(),
        offsets: try DetectionFixture.signed(name + "/offsets", [images, anchors, 4], spread: 2).requiringGradient())
}

@Suite(.serialized) struct MultiBoxTests {
    @Test("The fixture's SSD300 anchors are torchvision's")
    func anchors() throws {
        let facts: Facts = try DetectionFixture.read("multibox")
        let anchors = try DetectionFixture.ssd300Anchors().elements(as: Float.self).map(Double.init)
        #expect(anchors.count == 4 * facts.ssd300.count)
        for column in 0..<4 {
            let values = stride(from: column, to: anchors.count, by: 4).map { anchors[$0] }
            #expect(close(values.reduce(0, +), facts.ssd300.sums[column], within: 1e-10))
            #expect(close(values.reduce(0) { $0 + $1 * $1 }, facts.ssd300.squares[column], within: 1e-10))
        }
    }

    @Test("Each anchor takes on the object that torchvision gives it", arguments: [false, true])
    func matching(portable: Bool) throws {
        let facts: Facts = try DetectionFixture.read("multibox")
        for fact in facts.losses {
            let (boxes, classes) = try DetectionFixture.objects(fact.name, counts: fact.counts, classes: fact.classes)
            let matches = try matchAnchors(DetectionFixture.anchors(fact.anchors), boxes: boxes, classes: classes, portable: portable)
            let objects = try matches.objects.elements(as: Int64.self)
            for image in fact.counts.indices {
                let row = objects[image * fact.anchors..<(image + 1) * fact.anchors]
                #expect(row.count { $0 >= 0 } == fact.foreground[image], "\(fact.name), image \(image)")
                let checksum = row.enumerated().reduce(Int64(0)) { $1.element < 0 ? $0 : $0 + Int64($1.offset + 1) * ($1.element + 1) }
                #expect(checksum == fact.checksums[image], "\(fact.name), image \(image)")
                #expect(close(try sum(matches.overlaps.narrowed(dim: 0, start: image, length: 1)), fact.overlaps[image], within: 1e-6))
            }
        }
    }

    @Test("Losses and gradients are torchvision's, and MXNet's by its convention", arguments: [false, true])
    func losses(portable: Bool) throws {
        let facts: Facts = try DetectionFixture.read("multibox")
        for fact in facts.losses {
            let anchors = try DetectionFixture.anchors(fact.anchors)
            let (boxes, classes) = try DetectionFixture.objects(fact.name, counts: fact.counts, classes: fact.classes)
            for (truth, isMXNet) in [(fact.torchvision, false), (fact.mxnet, true)] {
                guard let truth else { continue }
                let output = try output(fact.name, images: fact.counts.count, anchors: fact.anchors, columns: fact.classes + 1)
                let losses: (classification: Tensor, regression: Tensor, matched: Tensor)
                if portable {
                    var options = MultiBoxOptions()
                    options.byValidCount = isMXNet
                    options.negativeOverlap = isMXNet ? 0.5 : 2
                    losses = try multiBoxLoss(
                        logits: output.logits, offsets: output.offsets, anchors: anchors, boxes: boxes, classes: classes, options: options,
                        portable: true)
                } else {
                    losses = try MultiBoxLoss(anchors: anchors, convention: isMXNet ? .mxnet : .torchvision)(
                        output, boxes: boxes, classes: classes)
                }
                let name = "\(fact.name), \(isMXNet ? "MXNet" : "torchvision")"
                #expect(close(try losses.classification.item(), truth.classification), "\(name)")
                #expect(close(try losses.regression.item(), truth.regression), "\(name)")
                try (losses.classification + losses.regression * 2).backward()
                for (tensor, truth) in [(output.logits, truth.logits), (output.offsets, truth.offsets)] {
                    let gradient = try #require(tensor.gradient)
                    let probe = try DetectionFixture.signed(fact.name + "/probe", [gradient.count])
                    #expect(close(try sum(gradient * gradient).squareRoot(), truth.norm), "\(name)")
                    #expect(close(try sum(gradient.reshaped([-1]) * probe), truth.probe), "\(name)")
                }
            }
        }
    }

    @Test("bfloat16 output: the loss of the same numbers in float32, and gradients of its own type")
    func halves() throws {
        let anchors = try DetectionFixture.smallAnchors(60)
        let (boxes, classes) = try DetectionFixture.objects("small", counts: [3, 0, 2], classes: 3)
        let full = try output("small", images: 3, anchors: 60, columns: 4)
        let loss = try MultiBoxLoss(anchors: anchors)
        let half = DetectionOutput(
            logits: try full.logits.detached().to(.bfloat16).requiringGradient(),
            offsets: try full.offsets.detached().to(.bfloat16).requiringGradient())
        let same = DetectionOutput(
            logits: try half.logits.detached().to(.float32).requiringGradient(),
            offsets: try half.offsets.detached().to(.float32).requiringGradient())
        let (a, b) = (try loss(half, boxes: boxes, classes: classes), try loss(same, boxes: boxes, classes: classes))
        #expect(a.classification.dtype == .float32)
        #expect(try a.classification.item() == b.classification.item())
        #expect(try a.regression.item() == b.regression.item())
        try (a.classification + a.regression).backward()
        try (b.classification + b.regression).backward()
        let gradient = try #require(half.logits.gradient)
        #expect(gradient.dtype == .bfloat16)
        let truth = try #require(same.logits.gradient).to(.bfloat16)
        #expect(try gradient.elements(as: Float.self) == truth.elements(as: Float.self))
    }

    @Test("The order of objects and padding between them change nothing")
    func permutation() throws {
        let anchors = try DetectionFixture.ssd300Anchors()
        let counts = [6, 6]
        let (boxes, classes) = try DetectionFixture.objects("two", counts: counts, classes: 20)
        let loss = try MultiBoxLoss(anchors: anchors)
        let output = try output("two", images: 2, anchors: 8732, columns: 21)
        let plain = try loss(output, boxes: boxes, classes: classes)

        let padding = try Tensor([-1, -1, -1, -1] as [Float], shape: [1, 1, 4])
        let none = try Tensor([Int64(-1)], shape: [1, 1])
        let pads = try Tensor.concatenating([padding, padding], dim: 0)
        let nones = try Tensor.concatenating([none, none], dim: 0)
        let order = try Tensor([3, 6, 5, 0, 4, 2, 1] as [Int64])
        let mixed = try loss(
            output, boxes: Tensor.concatenating([boxes, pads], dim: 1).selecting(order, dim: 1),
            classes: Tensor.concatenating([classes, nones], dim: 1).selecting(order, dim: 1))
        #expect(close(try mixed.classification.item(), try plain.classification.item(), within: 1e-7))
        #expect(close(try mixed.regression.item(), try plain.regression.item(), within: 1e-7))
    }

    @Test("Every object has an anchor, however small; of two with the same best anchor the later has it", arguments: [false, true])
    func bipartite(portable: Bool) throws {
        let anchors = try Tensor([0.25, 0.25, 0.5, 0.5, 0.75, 0.75, 0.5, 0.5] as [Float], shape: [2, 4])
        let tiny: [Float] = [0.7, 0.7, 0.71, 0.71]
        let boxes = try Tensor(tiny + [0.8, 0.8, 0.82, 0.82] + [0, 0, 0.5, 0.5], shape: [1, 3, 4])
        let classes = try Tensor([0, 1, 2] as [Int64], shape: [1, 3])
        let matches = try matchAnchors(anchors, boxes: boxes, classes: classes, portable: portable)
        #expect(try matches.objects.elements(as: Int64.self) == [2, 1])
    }

    @Test("Boxes without area, with exchanged or infinite edges match nothing and keep the loss finite", arguments: [false, true])
    func degenerate(portable: Bool) throws {
        let anchors = try DetectionFixture.smallAnchors(60)
        let bad: [[Float]] = [[0.3, 0.3, 0.3, 0.6], [0.6, 0.2, 0.3, 0.5], [0, 0, .infinity, 1], [.nan, 0, 1, 1], [0.5, 0.5, 0.5, 0.5]]
        let boxes = try Tensor(bad.flatMap(\.self) + [0.2, 0.2, 0.6, 0.7], shape: [1, 6, 4])
        let classes = try Tensor([0, 1, 2, 0, 1, 2] as [Int64], shape: [1, 6])
        let matches = try matchAnchors(anchors, boxes: boxes, classes: classes, portable: portable)
        #expect(Set(try matches.objects.elements(as: Int64.self)) == [-1, 5])
        let output = try output("small", images: 1, anchors: 60, columns: 4)
        let losses = try multiBoxLoss(
            logits: output.logits, offsets: output.offsets, anchors: anchors, boxes: boxes, classes: classes, portable: portable)
        try (losses.classification + losses.regression).backward()
        #expect(try losses.regression.item().isFinite)
        #expect(try #require(output.offsets.gradient).elements(as: Float.self).allSatisfy(\.isFinite))

        let none = try multiBoxLoss(
            logits: output.logits, offsets: output.offsets, anchors: anchors, boxes: boxes.narrowed(dim: 1, start: 0, length: 0),
            classes: classes.narrowed(dim: 1, start: 0, length: 0), portable: portable)
        #expect(try none.classification.item() == 0)
        #expect(try none.regression.item() == 0)
    }

    @Test("Duplicates of an object: the last has the best anchor, the first the others; the loss counts no anchor twice")
    func duplicates() throws {
        let anchors = try DetectionFixture.ssd300Anchors()
        let box: [Float] = [0.2, 0.2, 0.6, 0.7]
        let boxes = try Tensor(box + box, shape: [1, 2, 4])
        let one = try matchAnchors(anchors, boxes: boxes.narrowed(dim: 1, start: 0, length: 1), classes: Tensor([Int64(0)], shape: [1, 1]))
        let two = try matchAnchors(anchors, boxes: boxes, classes: Tensor([0, 0] as [Int64], shape: [1, 2]))
        let (alone, both) = (try one.objects.elements(as: Int64.self), try two.objects.elements(as: Int64.self))
        #expect(alone.map { $0 >= 0 } == both.map { $0 >= 0 })
        #expect(both.count { $0 == 1 } == 1)
        #expect(both.count { $0 == 0 } > 1)
    }

    @Test("An image without objects teaches nothing unless it is given background anchors", arguments: [false, true])
    func negatives(portable: Bool) throws {
        let anchors = try DetectionFixture.smallAnchors(60)
        let output = try output("small", images: 2, anchors: 60, columns: 4)
        let (boxes, classes) = (try Tensor(-1, shape: [2, 1, 4]), try Tensor([-1, -1] as [Int64], shape: [2, 1]))
        var options = MultiBoxOptions()
        options.minimumNegatives = 5
        let losses = try multiBoxLoss(
            logits: output.logits, offsets: output.offsets, anchors: anchors, boxes: boxes, classes: classes, options: options,
            portable: portable)
        // The five greatest of −ln p(background) in each image.
        let probabilities = try softmax(output.logits).elements(as: Float.self)
        let expected = (0..<2).reduce(0.0) { sum, image in
            let all = (0..<60).map { -log(Double(probabilities[(image * 60 + $0) * 4])) }
            return sum + all.sorted(by: >).prefix(5).reduce(0, +)
        }
        #expect(close(try losses.classification.item(), expected))
        options.minimumNegatives = 1_000
        let all = try multiBoxLoss(
            logits: output.logits, offsets: output.offsets, anchors: anchors, boxes: boxes, classes: classes, options: options,
            portable: portable)
        let sum = (0..<120).reduce(0.0) { $0 - log(Double(probabilities[$1 * 4])) }
        #expect(close(try all.classification.item(), sum))
    }

    @Test("A diverged network has a loss that is not a number, and no crash")
    func diverged() throws {
        let anchors = try DetectionFixture.smallAnchors(60)
        let (boxes, classes) = try DetectionFixture.objects("small", counts: [3], classes: 3)
        let output = DetectionOutput(
            logits: try Tensor(.nan, shape: [1, 60, 4]).requiringGradient(), offsets: try Tensor(.nan, shape: [1, 60, 4]))
        let losses = try MultiBoxLoss(anchors: anchors)(output, boxes: boxes, classes: classes)
        #expect(try losses.classification.item().isNaN)
        #expect(try losses.regression.item().isNaN)
        try losses.classification.backward()
    }

    @Test("Numbers out of range and a class without a column are errors that say so")
    func refusals() throws {
        let anchors = try DetectionFixture.smallAnchors(60)
        #expect(throws: TaskError.self) { try MultiBoxLoss(anchors: anchors, overlap: 0) }
        #expect(throws: TaskError.self) { try MultiBoxLoss(anchors: anchors, negativeRatio: -1) }
        #expect(throws: TaskError.self) { try MultiBoxLoss(anchors: Tensor.zeros([4])) }
        let (boxes, classes) = try DetectionFixture.objects("small", counts: [3], classes: 3)
        let output = try output("small", images: 1, anchors: 60, columns: 2)
        let error = #expect(throws: TorchError.self) { try MultiBoxLoss(anchors: anchors)(output, boxes: boxes, classes: classes) }
        #expect(error?.description.contains("an object is of class") == true)
    }

    @Test("Offsets lead from the anchors back to the boxes they were made of")
    func roundTrip() throws {
        let anchors = try DetectionFixture.smallAnchors(60)
        let (boxes, _) = try DetectionFixture.objects("round", counts: [60], classes: 1)
        let back = try decodeBoxes(encodeBoxes(boxes, anchors: anchors), anchors: anchors)
        for (mine, truth) in zip(try back.elements(as: Float.self), try boxes.elements(as: Float.self)) {
            #expect(abs(mine - truth) < 2e-6)
        }
        let overlaps = try boxOverlaps(
            Tensor([0, 0, 0.5, 1] as [Float], shape: [1, 4]), Tensor([0.25, 0, 1, 1] as [Float], shape: [1, 4]))
        #expect(try overlaps.item() == 0.25)
    }
}
