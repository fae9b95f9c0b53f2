import Foundation
import Testing

@testable import Weights

/// Real files, where the machine has them beside the package.
@Suite(.enabled(if: hasRealWeights))
struct RealWeightsTests {
    static let resNets: [(depth: Int, file: String, parameters: Int)] = [
        (20, "cifar10_resnet20-12fca82f.th", 269_722), (32, "cifar10_resnet32-d509ac18.th", 464_154),
        (44, "cifar10_resnet44-014dd654.th", 658_586), (56, "cifar10_resnet56-4bfd9763.th", 853_018),
    ]

    @Test("A published legacy checkpoint has the network's names, shapes and parameter count", arguments: resNets)
    func legacy(depth: Int, file: String, parameters: Int) throws {
        let weights = try WeightFile.read(realWeights(file))
        #expect(try WeightFile.form(of: realWeights(file)) == .pyTorchLegacy)
        #expect(weights.strippedPrefix == "module.")
        let blocks = (depth - 2) / 6
        #expect(weights.count == 1 + 4 + 3 * blocks * 2 * 5 + 2)
        #expect(weights.names.first == "conv1.weight")
        #expect(weights.names.last == "linear.bias")
        #expect(weights["conv1.weight"]?.shape == [16, 3, 3, 3])
        #expect(weights["layer3.\(blocks - 1).conv2.weight"]?.shape == [64, 64, 3, 3])
        #expect(weights["linear.weight"]?.shape == [10, 64])
        // The published count leaves the running statistics out.
        let learned = weights.arrays.filter { !$0.name.contains("running") }
        #expect(learned.reduce(0) { $0 + $1.elementCount } == parameters)
        #expect(weights.arrays.allSatisfy { $0.type == .f32 && $0.floats().allSatisfy(\.isFinite) })
        #expect(weights.metadata.keys.contains("best_prec1"))
        #expect(try FileHash.sha256(realWeights(file)).hasPrefix(file.suffix(11).prefix(8)))
    }

    @Test("Legacy checkpoint and safetensors of one network hold the same bits", arguments: [0, 3])
    func sameValues(index: Int) throws {
        let (depth, file, _) = Self.resNets[index]
        let legacy = try WeightFile.read(realWeights(file))
        let safe = try WeightFile.read(realWeights("cifar10_resnet\(depth).safetensors"))
        #expect(Set(legacy.names) == Set(safe.names))
        for array in legacy.arrays {
            let other = try #require(safe[array.name])
            #expect(other.shape == array.shape && other.bytes.hasSameBytes(as: array.bytes), "\(array.name)")
        }
    }

    @Test("Half-precision safetensors of VGG-16 have the stack's shapes and finite values")
    func vgg() throws {
        let weights = try WeightFile.read(realWeights("vgg16_hed_fp16.safetensors"))
        let first = try #require(weights["features.0.weight"])
        #expect(first.type == .f16 && first.shape == [64, 3, 3, 3])
        #expect(weights["features.28.weight"]?.shape == [512, 512, 3, 3])
        #expect(weights["fuse.weight"]?.shape == [1, 5, 1, 1])
        #expect(first.floats().allSatisfy { $0.isFinite && abs($0) < 4 })
    }

    @Test("A cut legacy checkpoint says exactly how many bytes are missing", arguments: [4_000, 100_000, 1_099_230])
    func cut(size: Int) throws {
        let bytes = try contents(realWeights(Self.resNets[0].file))
        try withFolder { folder in
            let path = try file(Array(bytes[..<size]), in: folder)
            let error = try #require(weightsError { try WeightFile.read(path) })
            if size > 50_000 {
                #expect(error.kind == .truncated(missing: bytes.count - size))
                #expect(error.description.contains("\(bytes.count - size) are missing"))
            } else {
                #expect(error.description.contains("the pickle ends early"))
            }
        }
    }

    @Test("Written as safetensors and read again, a network is unchanged")
    func roundTrip() throws {
        let weights = try WeightFile.read(realWeights(Self.resNets[0].file))
        try withFolder { folder in
            let path = folder + "/copy.safetensors"
            try SafeTensors.write(weights, to: path)
            let copy = try WeightFile.read(path)
            #expect(copy.names == weights.names)
            #expect(copy.metadata == weights.metadata)
            #expect(zip(copy.arrays, weights.arrays).allSatisfy { $0.bytes.hasSameBytes(as: $1.bytes) && $0.shape == $1.shape })
        }
    }
}
