import Datasets

/// How well the boundaries of predicted regions lie on those of the truth, in one image: the F1 score of Csurka, Larlus and Perronnin,
/// "What is a good evaluation measure for semantic segmentation?" (BMVC 2013), section 3.
///
/// For each class: precision is the share of the prediction's boundary pixels that lie within a distance of one of the truth's boundary
/// pixels, recall the share of the truth's within that distance of one of the prediction's, and F1 = 2 P R / (P + R). The distance is the
/// paper's 0.75 % of the image's diagonal, Euclidean, between pixel centres: 4.5 pixels at 480 × 360. The image's score is the mean over the
/// classes that have a boundary in the truth or in the prediction.
///
/// A pixel of a class is on its boundary where one of its four neighbours is labelled with another class. Where the truth has a hole, nobody
/// knows where the boundary is: holes are cut out of the prediction, too, and make no boundary.
public struct BoundaryScores: Sendable, Equatable {
    /// F1 of each class that has a boundary in the truth or in the prediction, 0…1, by class.
    public private(set) var perClass: [(classID: Int, score: Double)] = []

    /// The share of the diagonal that boundaries may lie apart.
    public static let tolerance = 0.0075

    /// The mean over classes; nil where no class has a boundary.
    public var mean: Double? {
        perClass.isEmpty ? nil : perClass.reduce(0) { $0 + $1.score } / Double(perClass.count)
    }

    /// Compares two masks of one size, `height * width` class ids each.
    public init(predicted: [UInt8], truth: [UInt8], size: PixelSize) {
        let (width, height) = (size.width, size.height)
        guard width > 0, height > 0, predicted.count == width * height, truth.count == predicted.count else { return }
        let diagonal = (Double(width) * Double(width) + Double(height) * Double(height)).squareRoot()
        let limit = Self.tolerance * diagonal
        let seen = zip(predicted, truth).map { $1 == 255 ? 255 : $0 }
        let own = Self.boundary(of: seen, size), wanted = Self.boundary(of: truth, size)
        for classID in Set(own.keys).union(wanted.keys).sorted() {
            guard let found = own[classID], let there = wanted[classID] else {
                perClass.append((Int(classID), 0))
                continue
            }
            let precision = Self.share(of: found, near: there, width: width, limit: limit)
            let recall = Self.share(of: there, near: found, width: width, limit: limit)
            perClass.append((Int(classID), precision + recall > 0 ? 2 * precision * recall / (precision + recall) : 0))
        }
    }

    /// The boundary pixels of each class, as places in the mask, rising.
    private static func boundary(of mask: [UInt8], _ size: PixelSize) -> [UInt8: [Int]] {
        var places = [[Int]](repeating: [], count: 255)
        let (width, height) = (size.width, size.height)
        mask.withUnsafeBufferPointer { mask in
            for y in 0..<height {
                for x in 0..<width {
                    let place = y * width + x
                    let own = mask[place]
                    guard own != 255 else { continue }
                    func differs(_ other: Int) -> Bool { mask[other] != own && mask[other] != 255 }
                    if x > 0 && differs(place - 1) || x + 1 < width && differs(place + 1) || y > 0 && differs(place - width)
                        || y + 1 < height && differs(place + width)
                    {
                        places[Int(own)].append(place)
                    }
                }
            }
        }
        return Dictionary(uniqueKeysWithValues: places.indices.filter { !places[$0].isEmpty }.map { (UInt8($0), places[$0]) })
    }

    /// The share of `places` that lie within `limit` of one of `others`.
    ///
    /// For every row the nearest of `others` above and below is kept by column; a pixel looks along its row, `limit` to either side.
    private static func share(of places: [Int], near others: [Int], width: Int, limit: Double) -> Double {
        let reach = Int(limit)
        // Columns and rows of others, and nothing beyond them that could matter.
        let rows = (others[0] / width - reach)...((others[others.count - 1] / width) + reach)
        let squared = limit * limit
        let far = reach + 1
        // Rows from each pixel of the current row to the nearest of others in its column.
        let height = rows.count
        var distance = [Int32](repeating: Int32(far), count: width * height)
        let first = rows.lowerBound
        return distance.withUnsafeMutableBufferPointer { distance in
            for place in others { distance[(place / width - first) * width + place % width] = 0 }
            for row in 1..<max(1, height) {
                for x in 0..<width { distance[row * width + x] = min(distance[row * width + x], distance[(row - 1) * width + x] + 1) }
            }
            for row in stride(from: height - 2, through: 0, by: -1) {
                for x in 0..<width { distance[row * width + x] = min(distance[row * width + x], distance[(row + 1) * width + x] + 1) }
            }
            var hits = 0
            for place in places {
                let (x, row) = (place % width, place / width - first)
                guard row >= 0, row < height else { continue }
                for column in max(0, x - reach)...min(width - 1, x + reach) {
                    let (dx, dy) = (Double(column - x), Double(distance[row * width + column]))
                    if dx * dx + dy * dy <= squared {
                        hits += 1
                        break
                    }
                }
            }
            return Double(hits) / Double(places.count)
        }
    }

    /// Whether both found the same.
    public static func == (a: Self, b: Self) -> Bool {
        a.perClass.map(\.classID) == b.perClass.map(\.classID) && a.perClass.map(\.score) == b.perClass.map(\.score)
    }
}
