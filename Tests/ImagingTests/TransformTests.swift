import Imaging
import Testing

@Suite("Transforming")
struct TransformTests {
    @Test("Resizing agrees with Pillow's BILINEAR to one level", arguments: ["20x11", "5x4", "90x61", "45x20", "60x10", "1x1"])
    func resize(size: String) throws {
        let image = try Fixture.pixels("scene.ppm")
        for (source, ending) in [(image, "ppm"), (image.grey(), "pgm")] {
            let expected = try Fixture.pixels("resize-\(size).\(ending)")
            let resized = try source.resized(width: expected.width, height: expected.height)
            #expect(largestDifference(resized, expected) <= 1)
        }
    }

    @Test("Resizing a fractional part agrees with Pillow's box")
    func resizeBox() throws {
        let part = FractionalRect(x: 7.25, y: 3.5, width: 26.5, height: 26.625)
        let resized = try Fixture.pixels("scene.ppm").resized(from: part, width: 13, height: 17)
        #expect(try largestDifference(resized, Fixture.pixels("resize-box.ppm")) <= 1)
    }

    @Test("Resizing to the same size changes nothing; mirrored is the mirror image of resized")
    func resizeIdentities() throws {
        let image = try Fixture.pixels("scene.ppm")
        #expect(try image.resized(width: image.width, height: image.height) == image)
        let part = FractionalRect(x: 1.5, y: 2.25, width: 40, height: 30)
        #expect(
            try image.resized(from: part, width: 17, height: 9, mirrored: true)
                == image.resized(from: part, width: 17, height: 9).flippedHorizontally())
        let grey = image.grey()
        #expect(try grey.resized(width: 99, height: 9, mirrored: true) == grey.resized(width: 99, height: 9).flippedHorizontally())
    }

    @Test("The shorter side takes the size asked for, the longer whole-number division", arguments: [(45, 37), (37, 45), (40, 40)])
    func shorterSide(width: Int, height: Int) throws {
        let image = try Image(width: width, height: height, filledWith: [7])
        let resized = try image.resizedShorterSide(to: 30)
        #expect(min(resized.width, resized.height) == 30)
        #expect(max(resized.width, resized.height) == 30 * max(width, height) / min(width, height))
        #expect((resized.width > resized.height) == (width > height))
        #expect(resized.pixels.allSatisfy { $0 == 7 })
    }

    @Test("Nearest-neighbour resizing keeps values apart")
    func nearest() throws {
        let mask = try Image(width: 3, height: 2, channels: 1, pixels: [0, 100, 200, 3, 4, 5])
        let doubled = try mask.resizedNearest(width: 6, height: 4)
        #expect(doubled.pixels == [0, 0, 100, 100, 200, 200, 0, 0, 100, 100, 200, 200, 3, 3, 4, 4, 5, 5, 3, 3, 4, 4, 5, 5])
        #expect(try doubled.resizedNearest(width: 3, height: 2) == mask)
        #expect(try mask.resizedNearest(from: .init(x: 1, y: 0, width: 2, height: 1), width: 2, height: 2).pixels == [100, 200, 100, 200])
    }

    @Test("A crop takes whole pixels; the centre crop leaves the odd one at the right and the bottom")
    func crop() throws {
        let image = try Image(width: 4, height: 3, channels: 1, pixels: Array(0..<12))
        #expect(try image.cropped(to: PixelRect(x: 1, y: 1, width: 2, height: 2)).pixels == [5, 6, 9, 10])
        #expect(try image.centreCropped(width: 3, height: 2).pixels == [0, 1, 2, 4, 5, 6])
        #expect(try image.padded(left: 1, bottom: 1, with: [9]).pixels == [9, 0, 1, 2, 3, 9, 4, 5, 6, 7, 9, 8, 9, 10, 11, 9, 9, 9, 9, 9])
        let error = #expect(throws: ImagingError.self) { try image.centreCropped(width: 5, height: 2) }
        #expect(error?.description == "A crop of 5×2 does not fit into a picture of 4×3 pixels.")
    }

    @Test("A picture is copied into its slot, mirrored on request")
    func write() throws {
        let image = try Image(width: 2, height: 2, channels: 3, pixels: Array(0..<12))
        var batch = [UInt8](repeating: 99, count: 26)
        try batch.withUnsafeMutableBufferPointer { buffer in
            try image.write(into: UnsafeMutableBufferPointer(rebasing: buffer[1..<13]))
            try image.write(into: UnsafeMutableBufferPointer(rebasing: buffer[13..<25]), mirrored: true)
            #expect(throws: ImagingError.self) { try image.write(into: buffer) }
        }
        #expect(batch == [99] + Array(0..<12) + [3, 4, 5, 0, 1, 2, 9, 10, 11, 6, 7, 8] + [99])
        #expect(image.flippedHorizontally().pixels == [3, 4, 5, 0, 1, 2, 9, 10, 11, 6, 7, 8])
    }

    @Test(
        "HLS shifts agree with OpenCV's conversions",
        arguments: [(0, 36, 50, -50), (1, -36, -50, 50), (2, 5, 0, 0), (3, 0, 30, 0), (4, 0, 0, 17)])
    func hls(number: Int, hue: Int, saturation: Int, lightness: Int) throws {
        let adjusted = try Fixture.pixels("hls.ppm").adjustingHLS(hue: hue, saturation: saturation, lightness: lightness)
        let expected = try Fixture.pixels("hls\(number).ppm")
        // The last bit of a quotient may tip a half to the other side.
        let off = zip(adjusted.pixels, expected.pixels).count { abs(Int($0) - Int($1)) > 1 }
        #expect(off == 0)
        let differing = zip(adjusted.pixels, expected.pixels).count { $0 != $1 }
        #expect(differing <= adjusted.pixels.count / 100, "\(differing) of \(adjusted.pixels.count)")
    }

    @Test("The identity warp changes nothing, whole shifts move pixels and fill what is uncovered")
    func affineShift() throws {
        let image = try Fixture.pixels("scene.ppm")
        #expect(try image.affineWarped(.identity, width: image.width, height: image.height) == image)
        let moved = try image.affineWarped(.translation(x: 3, y: -2), width: image.width, height: image.height, fill: 200)
        let kept = try image.cropped(to: PixelRect(x: 0, y: 2, width: image.width - 3, height: image.height - 2))
        #expect(try moved == kept.padded(left: 3, bottom: 2, with: [200]))
        let halves = try Image(width: 2, height: 1, channels: 1, pixels: [0, 100])
        #expect(try halves.affineWarped(.translation(x: 0.5, y: 0), width: 3, height: 1, fill: 200).pixels == [100, 50, 150])
    }

    @Test("A general warp agrees with OpenCV but for its rounding of places to 1/32 pixel")
    func affine() throws {
        let matrix = AffineMatrix(0.9, -0.2, 6.5, 0.15, 1.1, -4.25)
        let warped = try Fixture.pixels("scene.ppm").affineWarped(matrix, width: 50, height: 40)
        let expected = try Fixture.pixels("affine.ppm")
        let differences = zip(warped.pixels, expected.pixels).map { abs(Int($0) - Int($1)) }
        // 1/64 pixel off on two axes, at an edge of up to 255 levels a pixel.
        #expect((differences.max() ?? 256) <= 8)
        #expect(Double(differences.reduce(0, +)) / Double(differences.count) < 0.6)
    }

    @Test("An affine matrix and its inverse undo each other; a squeezed plane has no inverse")
    func affineInverse() throws {
        let matrix = AffineMatrix.rotation(degrees: 7).then(.scaling(x: 2, y: 3)).then(.translation(x: 5, y: -1))
        let back = try matrix.then(#require(matrix.inverse))
        let wrong = [back.a - 1, back.b, back.c, back.d, back.e - 1, back.f].map(abs).max() ?? 1
        #expect(wrong < 1e-12)
        #expect(AffineMatrix(1, 2, 0, 2, 4, 0).inverse == nil)
        #expect(AffineMatrix(.nan, 2, 0, 2, 4, 0).inverse == nil)
    }

    @Test("Nonsense sizes and parts are errors")
    func nonsense() throws {
        let image = try Fixture.pixels("scene.ppm")
        #expect(throws: ImagingError.self) { try image.resized(width: 0, height: 3) }
        #expect(throws: ImagingError.self) { try image.resized(width: .max, height: 3) }
        for part in [
            FractionalRect(x: 40, y: 0, width: 6, height: 2), FractionalRect(x: .nan, y: 0, width: 6, height: 2),
            FractionalRect(x: 1, y: 1, width: 0, height: 1), FractionalRect(x: 0, y: -1, width: 3, height: 3),
        ] {
            #expect(throws: ImagingError.self) { try image.resized(from: part, width: 3, height: 3) }
        }
        #expect(throws: ImagingError.self) { try image.resizedShorterSide(to: 0) }
        #expect(throws: ImagingError.self) { try Image(width: 2, height: 2, channels: 2, pixels: [UInt8](repeating: 0, count: 8)) }
        #expect(throws: ImagingError.self) { try Image(width: 2, height: 2, channels: 3, pixels: [1]) }
        #expect(throws: ImagingError.self) { try Image(width: .max, height: .max, filledWith: [0]) }
    }
}
