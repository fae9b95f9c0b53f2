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
                + "pass your own weights with --pretrained FILE, or choose one of resnet18, resnet34, resnet50, resnet101, resnet152."
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
