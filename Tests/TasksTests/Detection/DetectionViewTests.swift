import Datasets
import Imaging
import Testing

@testable import Tasks

@Suite("Views for training")
struct DetectionViewTests {
    private func views(_ count: Int, _ boxes: [BoundingBox]) -> [DetectionView] {
        (0..<count).map { number in
            var random = RandomStream(seed: 5, epoch: 1, index: number)
            return DetectionViewSampler.view(of: boxes, random: &random)
        }
    }

    /// Whether a count is what a probability lets expect, within five deviations.
    private func fits(_ count: Int, _ probability: Double, of total: Int) -> Bool {
        let expected = Double(total) * probability
        return abs(Double(count) - expected) < 5 * (expected * (1 - probability)).squareRoot()
    }

    @Test("Half of the pictures are expanded, up to four times their sides, a seventh not cropped, half mirrored")
    func probabilities() {
        let total = 7000
        let canvases = (0..<total).map { number in
            var random = RandomStream(seed: 5, epoch: 1, index: number)
            return DetectionViewSampler.canvas(random: &random)
        }
        #expect(fits(canvases.filter { $0 != DetectionView() }.count, 0.5, of: total))
        #expect(canvases.allSatisfy { $0.width == $0.height && (1...4).contains($0.width) })
        #expect(canvases.allSatisfy { $0.left <= 0 && $0.top <= 0 && $0.left + $0.width >= 1 - 1e-9 && $0.top + $0.height >= 1 - 1e-9 })
        #expect(fits(canvases.filter { $0.width > 2.5 }.count, 0.25, of: total))

        // Without objects every patch is taken.
        let views = views(total, [])
        let whole = views.filter { view in
            abs(view.width - view.height) < 1e-12 && view.width >= 1 && view.left <= 0 && view.left + view.width >= 1 - 1e-9
        }
        #expect(fits(whole.count, 1.0 / 7, of: total))
        #expect(fits(views.filter(\.isMirrored).count, 0.5, of: total))
    }

    @Test("Patches have 0.3 to 1 of the canvas's sides, ratios of 1/2 to 2, lie inside, and show an object's centre")
    func patches() {
        let boxes = [
            BoundingBox(classID: 0, left: 0.1, top: 0.1, right: 0.3, bottom: 0.4),
            BoundingBox(classID: 1, left: 0.6, top: 0.5, right: 0.9, bottom: 0.95),
        ]
        var best: [Double] = []
        for number in 0..<3000 {
            var random = RandomStream(seed: 6, epoch: 0, index: number)
            let crop = DetectionViewSampler.crop(of: DetectionView(), boxes, random: &random)
            let scale = (crop.width * crop.height).squareRoot(), ratio = crop.width / crop.height
            #expect(scale >= 0.3 - 1e-9 && scale <= 1 + 1e-9 && ratio >= 0.5 - 1e-9 && ratio <= 2 + 1e-9)
            #expect(crop.left >= 0 && crop.top >= 0 && crop.left + crop.width <= 1 + 1e-9 && crop.top + crop.height <= 1 + 1e-9)
            #expect(boxes.contains(where: crop.showsCentre))
            best.append(boxes.filter(crop.showsCentre).map { crop.overlap(with: $0) }.max() ?? 0)
        }
        // Patches of the larger overlaps are there, which unconstrained ones all but never have.
        #expect(best.filter { $0 >= 0.5 }.count > 300)
    }

    @Test("An overlap is intersection over union; boxes are kept by their centre, clipped and mirrored")
    func geometry() {
        let view = DetectionView(left: 0.25, top: 0, width: 0.5, height: 1)
        #expect(abs(view.overlap(with: BoundingBox(classID: 0, left: 0, top: 0, right: 0.5, bottom: 1)) - 1.0 / 3) < 1e-12)
        #expect(view.overlap(with: BoundingBox(classID: 0, left: 0.8, top: 0, right: 1, bottom: 1)) == 0)
        let boxes = [
            BoundingBox(classID: 0, left: 0.125, top: 0.25, right: 0.5, bottom: 0.5),
            BoundingBox(classID: 1, left: 0, top: 0, right: 0.5, bottom: 1),
        ]
        #expect(view.objects(boxes) == [BoundingBox(classID: 0, left: 0, top: 0.25, right: 0.5, bottom: 0.5)])
        var mirrored = view
        mirrored.isMirrored = true
        #expect(mirrored.objects(boxes) == [BoundingBox(classID: 0, left: 0.5, top: 0.25, right: 1, bottom: 0.5)])
    }

    @Test("Each change of colour is made half of the time, within its range")
    func distortions() {
        let total = 4000
        let all = (0..<total).map { number in
            var random = RandomStream(seed: 8, epoch: 0, index: number)
            return DetectionTransform.distortion(random: &random)
        }
        #expect(fits(all.filter { $0.brightness != 0 }.count, 0.5, of: total))
        #expect(fits(all.filter { $0.contrast != 1 }.count, 0.25, of: total))
        #expect(fits(all.filter { $0.lastContrast != 1 }.count, 0.25, of: total))
        #expect(fits(all.filter { $0.saturation != 1 }.count, 0.5, of: total))
        #expect(fits(all.filter { $0.hue != 0 }.count, 0.5, of: total))
        #expect(all.allSatisfy { abs($0.brightness) <= 32 && abs($0.hue) <= 18 && $0.contrast * $0.lastContrast <= 1.5 })
        #expect(all.allSatisfy { $0.contrast * $0.lastContrast >= 0.5 && $0.saturation >= 0.5 && $0.saturation <= 1.5 })
        #expect(all.contains { $0.brightness < -25 } && all.contains { $0.brightness > 25 } && all.contains { $0.hue < -15 })
    }
}
