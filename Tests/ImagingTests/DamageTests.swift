import Foundation
import Imaging
import Testing

@Suite("Damaged and foreign files")
struct DamageTests {
    @Test(
        "A picture cut off anywhere is an error, never a crash nor a picture",
        arguments: ["420.jpg", "progressive.jpg", "restart.jpg", "cmyk.jpg", "rgb8.png", "rgb8-interlaced.png", "palette4.png"])
    func truncated(name: String) throws {
        let bytes = try Fixture.bytes(name)
        // Every length of the last bytes and of the headers, every seventh between.
        for length in 0..<bytes.count where length < 700 || length > bytes.count - 100 || length % 7 == 0 {
            #expect(throws: ImagingError.self, "\(length) of \(bytes.count) bytes") { try Image(decoding: bytes[..<length]) }
        }
    }

    @Test("Bytes after the end of a picture are no damage", arguments: ["420", "progressive", "rgb8"])
    func trailing(name: String) throws {
        let bytes = try Fixture.bytes(name == "rgb8" ? "rgb8.png" : "\(name).jpg") + [0, 1, 0xFF, 2, 0xFF]
        let whole = try Fixture.pixels("\(name).ppm")
        #expect(try Image(decoding: bytes) == whole)
        let rect = PixelRect(x: 3, y: 4, width: 20, height: 9)
        let region = try Image.decodingRegion(rect, of: bytes, toCover: (20, 9))
        #expect(try region.resized(width: 20, height: 9) == whole.cropped(to: rect))
    }

    @Test("A tolerant decoder accepts a JPEG cut off in its pixels and keeps the rows before the cut")
    func tolerant() throws {
        let picture = try scene(width: 64, height: 128)
        let bytes = try picture.encodedJPEG()
        let whole = try Image(decoding: bytes)
        let cut = try Image(decoding: bytes[..<(bytes.count * 3 / 4)], options: .init(tolerant: true))
        let top = PixelRect(x: 0, y: 0, width: 64, height: 48)
        #expect(try cut.cropped(to: top) == whole.cropped(to: top))
        #expect(cut != whole)
    }

    @Test(
        "Flipped bytes never crash the decoder",
        arguments: ["420.jpg", "progressive.jpg", "ycck.jpg", "exif6.jpg", "palette4-interlaced.png", "rgba16.png"])
    func flipped(name: String) throws {
        let bytes = try Fixture.bytes(name)
        var random = SplitMix(seed: 5)
        let small = DecodeOptions(maximumPixels: 1 << 20)
        let loose = DecodeOptions(minimumShorterSide: 8, tolerant: true, maximumPixels: 1 << 20)
        var refused = 0
        for _ in 0..<300 {
            var damaged = bytes
            for _ in 0..<Int.random(in: 1...8, using: &random) {
                damaged[Int.random(in: 2..<damaged.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            do {
                let image = try Image(decoding: damaged, options: small)
                #expect(image.pixels.count == image.width * image.height * 3)
            } catch let error as ImagingError {
                #expect(!error.description.isEmpty)
                refused += 1
            }
            _ = try? Image(decoding: damaged, channels: .grey, options: loose)
            let region = PixelRect(x: 2, y: 3, width: 7, height: 9)
            _ = try? Image.decodingRegion(region, of: damaged, toCover: (3, 3), options: loose).resized(width: 3, height: 3)
            _ = try? Image.decodingIndices(damaged, options: small)
        }
        #expect(refused > 0)
    }

    @Test("A PNG's chunk takes no memory for the 2 GiB that it says it holds", arguments: ["eXIf", "zTXt", "abCd"])
    func longChunk(name: String) throws {
        var bytes = try Fixture.bytes("rgb8.png")
        bytes.insert(contentsOf: [0x7F, 0xFF, 0xFF, 0xF0] + Array(name.utf8) + [0, 0], at: 33)
        let before = try mostAddressSpace()
        #expect(throws: ImagingError.self) { try Image(decoding: bytes) }
        #expect(try mostAddressSpace() - before < 1 << 20, "in KiB")
    }

    /// The most address space that this process has had, in KiB.
    private func mostAddressSpace() throws -> Int {
        let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
        let line = try status.split(separator: "\n").first { $0.hasPrefix("VmPeak:") }.orThrow("VmPeak")
        return try line.split(separator: " ").compactMap { Int($0) }.first.orThrow("VmPeak")
    }

    @Test("Text and profiles in a PNG are passed over, broken or not")
    func ignoredChunks() throws {
        let bytes = try Fixture.bytes("rgba8.png")
        let expected = try Image(decoding: bytes)
        for name in ["tEXt", "zTXt", "iCCP", "eXIf"] {
            let chunk: [UInt8] = [0, 0, 0, 3] + Array(name.utf8) + [0x61, 0, 0, 1, 2, 3, 4]
            var longer = bytes
            longer.insert(contentsOf: chunk, at: 33)
            #expect(try Image(decoding: longer) == expected, "\(name)")
        }
    }

    @Test("A header that states more pixels than the bytes can hold is damage, found before memory is taken")
    func manyPixels() throws {
        // CRC-32 of the changed IHDR, from Python's zlib.
        var png = try Fixture.bytes("rgb8.png")
        png.replaceSubrange(16..<24, with: [0, 0, 0x3F, 0xFF, 0, 0, 0x3F, 0xFF])
        png.replaceSubrange(29..<33, with: [0x54, 0xD3, 0xFD, 0xFC])
        let message = #expect(throws: ImagingError.self) { try Image(decoding: png) }?.description ?? ""
        #expect(message.contains("bytes cannot hold the 16383×16383 pixels"), "\(message)")
        for name in ["420.jpg", "progressive.jpg", "grey.jpg"] {
            var jpeg = try Fixture.bytes(name)
            let frame = try (0..<jpeg.count - 1).first { jpeg[$0] == 0xFF && (jpeg[$0 + 1] == 0xC0 || jpeg[$0 + 1] == 0xC2) }.orThrow(name)
            jpeg.replaceSubrange(frame + 5..<frame + 9, with: [0x3F, 0xFF, 0x3F, 0xFF])
            let message = #expect(throws: ImagingError.self) { try Image(decoding: jpeg) }?.description ?? ""
            #expect(message.contains("Fewer bytes than the size in its header needs"), "\(message)")
        }
    }

    @Test("The smallest files of large pictures are whole: one colour, every kind of compression")
    func emptyPictures() throws {
        let plain = try Image(width: 2048, height: 1536, filledWith: [200])
        for bytes in [try plain.encodedPNG(), try plain.encodedJPEG(), try plain.rgb().encodedPNG(), try plain.rgb().encodedJPEG()] {
            let image = try Image(decoding: bytes, channels: .grey)
            #expect(image.width == 2048 && largestDifference(image, plain) <= 1)
        }
    }

    @Test("An error says what was found and what to do")
    func sentences() throws {
        func message(_ bytes: [UInt8]) -> String? {
            #expect(throws: ImagingError.self) { try Image(decoding: bytes) }?.description
        }
        #expect(message([]) == "The picture is empty (0 bytes). Copy it again or remove it from the data.")
        #expect(
            message(Array("<html>\n404".utf8))
                == "Neither JPEG nor PNG, but text that begins “<html>” (10 bytes). Convert it to JPEG or PNG, or remove it from the data.")
        #expect(
            message(Array("GIF89a".utf8))
                == "Neither JPEG nor PNG, but a GIF (6 bytes). Convert it to JPEG or PNG, or remove it from the data.")
        #expect(
            message([0, 1, 2, 0xFF, 0])
                == "Neither JPEG nor PNG, but bytes that begin 00 01 02 FF (5 bytes). Convert it to JPEG or PNG, or remove it from the data."
        )
        let jpeg = try Fixture.bytes("420.jpg")
        #expect(
            message(Array(jpeg[..<900]))
                == "The JPEG is damaged or cut off (900 bytes): Premature end of JPEG file. Copy it again or remove it from the data.")
        #expect(
            message(Array(jpeg[..<30]))
                == "The JPEG ends or breaks off in its header (30 bytes). Copy it again or remove it from the data.")
        let named = #expect(throws: ImagingError.self) { try Image(decoding: []) }?.naming("cats/1.jpg")
        #expect(named?.description.hasPrefix("cats/1.jpg: The picture is empty") == true)
    }

    @Test("A header with absurd sizes is refused before memory is taken", arguments: ["420.jpg", "rgb8.png"])
    func absurd(name: String) throws {
        var bytes = try Fixture.bytes(name)
        if name.hasSuffix("png") {
            bytes.replaceSubrange(16..<24, with: [0x7F, 0xFF, 0xFF, 0xFF, 0x7F, 0xFF, 0xFF, 0xFF])
        } else {
            let frame = try #require(bytes.indices.first { bytes[$0] == 0xFF && bytes[$0 + 1] == 0xC0 })
            bytes.replaceSubrange(frame + 5..<frame + 9, with: [0xFF, 0xFF, 0xFF, 0xFF])
        }
        let error = #expect(throws: ImagingError.self) { try Image(decoding: bytes) }
        #expect(error?.kind == .tooLarge)
        let remedy = "at most 268435456 are decoded. Reduce the picture, or raise the limit if it is real."
        #expect(error?.description.hasSuffix(remedy) == true)
        #expect(throws: ImagingError.self) { try Image(decoding: bytes, options: .init(maximumPixels: .max)) }
    }
}
