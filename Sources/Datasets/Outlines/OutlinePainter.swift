import Imaging

/// Makes a mask of objects' outlines: class 0 is what lies in none, and pixels of objects of different classes belong to nobody (255), as
/// torchvision's segmentation scripts have it, for nothing says which object is in front.
struct OutlinePainter {
    let size: PixelSize
    private var classIDs: [UInt8]

    /// Edges × rows that an outline may take; one of 100,000 corners over 10,000 rows is no drawing any more.
    private static let workLimit = 1 << 30

    /// `maximumPixels`: more are refused, for a size is a number in a text, and takes memory.
    /// - Throws: ``OutlineFault`` for a size that no picture has.
    init(_ size: PixelSize, maximumPixels: Int = DecodeOptions().maximumPixels) throws(OutlineFault) {
        let (count, overflows) = size.width.multipliedReportingOverflow(by: size.height)
        guard size.width > 0, size.height > 0, !overflows, count <= maximumPixels else {
            throw OutlineFault("a mask of \(size.width)×\(size.height) pixels is none that a picture has")
        }
        self.size = size
        classIDs = [UInt8](repeating: 0, count: count)
    }

    /// What was painted.
    func mask() throws -> ImagePayload { .pixels(try Image(width: size.width, height: size.height, channels: 1, pixels: classIDs)) }

    /// Paints the inside of a polygon: pixels whose middle lies within it; where it crosses itself, every other part (even-odd).
    ///
    /// `corners`: x and y in turn, in pixels from the picture's corner.
    /// - Throws: ``OutlineFault`` for fewer than three corners, or more than can be drawn.
    mutating func paint(polygon corners: [Double], classID: UInt8) throws(OutlineFault) {
        guard corners.count >= 6, corners.count.isMultiple(of: 2) else {
            throw OutlineFault("an outline has \(corners.count) numbers, and takes x and y of three corners or more")
        }
        guard corners.allSatisfy({ $0.isFinite && $0.magnitude < 1e9 }) else {
            throw OutlineFault("an outline has a corner that is no place in a picture")
        }
        let ys = stride(from: 1, to: corners.count, by: 2).map { corners[$0] }
        let first = max(0, Int((ys.min() ?? 0).rounded(.down))), last = min(size.height - 1, Int((ys.max() ?? 0).rounded(.up)))
        guard first <= last else { return }
        let (work, overflows) = (last - first + 1).multipliedReportingOverflow(by: ys.count)
        guard !overflows, work <= Self.workLimit else { throw OutlineFault("an outline has \(ys.count) corners, more than can be drawn") }
        var crossings: [Double] = []
        for row in first...last {
            crossings.removeAll(keepingCapacity: true)
            let middle = Double(row) + 0.5
            var before = corners.count - 2
            for corner in stride(from: 0, to: corners.count, by: 2) {
                let (x0, y0, x1, y1) = (corners[before], corners[before + 1], corners[corner], corners[corner + 1])
                // An edge has its upper end and not its lower one, so that a corner counts once.
                if (y0 <= middle) != (y1 <= middle) { crossings.append(x0 + (middle - y0) / (y1 - y0) * (x1 - x0)) }
                before = corner
            }
            crossings.sort()
            for pair in stride(from: 0, to: crossings.count - 1, by: 2) {
                fill(row, from: column(crossings[pair]), to: column(crossings[pair + 1]), classID)
            }
        }
    }

    /// Paints runs of pixels, columns from left to right and each from top to bottom: outside and inside in turn, as COCO has them.
    /// - Throws: ``OutlineFault`` for runs of another size than the mask's.
    mutating func paint(runs: [Int], of runSize: PixelSize, classID: UInt8) throws(OutlineFault) {
        guard runSize == size else {
            throw OutlineFault(
                "its runs are of \(runSize.width)×\(runSize.height) pixels, and the picture has \(size.width)×\(size.height)")
        }
        var place = 0
        for (number, run) in runs.enumerated() {
            guard run >= 0, run <= classIDs.count - place else { throw OutlineFault("its runs are longer than the picture") }
            if !number.isMultiple(of: 2) {
                for pixel in place..<place + run { set(pixel / size.height + pixel % size.height * size.width, classID) }
            }
            place += run
        }
        guard place == classIDs.count else { throw OutlineFault("its runs end before the picture does") }
    }

    /// The first pixel whose middle is not left of an edge.
    private func column(_ x: Double) -> Int { Int(min(max((x - 0.5).rounded(.up), 0), Double(size.width))) }

    private mutating func fill(_ row: Int, from start: Int, to end: Int, _ classID: UInt8) {
        guard start < end else { return }
        for place in row * size.width + start..<row * size.width + end { set(place, classID) }
    }

    private mutating func set(_ place: Int, _ classID: UInt8) {
        let there = classIDs[place]
        classIDs[place] = there == 0 || there == classID ? classID : 255
    }
}

/// What is wrong with an outline, without its place.
struct OutlineFault: Error, Equatable {
    let problem: String

    init(_ problem: String) { self.problem = problem }

    /// An object that nobody has outlined.
    static let missing = OutlineFault("it has no outline (segmentation)")
}
