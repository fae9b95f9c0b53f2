import Datasets
import Imaging

/// One scene in the making.
struct Scene {
    private(set) var boxes: [BoundingBox] = []
    /// Of each pixel 0 for the cloth, or a garment's class + 1.
    private var classes: [UInt8]
    private var pixels: [UInt8]
    private let side: Int
    private var random: RandomStream

    /// A cloth: a colour that runs into another, with threads that are a little lighter or darker.
    init(side: Int, random: RandomStream) {
        self.side = side
        var random = random
        let (from, to) = (Self.colour(0.15...0.55, &random), Self.colour(0.15...0.55, &random))
        let threads = (0..<side).map { _ in Int.random(in: -9...9, using: &random) }
        let isHorizontal = Bool.random(using: &random)
        classes = [UInt8](repeating: 0, count: side * side)
        pixels = []
        pixels.reserveCapacity(side * side * 3)
        for y in 0..<side {
            for x in 0..<side {
                let (along, across) = isHorizontal ? (x, y) : (y, x)
                for channel in 0..<3 {
                    let mixed = from[channel] + (to[channel] - from[channel]) * Double(along) / Double(side)
                    pixels.append(UInt8(min(255, max(0, Int(mixed * 255) + threads[across]))))
                }
            }
        }
        self.random = random
    }

    /// The scene so far.
    var picture: Image { get throws { try Image(width: side, height: side, channels: 3, pixels: pixels) } }

    /// The classes of its pixels.
    var mask: Image { get throws { try Image(width: side, height: side, channels: 1, pixels: classes) } }

    /// Lays two to seven garments down, of which none hides much of another.
    mutating func lay(garmentsFrom source: ClassificationDataset) throws {
        let count = Int.random(in: 2...7, using: &random)
        for _ in 0..<count * 3 where boxes.count < count {
            let record = try source.record(at: Int.random(in: 0..<source.count, using: &random))
            guard case .pixels(let small) = record.payload, case .single(let classID) = record.label else { continue }
            let size = Int(Double(side) * Double.random(in: 0.16...0.46, using: &random))
            let garment = try small.resized(width: size, height: size, mirrored: Bool.random(using: &random))
            let (left, top) = (
                Int.random(in: -size / 8...side - size * 7 / 8, using: &random),
                Int.random(in: -size / 8...side - size * 7 / 8, using: &random)
            )
            guard let box = box(of: garment, left, top, classID), boxes.allSatisfy({ overlap($0, box) < 0.12 }) else { continue }
            paint(garment, left, top, Self.colour(0.45...1, &random), UInt8(classID + 1))
            boxes.append(box)
        }
    }

    /// A pixel this dark is background in Fashion-MNIST.
    private static let threshold: UInt8 = 24

    /// The rectangle around the pixels that are garment and lie in the scene; nil where most of it would be cut off.
    private func box(of garment: Image, _ left: Int, _ top: Int, _ classID: Int) -> BoundingBox? {
        var (xs, ys, all, seen) = (Int.max...Int.max, Int.max...Int.max, 0, 0)
        for y in 0..<garment.height {
            for x in 0..<garment.width where garment.pixels[y * garment.width + x] > Self.threshold {
                all += 1
                let (column, row) = (left + x, top + y)
                guard (0..<side).contains(column), (0..<side).contains(row) else { continue }
                xs = seen == 0 ? column...column : min(xs.lowerBound, column)...max(xs.upperBound, column)
                ys = seen == 0 ? row...row : min(ys.lowerBound, row)...max(ys.upperBound, row)
                seen += 1
            }
        }
        guard seen * 4 > all * 3, seen > 40 else { return nil }
        let unit = 1 / Double(side)
        return BoundingBox(
            classID: classID, left: Double(xs.lowerBound) * unit, top: Double(ys.lowerBound) * unit,
            right: Double(xs.upperBound + 1) * unit,
            bottom: Double(ys.upperBound + 1) * unit)
    }

    /// The share of the smaller box that both cover.
    private func overlap(_ a: BoundingBox, _ b: BoundingBox) -> Double {
        let width = min(a.right, b.right) - max(a.left, b.left)
        let height = min(a.bottom, b.bottom) - max(a.top, b.top)
        guard width > 0, height > 0 else { return 0 }
        return width * height / min(a.width * a.height, b.width * b.height)
    }

    private mutating func paint(_ garment: Image, _ left: Int, _ top: Int, _ colour: [Double], _ class: UInt8) {
        for y in 0..<garment.height {
            for x in 0..<garment.width {
                let value = garment.pixels[y * garment.width + x]
                let (column, row) = (left + x, top + y)
                guard value > Self.threshold, (0..<side).contains(column), (0..<side).contains(row) else { continue }
                classes[row * side + column] = `class`
                // Soft edges: dark pixels at the rim let the cloth through.
                let opacity = min(1, Double(value - Self.threshold) / 60)
                let shade = 0.35 + 0.65 * Double(value) / 255
                for channel in 0..<3 {
                    let place = (row * side + column) * 3 + channel
                    let mixed = Double(pixels[place]) * (1 - opacity) + colour[channel] * shade * 255 * opacity
                    pixels[place] = UInt8(min(255, max(0, mixed)))
                }
            }
        }
    }

    private static func colour(_ range: ClosedRange<Double>, _ random: inout RandomStream) -> [Double] {
        (0..<3).map { _ in Double.random(in: range, using: &random) }
    }
}
