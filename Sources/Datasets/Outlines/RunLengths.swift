import Imaging

/// COCO's run-length encoding of a mask.
///
/// Source: cocodataset.org, "Mask API": lengths of runs outside and inside an object in turn, column by column; as a list of numbers, or
/// as a text in which each number takes characters of 5 bits and is, from the third on, the difference to the number two before.
enum RunLengths {
    /// - Throws: ``OutlineFault`` for a text that is none.
    static func decoded(_ text: some Sequence<UInt8>) throws(OutlineFault) -> [Int] {
        var runs: [Int] = []
        var (value, shift) = (0, 0)
        for byte in text {
            guard (48..<112).contains(byte), shift < 60 else { throw OutlineFault("its runs are no text of COCO's encoding") }
            let bits = Int(byte) - 48
            value |= (bits & 0x1F) << shift
            shift += 5
            guard bits & 0x20 == 0 else { continue }
            if bits & 0x10 != 0 { value |= -1 << shift }
            if runs.count > 2 {
                let (sum, overflows) = value.addingReportingOverflow(runs[runs.count - 2])
                guard !overflows else { throw OutlineFault("its runs are longer than any picture") }
                value = sum
            }
            runs.append(value)
            (value, shift) = (0, 0)
        }
        guard shift == 0 else { throw OutlineFault("its runs are cut off") }
        return runs
    }
}

extension OutlinePainter {
    /// Paints what COCO calls a segmentation: a list of polygons, which are parts of one object, or an object of runs.
    /// - Throws: ``OutlineFault`` for anything else.
    mutating func paint(_ segmentation: JSONValue, classID: UInt8) throws(OutlineFault) {
        switch segmentation {
        case .array(let polygons) where !polygons.isEmpty:
            for polygon in polygons {
                guard case .array(let values) = polygon else {
                    throw OutlineFault("segmentation holds \(polygon.kind), not lists of corners")
                }
                var corners: [Double] = []
                corners.reserveCapacity(values.count)
                for value in values {
                    guard case .number(let number) = value else { throw OutlineFault("a corner is \(value.excerpt), not a number") }
                    corners.append(number)
                }
                // A part of one or two corners has no inside.
                if corners.count != 2, corners.count != 4 { try paint(polygon: corners, classID: classID) }
            }
        case .object:
            guard case .array(let sides)? = segmentation["size"], sides.count == 2, case .number(let height) = sides[0],
                case .number(let width) = sides[1], let height = Int(exactly: height), let width = Int(exactly: width)
            else { throw OutlineFault("segmentation has no size of two numbers") }
            let runs: [Int]
            switch segmentation["counts"] {
            case .string(let text)?: runs = try RunLengths.decoded(text.utf8)
            case .array(let values)?:
                runs = values.map { if case .number(let value) = $0 { Int(exactly: value) ?? -1 } else { -1 } }
            default: throw OutlineFault("segmentation has no counts")
            }
            try paint(runs: runs, of: PixelSize(width: width, height: height), classID: classID)
        default: throw OutlineFault.missing
        }
    }
}
