import Torch

/// The default boxes of an SSD: some at every pixel of each of its feature maps (Liu et al. 2016, section 2.2).
///
/// Scales and shapes are fractions of the image, so one table serves every size: six maps below 448 pixels, seven from there on, as in
/// the paper. Scales: torchvision's of `ssd300_vgg16` for six maps, the paper's of SSD512 on Pascal VOC for seven.
public struct AnchorBoxes: Equatable, Sendable {
    /// The anchors at the pixels of one feature map.
    public struct Map: Equatable, Sendable {
        /// Pixels along each side.
        public let side: Int
        /// How many of the map's pixels the image measures: near `side`, and a fraction where the grid was fixed in the image's pixels.
        public let across: Float
        /// Width and height of each anchor at a pixel, in fractions of the image, at most 1.
        public let boxes: [SIMD2<Float>]
    }

    /// The side in pixels of the images that they are for.
    public let size: Int
    /// The maps, finest first.
    public let maps: [Map]

    /// From this many pixels on there is a seventh map.
    static let sevenMapsFrom = 448

    /// The number of maps of a network for images of a size.
    static func mapCount(size: Int) -> Int { size < sevenMapsFrom ? 6 : 7 }

    /// Anchors at each pixel of each map, known before the network is.
    static func perPixel(size: Int) -> [Int] { ratios(size: size).map { 2 + 2 * $0.count } }

    private static func scales(size: Int) -> [Double] {
        mapCount(size: size) == 6 ? [0.07, 0.15, 0.33, 0.51, 0.69, 0.87, 1.05] : [0.07, 0.15, 0.3, 0.45, 0.6, 0.75, 0.9, 1.05]
    }

    private static func ratios(size: Int) -> [[Double]] {
        let middle = [[Double]](repeating: [2, 3], count: mapCount(size: size) - 3)
        return [[2]] + middle + [[2], [2]]
    }

    /// Anchors for square images.
    ///
    /// `sides`: of the feature maps in pixels. At 300 pixels the centres stand where the paper and torchvision have them, on grids of 8,
    /// 16, 32, 64, 100 and 300 pixels; at 512 the like. At other sizes each map's pixels share the image evenly.
    init(size: Int, sides: [Int]) {
        self.size = size
        let (scales, ratios) = (Self.scales(size: size), Self.ratios(size: size))
        let steps: [Double]? = [300: [8, 16, 32, 64, 100, 300], 512: [8, 16, 32, 64, 128, 256, 512]][size]
        maps = sides.enumerated().map { index, side in
            let scale = scales[index]
            let between = (scale * scales[index + 1]).squareRoot()
            let shapes = ratios[index].flatMap { ratio in
                let root = ratio.squareRoot()
                return [(scale * root, scale / root), (scale / root, scale * root)]
            }
            let boxes = ([(scale, scale), (between, between)] + shapes).map { SIMD2(Float(min($0, 1)), Float(min($1, 1))) }
            return Map(side: side, across: Float(steps.map { Double(size) / $0[index] } ?? Double(side)), boxes: boxes)
        }
    }

    /// The number of anchors: 8,732 at 300 pixels, 24,564 at 512.
    public var count: Int { maps.reduce(0) { $0 + $1.side * $1.side * $1.boxes.count } }

    /// `count`, 4 (float32): centre x, centre y, width, height in fractions of the image; by map, row, column and shape, in
    /// torchvision's order. Anchors may reach over the edge.
    public func tensor(on device: Device) throws -> Tensor { try Tensor(values, shape: [count, 4]).to(device) }

    /// The numbers of ``tensor(on:)``.
    public var values: [Float] {
        var values: [Float] = []
        values.reserveCapacity(4 * count)
        for map in maps {
            for row in 0..<map.side {
                for column in 0..<map.side {
                    for box in map.boxes {
                        values += [(Float(column) + 0.5) / map.across, (Float(row) + 0.5) / map.across, box.x, box.y]
                    }
                }
            }
        }
        return values
    }
}
