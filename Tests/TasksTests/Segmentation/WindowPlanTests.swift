import Datasets
import Imaging
import Testing

@testable import Tasks

@Suite("Windows over large images")
struct WindowPlanTests {
    @Test(
        "Kept parts cover the image once, lie inside of what is seen, and away from its border unless that is the image's",
        arguments: [(12_000, 8_000, 1024, 128), (1025, 1024, 1024, 128), (3000, 100, 512, 64), (777, 1555, 256, 112), (64, 64, 1024, 128)])
    func covers(width: Int, height: Int, side: Int, overlap: Int) {
        let plan = WindowPlan(of: PixelSize(width: width, height: height), side: side, overlap: overlap)
        var kept = 0
        for window in plan.windows {
            let (seen, part) = (window.seen, window.kept)
            #expect(seen.lies(inWidth: width, height: height) && seen.width <= side && seen.height <= side)
            #expect(seen.x % 8 == 0 && seen.y % 8 == 0)
            #expect(part.x >= seen.x && part.y >= seen.y)
            #expect(part.x + part.width <= seen.x + seen.width && part.y + part.height <= seen.y + seen.height)
            let margin = overlap / 2
            #expect(seen.x == 0 ? part.x == 0 : part.x - seen.x >= margin)
            #expect(seen.y == 0 ? part.y == 0 : part.y - seen.y >= margin)
            #expect(seen.x + seen.width == width ? part.x + part.width == width : seen.x + seen.width - part.x - part.width >= margin)
            #expect(seen.y + seen.height == height ? part.y + part.height == height : seen.y + seen.height - part.y - part.height >= margin)
            kept += part.width * part.height
        }
        // As many pixels as there are, and no two windows keep one twice.
        #expect(kept == width * height)
        for (index, window) in plan.windows.enumerated() {
            #expect(
                plan.windows[..<index].allSatisfy { other in
                    let (a, b) = (window.kept, other.kept)
                    return a.x >= b.x + b.width || b.x >= a.x + a.width || a.y >= b.y + b.height || b.y >= a.y + a.height
                })
        }
    }
}
