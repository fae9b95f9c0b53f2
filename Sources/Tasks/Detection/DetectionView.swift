import Datasets

/// The rectangle that a training example shows of a picture's plane, in fractions of the picture: 0…1 is the picture itself, what lies
/// beyond is empty.
struct DetectionView: Equatable, Sendable {
    /// Left edge, as a fraction of the picture's width.
    var left = 0.0
    /// Top edge, as a fraction of the picture's height.
    var top = 0.0
    /// Width, as a fraction of the picture's.
    var width = 1.0
    /// Height, as a fraction of the picture's.
    var height = 1.0
    /// Whether right and left are exchanged.
    var isMirrored = false

    /// Where a box of the picture lies in the view, in fractions of the view; not clipped.
    func map(_ box: BoundingBox) -> BoundingBox {
        var mapped = box
        mapped.left = (box.left - left) / width
        mapped.right = (box.right - left) / width
        mapped.top = (box.top - top) / height
        mapped.bottom = (box.bottom - top) / height
        if isMirrored { (mapped.left, mapped.right) = (1 - mapped.right, 1 - mapped.left) }
        return mapped
    }

    /// Whether the view shows the centre of a box.
    func showsCentre(of box: BoundingBox) -> Bool {
        let x = (box.left + box.right) / 2, y = (box.top + box.bottom) / 2
        return x > left && x < left + width && y > top && y < top + height
    }

    /// The area that view and box share over the area that they cover together.
    func overlap(with box: BoundingBox) -> Double {
        let x = min(box.right, left + width) - max(box.left, left), y = min(box.bottom, top + height) - max(box.top, top)
        guard x > 0, y > 0 else { return 0 }
        return x * y / (width * height + box.width * box.height - x * y)
    }

    /// The boxes that the view keeps — those whose centre it shows — clipped to it, in its fractions.
    func objects(_ boxes: [BoundingBox]) -> [BoundingBox] {
        boxes.filter(showsCentre).compactMap { map($0).forTraining }
    }
}

/// How training views are drawn: the SSD paper's expansion, crop and flip (Liu et al. 2016, sections 2.2 and 3.6).
///
/// With probability ½ the picture is put into a canvas of 1 to 4 times its sides, anywhere. Then one of seven crops is chosen with equal
/// probability: the whole; a patch; a patch that overlaps an object by at least 0.1, 0.3, 0.5, 0.7 or 0.9 (intersection over union). A patch
/// has 0.3 to 1 of the canvas's sides in the root of their product and ½ to 2 in their ratio, and shows the centre of an object where there
/// is any. Then the view is mirrored with probability ½.
///
/// Where no patch of 40 fits, the choice is made again, as torchvision's `RandomIoUCrop` does; after 100 choices the whole is taken.
enum DetectionViewSampler {
    static let expansionProbability = 0.5
    static let largestExpansion = 4.0
    /// Overlaps that the crops ask for; nil: no crop.
    static let overlaps: [Double?] = [nil, 0, 0.1, 0.3, 0.5, 0.7, 0.9]
    static let leastScale = 0.3
    private static let patchesPerChoice = 40
    private static let choices = 100

    /// A view of a picture with these objects, which are clipped to it already.
    static func view(of boxes: [BoundingBox], random: inout RandomStream) -> DetectionView {
        var view = canvas(random: &random)
        view = crop(of: view, boxes, random: &random)
        view.isMirrored = Bool.random(using: &random)
        return view
    }

    static func canvas(random: inout RandomStream) -> DetectionView {
        guard Double.random(in: 0..<1, using: &random) < expansionProbability else { return DetectionView() }
        let side = Double.random(in: 1...largestExpansion, using: &random)
        return DetectionView(
            left: -Double.random(in: 0...(side - 1), using: &random), top: -Double.random(in: 0...(side - 1), using: &random),
            width: side, height: side)
    }

    static func crop(of canvas: DetectionView, _ boxes: [BoundingBox], random: inout RandomStream) -> DetectionView {
        for _ in 0..<choices {
            guard let overlap = overlaps[Int.random(in: 0..<overlaps.count, using: &random)] else { return canvas }
            for _ in 0..<patchesPerChoice {
                let patch = patch(of: canvas, random: &random)
                let kept = boxes.filter(patch.showsCentre)
                // Nothing to keep is nothing to lose.
                if boxes.isEmpty || kept.contains(where: { patch.overlap(with: $0) >= overlap }) { return patch }
            }
        }
        return canvas
    }

    private static func patch(of canvas: DetectionView, random: inout RandomStream) -> DetectionView {
        let scale = Double.random(in: leastScale...1, using: &random)
        // Neither side may be longer than the canvas's.
        let ratio = Double.random(in: max(0.5, scale * scale)...min(2, 1 / (scale * scale)), using: &random)
        let width = min(1, scale * ratio.squareRoot()), height = min(1, scale / ratio.squareRoot())
        let left = Double.random(in: 0...(1 - width), using: &random), top = Double.random(in: 0...(1 - height), using: &random)
        return DetectionView(
            left: canvas.left + left * canvas.width, top: canvas.top + top * canvas.height, width: width * canvas.width,
            height: height * canvas.height)
    }
}
