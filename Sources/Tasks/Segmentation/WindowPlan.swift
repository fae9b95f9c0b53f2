import Datasets
import Imaging

/// How an image that is too large to be looked at as a whole is cut into windows that overlap. What is found in a window's border, where
/// the network sees least of what is around, is taken from its neighbour.
struct WindowPlan: Equatable, Sendable {
    /// A window, and what is taken of it.
    struct Window: Equatable, Sendable {
        /// What the network sees, in the image's pixels.
        var seen: PixelRect
        /// What is kept of it: the kept parts of all windows cover the image once.
        var kept: PixelRect
    }

    /// From the top left, row by row.
    let windows: [Window]

    /// Cuts an image.
    ///
    /// - Parameters:
    ///   - size: the image's.
    ///   - side: the longest side of a window, a multiple of 8.
    ///   - overlap: columns and rows that neighbours share at least, a multiple of 8 and less than half of `side`.
    init(of size: PixelSize, side: Int, overlap: Int) {
        let columns = Self.spans(size.width, side: side, overlap: overlap), rows = Self.spans(size.height, side: side, overlap: overlap)
        windows = rows.flatMap { row in
            columns.map { column in
                Window(
                    seen: PixelRect(x: column.seen.lowerBound, y: row.seen.lowerBound, width: column.seen.count, height: row.seen.count),
                    kept: PixelRect(x: column.kept.lowerBound, y: row.kept.lowerBound, width: column.kept.count, height: row.kept.count))
            }
        }
    }

    /// The windows along one side. All begin on a multiple of 8, the networks' stride, so that their maps lie on one grid.
    private static func spans(_ length: Int, side: Int, overlap: Int) -> [(seen: Range<Int>, kept: Range<Int>)] {
        guard length > side else { return [(0..<length, 0..<length)] }
        let count = (length - overlap + side - overlap - 1) / (side - overlap)
        let step = ((length - side + count - 2) / (count - 1) + 7) / 8 * 8
        let seen = (0..<count).map { $0 * step..<min($0 * step + side, length) }
        return seen.indices.map { index in
            let first = index == 0 ? 0 : (seen[index].lowerBound + seen[index - 1].upperBound) / 2
            let end = index == count - 1 ? length : (seen[index + 1].lowerBound + seen[index].upperBound) / 2
            return (seen[index], first..<end)
        }
    }
}
