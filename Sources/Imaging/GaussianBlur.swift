import Foundation

/// A blur with a bell of weights: every pixel becomes the mean of those around it, weighted by exp(−distance² / 2σ²) up to 3σ away.
public struct GaussianBlur: Sendable, Equatable {
    /// The standard deviation σ, in pixels.
    public let radius: Double

    /// A blur of a standard deviation; 0 changes nothing.
    public init(radius: Double) { self.radius = radius }

    /// The weights of the pixel itself and of its neighbours to one side; all of both sides add up to 1.
    var weights: [Float] {
        let reach = Int((3 * radius).rounded(.up))
        let bell = (0...max(0, reach)).map { exp(-Double($0 * $0) / max(2 * radius * radius, .leastNormalMagnitude)) }
        let sum = bell[0] + 2 * bell.dropFirst().reduce(0, +)
        return bell.map { Float($0 / sum) }
    }

    /// Blurs `part` of the RGB pixels (H, W, 3) of a picture of `width` columns, in place; beyond the part its edge goes on.
    /// - Throws: ``ImagingError`` for a part that is not inside, and a radius that is not 0 to 100.
    public func apply(to pixels: UnsafeMutableBufferPointer<UInt8>, width: Int, part: PixelRect) throws {
        guard width > 0, part.lies(inWidth: width, height: pixels.count / (3 * width)) else {
            throw ImagingError(
                .invalidArgument, "The part \(part.width)×\(part.height) at (\(part.x), \(part.y)) is not inside the picture.")
        }
        guard (0...100).contains(radius) else { throw ImagingError(.invalidArgument, "A blur has a radius of 0 to 100, not \(radius).") }
        guard radius > 0 else { return }
        let weights = weights
        let (reach, length) = (weights.count - 1, 3 * part.width)
        // A row between copies of its ends, and the rows blurred along themselves.
        var row = [Float](repeating: 0, count: length + 6 * reach)
        var rows = [Float](repeating: 0, count: length * part.height)
        var sum = [Float](repeating: 0, count: length)
        for y in 0..<part.height {
            let start = 3 * ((part.y + y) * width + part.x)
            for x in -reach..<part.width + reach {
                let from = start + 3 * min(max(x, 0), part.width - 1)
                for channel in 0..<3 { row[3 * (x + reach) + channel] = Float(pixels[from + channel]) }
            }
            for index in 0..<length {
                var value = weights[0] * row[index + 3 * reach]
                for step in stride(from: 1, through: reach, by: 1) {
                    value += weights[step] * (row[index + 3 * (reach - step)] + row[index + 3 * (reach + step)])
                }
                rows[y * length + index] = value
            }
        }
        for y in 0..<part.height {
            for index in 0..<length { sum[index] = weights[0] * rows[y * length + index] }
            for step in stride(from: 1, through: reach, by: 1) {
                let above = max(0, y - step) * length, below = min(part.height - 1, y + step) * length
                for index in 0..<length { sum[index] += weights[step] * (rows[above + index] + rows[below + index]) }
            }
            let start = 3 * ((part.y + y) * width + part.x)
            for index in 0..<length { pixels[start + index] = UInt8(min(max(sum[index].rounded(), 0), 255)) }
        }
    }
}
