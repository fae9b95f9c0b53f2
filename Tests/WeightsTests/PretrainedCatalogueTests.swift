import Foundation
import Testing

@testable import Weights

struct PretrainedCatalogueTests {
    @Test("Names are found however they are written, V1 by default")
    func find() throws {
        let entry = try PretrainedCatalogue.find("ResNet-50")
        #expect(entry.file == "resnet50-0676ba61.pth")
        #expect(entry.url == "https://download.pytorch.org/models/resnet50-0676ba61.pth")
        #expect(entry.hashPrefix == "0676ba61")
        #expect(entry.preprocessing.resizeShorterSide == 256)
        #expect(entry.preprocessing.mean == [0.485, 0.456, 0.406])
        let second = try PretrainedCatalogue.find("resnet50", variant: .v2)
        #expect(second.file == "resnet50-11ad3fa6.pth" && second.preprocessing.resizeShorterSide == 232)
        #expect(try PretrainedCatalogue.find("vgg-16").file == "vgg16-397923af.pth")
    }

    @Test("A network without published weights is refused with what to do")
    func unpublished() {
        #expect(
            weightsError { try PretrainedCatalogue.find("resnet-200") }?.description
                == "No pretrained ImageNet weights are published for the network resnet-200: train from scratch (use_pretrained_model=0), "
                + "pass your own weights with --pretrained FILE, or choose one of resnet18, resnet34, resnet50, resnet101, resnet152, vgg16."
        )
        #expect(
            weightsError { try PretrainedCatalogue.find("resnet18", variant: .v2) }?.description
                == "No V2 weights are published for resnet18: use V1.")
    }

    @Test("Every entry's file carries eight digits of its checksum, and deeper networks are more accurate")
    func entries() {
        #expect(PretrainedCatalogue.entries.allSatisfy { $0.hashPrefix.count == 8 && $0.hashPrefix.allSatisfy(\.isHexDigit) })
        #expect(Set(PretrainedCatalogue.entries.map(\.file)).count == PretrainedCatalogue.entries.count)
        for variant in PretrainedWeights.Variant.allCases {
            let accuracies = PretrainedCatalogue.entries.filter { $0.variant == variant && $0.network != "vgg16" }.map(\.top1)
            #expect(accuracies == accuracies.sorted())
        }
    }

    @Test("The cache lies where the environment says")
    func cache() {
        func folder(_ environment: [String: String]) -> String { WeightCache(environment: environment).folder }
        #expect(folder(["SIGHTLINE_CACHE": "/c", "XDG_CACHE_HOME": "/x", "HOME": "/h"]) == "/c/weights")
        #expect(folder(["SIGHTLINE_CACHE": "", "XDG_CACHE_HOME": "/x", "HOME": "/h"]) == "/x/sightline/weights")
        #expect(folder(["XDG_CACHE_HOME": "relative", "HOME": "/h"]) == "/h/.cache/sightline/weights")
        #expect(WeightCache(environment: ["SIGHTLINE_WEIGHTS_MIRROR": "/m"]).mirror == "/m")
        #expect(WeightCache(environment: [:]).mirror == nil)
    }

    @Test("A mirror may be a URL, a file URL or a folder, with or without a slash at its end")
    func origins() {
        func origin(_ mirror: String?) -> WeightCache.Origin {
            WeightCache(folder: "/c", mirror: mirror).origin(of: "a.pth", url: "https://p/a.pth")
        }
        #expect(origin(nil) == .url("https://p/a.pth"))
        #expect(origin("https://m/w/") == .url("https://m/w/a.pth"))
        #expect(origin("file:///m") == .localFile("/m/a.pth"))
        #expect(origin("m/") == .localFile("m/a.pth"))
    }
}

struct InflateTests {
    /// `zlib.compressobj(wbits=…)` of Python for b"sightline " * 5.
    static let raw: [UInt8] = [0x2B, 0xCE, 0x4C, 0xCF, 0x28, 0xC9, 0xC9, 0xCC, 0x4B, 0x55, 0x28, 0x26, 0x92, 0x05, 0x00]
    static let text = [UInt8](String(repeating: "sightline ", count: 5).utf8)
    static let gzip: [UInt8] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 0xFF] + raw

    private func inflate(_ bytes: [UInt8], _ wrapping: Inflate.Wrapping, limit: Int = 1000) -> Result<[UInt8], Inflate.Fault> {
        bytes.withUnsafeBytes { buffer in Result { () throws(Inflate.Fault) in try Inflate.inflate(buffer, wrapping, limit: limit) } }
    }

    @Test("Raw deflate inflates within its limit")
    func rawDeflate() {
        #expect(inflate(Self.raw, .raw) == .success(Self.text))
        #expect(inflate(Self.raw, .raw, limit: Self.text.count) == .success(Self.text))
        #expect(inflate(Self.raw, .raw, limit: Self.text.count - 1) == .failure(.tooLarge))
        #expect(inflate(Array(Self.raw.dropLast(3)), .raw) == .failure(.truncated))
        #expect(inflate([0xFF, 0xFF], .raw) == .failure(.damaged))
        #expect(inflate([], .raw) == .failure(.truncated))
    }

    @Test("gzip members are joined, and a wrong checksum is found")
    func gzipMembers() {
        let crc = Self.text.withUnsafeBytes(Inflate.crc32)
        let trailer = withUnsafeBytes(of: (crc.littleEndian, UInt32(Self.text.count).littleEndian)) { Array($0) }
        #expect(inflate(Self.gzip + trailer, .gzip) == .success(Self.text))
        #expect(inflate(Self.gzip + trailer + Self.gzip + trailer, .gzip) == .success(Self.text + Self.text))
        #expect(inflate(Self.gzip + [trailer[0] ^ 1] + trailer[1...], .gzip) == .failure(.damaged))
        #expect(Array("123456789".utf8).withUnsafeBytes(Inflate.crc32) == 0xCBF4_3926)
    }
}
