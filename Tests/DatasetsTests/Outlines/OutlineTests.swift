import Imaging
import Testing

@testable import Datasets

@Suite("Masks of outlines")
struct OutlineTests {
    private func painted(
        _ width: Int, _ height: Int, _ paint: (inout OutlinePainter) throws -> Void
    ) throws -> [[UInt8]] {
        var painter = try OutlinePainter(PixelSize(width: width, height: height))
        try paint(&painter)
        guard case .pixels(let image) = try painter.mask() else { return [] }
        return (0..<height).map { Array(image.pixels[$0 * width..<($0 + 1) * width]) }
    }

    private func json(_ text: String) throws -> JSONValue { try JSONValue(document: Array(text.utf8), place: "test") }

    @Test("A pixel is an object's where its middle is; what lies beyond the picture is cut off")
    func polygons() throws {
        let square = try painted(6, 4) { try $0.paint(polygon: [1, 1, 4, 1, 4, 3, 1, 3], classID: 7) }
        #expect(square == [[0, 0, 0, 0, 0, 0], [0, 7, 7, 7, 0, 0], [0, 7, 7, 7, 0, 0], [0, 0, 0, 0, 0, 0]])
        // Half a pixel further nothing has changed, and a little more moves it.
        #expect(try painted(6, 4) { try $0.paint(polygon: [1.4, 1.4, 4.4, 1.4, 4.4, 3.4, 1.4, 3.4], classID: 7) } == square)
        let moved = try painted(6, 4) { try $0.paint(polygon: [1.6, 1.6, 4.6, 1.6, 4.6, 3.6, 1.6, 3.6], classID: 7) }
        #expect(
            moved.flatMap(\.self).reduce(0) { $0 + Int($1) } == 42 && moved[3] == [0, 0, 7, 7, 7, 0] && moved[1] == [0, 0, 0, 0, 0, 0])
        let beyond = try painted(3, 2) { try $0.paint(polygon: [-1e6, -1e6, 1e6, -1e6, 1e6, 1e6, -1e6, 1e6], classID: 1) }
        #expect(beyond == [[1, 1, 1], [1, 1, 1]])
        #expect(try painted(3, 2) { try $0.paint(polygon: [5, 5, 9, 5, 9, 9], classID: 1) } == [[0, 0, 0], [0, 0, 0]])
    }

    @Test("A triangle's area is what geometry says, whichever way round it is drawn")
    func area() throws {
        let corners = [10.0, 10, 410, 60, 130, 290]
        let there = try painted(500, 300) { try $0.paint(polygon: corners, classID: 1) }
        let back = try painted(500, 300) { try $0.paint(polygon: [130, 290, 410, 60, 10, 10], classID: 1) }
        #expect(there == back)
        let area = abs((410 - 10) * (290 - 10) - (130 - 10) * (60 - 10)) / 2
        #expect(abs(there.joined().count { $0 == 1 } - area) < 60)
    }

    @Test("Pixels of two classes are nobody's; of one class they are that class's")
    func overlaps() throws {
        let rows = try painted(4, 1) {
            try $0.paint(polygon: [0, 0, 3, 0, 3, 1, 0, 1], classID: 1)
            try $0.paint(polygon: [1, 0, 4, 0, 4, 1, 1, 1], classID: 2)
            try $0.paint(polygon: [2, 0, 4, 0, 4, 1, 2, 1], classID: 2)
        }
        #expect(rows == [[1, 255, 255, 2]])
        let crossed = try painted(5, 5) { try $0.paint(polygon: [0, 0, 5, 0, 0, 5, 5, 5], classID: 1) }
        #expect(crossed[0] == [1, 1, 1, 1, 0] && crossed[2] == [0, 0, 0, 0, 0] && crossed[4] == crossed[0])
    }

    @Test("Runs as numbers and as pycocotools' text are one mask")
    func runs() throws {
        let text = try painted(10, 20) {
            try $0.paint(.object(["size": .array([.number(20), .number(10)]), "counts": .string("[1>600DK953000000MC`0")]), classID: 3)
        }
        let numbers = try painted(10, 20) {
            try $0.paint(
                .object([
                    "size": .array([.number(20), .number(10)]),
                    "counts": .array([43, 14, 6, 14, 6, 2, 1, 11, 6, 14, 6, 14, 6, 14, 6, 14, 3, 1, 19].map { .number($0) }),
                ]), classID: 3)
        }
        #expect(text == numbers)
        for (y, row) in text.enumerated() {
            for (x, value) in row.enumerated() {
                let isObject = (3..<17).contains(y) && (2..<9).contains(x) && !(x == 4 && y == 5) || x == 9 && y == 0
                #expect(value == (isObject ? 3 : 0))
            }
        }
    }

    @Test(
        "What is no outline is refused, and takes neither time nor memory",
        arguments: [
            "[]", "null", "[1, 2, 3, 4, 5, 6]", "[[1, 2, 3, 4, 5]]", "[[1, 2, 3]]", "[[1, 2, 3, 4, 5, \"6\"]]",
            "[[1, 2, 3, 4, 5, 1e300]]",
            "{\"counts\": [200]}", "{\"size\": [20, 10]}", "{\"size\": [10, 20], \"counts\": [200]}",
            "{\"size\": [20, 10], \"counts\": [199]}",
            "{\"size\": [20, 10], \"counts\": [201]}", "{\"size\": [20, 10], \"counts\": [-1, 201]}",
            "{\"size\": [20, 10], \"counts\": [1e300]}", "{\"size\": [20, 10], \"counts\": \"P\"}",
            "{\"size\": [20, 10], \"counts\": \"é\"}",
            "{\"size\": [20, 10], \"counts\": \"ooooooooooooooooooooo\"}", "{\"size\": [20, 10], \"counts\": \"\"}",
        ])
    func broken(text: String) throws {
        let value = try json(text)
        #expect(throws: OutlineFault.self) { _ = try painted(10, 20) { try $0.paint(value, classID: 1) } }
    }

    @Test("A size that no picture has, and more corners than can be drawn, are refused")
    func limits() throws {
        #expect(throws: OutlineFault.self) { try OutlinePainter(PixelSize(width: 1 << 20, height: 1 << 20)) }
        #expect(throws: OutlineFault.self) { try OutlinePainter(PixelSize(width: .max, height: 3)) }
        #expect(throws: OutlineFault.self) { try OutlinePainter(PixelSize(width: 0, height: 3)) }
        var painter = try OutlinePainter(PixelSize(width: 1, height: 20_000))
        let corners: [Double] = (0..<60_000).flatMap { (corner: Int) -> [Double] in corner.isMultiple(of: 2) ? [0, 0] : [1, 20_000] }
        #expect(throws: OutlineFault.self) { try painter.paint(polygon: corners, classID: 1) }
    }
}
