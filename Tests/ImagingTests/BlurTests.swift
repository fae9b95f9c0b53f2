import Foundation
import Testing

@testable import Imaging

@Suite("Blur")
struct BlurTests {
    private func blurred(_ image: Image, radius: Double, part: PixelRect? = nil) throws -> [UInt8] {
        var pixels = image.pixels
        try pixels.withUnsafeMutableBufferPointer {
            try GaussianBlur(radius: radius).apply(
                to: $0, width: image.width, part: part ?? PixelRect(x: 0, y: 0, width: image.width, height: image.height))
        }
        return pixels
    }

    /// A picture of values that hang together nowhere.
    private func noise(_ width: Int, _ height: Int) throws -> Image {
        try Image(
            width: width, height: height, channels: 3, pixels: (0..<width * height * 3).map { UInt8(truncatingIfNeeded: $0 * 89 ^ $0 >> 3) }
        )
    }

    @Test("Every pixel is the bell's weighted mean over both axes at once", arguments: [0.3, 0.8, 2])
    func equalsDefinition(radius: Double) throws {
        let image = try noise(13, 9)
        let found = try blurred(image, radius: radius)
        let reach = Int((3 * radius).rounded(.up))
        for y in 0..<9 {
            for x in 0..<13 {
                for channel in 0..<3 {
                    var (sum, total) = (0.0, 0.0)
                    for dy in -reach...reach {
                        for dx in -reach...reach {
                            let weight = exp(-Double(dx * dx + dy * dy) / (2 * radius * radius))
                            let place = min(max(y + dy, 0), 8) * 13 + min(max(x + dx, 0), 12)
                            sum += weight * Double(image.pixels[3 * place + channel])
                            total += weight
                        }
                    }
                    #expect(abs(sum / total - Double(found[3 * (y * 13 + x) + channel])) <= 0.51)
                }
            }
        }
    }

    @Test("A part is blurred as if it were all, and nothing around it is touched; radius 0 changes nothing")
    func part() throws {
        let image = try noise(20, 16)
        let part = PixelRect(x: 4, y: 5, width: 9, height: 7)
        let found = try Image(width: 20, height: 16, channels: 3, pixels: blurred(image, radius: 1, part: part))
        #expect(try found.cropped(to: part).pixels == blurred(image.cropped(to: part), radius: 1))
        for index in 0..<320 where !(4..<13).contains(index % 20) || !(5..<12).contains(index / 20) {
            #expect(found.pixels[3 * index] == image.pixels[3 * index])
        }
        #expect(try blurred(image, radius: 0) == image.pixels)
        #expect(throws: ImagingError.self) { try blurred(image, radius: -1) }
        #expect(throws: ImagingError.self) { try blurred(image, radius: 1, part: PixelRect(x: 12, y: 0, width: 9, height: 2)) }
    }
}
