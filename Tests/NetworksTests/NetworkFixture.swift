import Foundation
import Networks
import Testing
import Torch
import Weights

/// What PyTorch computes with weights made by a formula: Tests/Fixtures/networks/README.md.
struct NetworkFixture {
    struct Facts: Decodable {
        let classes: Int
        let inputShape: [Int]
        /// Where given, the images are integers from minus this to this.
        let inputLevels: Double?
        let parameters: Int
        let largestGradient: Double
    }

    /// The training steps of a classifier's fixture.
    struct Training: Decodable {
        let labels: [Int64]
        let learningRate: Double
        let momentum: Double
        let weightDecay: Double
    }

    let facts: Facts
    let arrays: WeightDictionary
    private let description: Data

    private static var folder: URL {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("Fixtures/networks")
    }

    private static var decoder: JSONDecoder {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return decoder
    }

    init(_ name: String) throws {
        description = try Data(contentsOf: Self.folder.appendingPathComponent(name + ".json"))
        facts = try Self.decoder.decode(Facts.self, from: description)
        arrays = try Self.arrays(name)
    }

    func training() throws -> Training { try Self.decoder.decode(Training.self, from: description) }

    /// The arrays of a fixture.
    static func arrays(_ name: String) throws -> WeightDictionary {
        try SafeTensors.read(folder.appendingPathComponent(name + ".safetensors").path)
    }

    /// The first output of SplitMix64 seeded with FNV-1a of the name plus the index.
    static func bits(_ name: String, _ index: Int) -> UInt64 {
        var h: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in name.utf8 { h = (h ^ UInt64(byte)) &* 0x100_0000_01b3 }
        var z = h &+ UInt64(index) &+ 0x9e37_79b9_7f4a_7c15
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }

    static func values(_ name: String, shape: [Int], _ value: (Double) -> Double) throws -> Tensor {
        var h: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in name.utf8 { h = (h ^ UInt64(byte)) &* 0x100_0000_01b3 }
        let count = shape.reduce(1, *)
        let floats = [Float](unsafeUninitializedCapacity: count) { buffer, written in
            for index in 0..<count {
                var z = h &+ UInt64(index) &+ 0x9e37_79b9_7f4a_7c15
                z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
                z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
                z ^= z >> 31
                buffer[index] = Float(value(Double(z >> 40) / 16_777_216))
            }
            written = count
        }
        return try Tensor(floats, shape: shape)
    }

    var input: Tensor {
        get throws {
            let levels = facts.inputLevels
            return try Self.values("input", shape: facts.inputShape) { u in
                levels.map { (u * (2 * $0 + 1)).rounded(.down) - $0 } ?? 2 * u - 1
            }.channelsLast()
        }
    }

    /// Gives every tensor of the network its value by the formula.
    func fill(_ network: any Module) throws {
        try withoutGradient {
            let tensors = network.namedTensors
            let norms = Set(tensors.map(\.name).filter { $0.hasSuffix(".running_mean") }.map { $0.dropLast("running_mean".count) })
            for named in tensors {
                let isNorm = norms.contains { named.name.hasPrefix($0) }
                let hasNorms = !norms.isEmpty
                try named.tensor.copy(
                    from: Self.value(of: named, isNorm: isNorm, isPlainBackbone: !hasNorms && named.name.hasPrefix("backbone.")))
            }
        }
    }

    /// `isPlainBackbone`: of a detector without batch norms, whose activations are integers.
    private static func value(of named: NamedTensor, isNorm: Bool, isPlainBackbone: Bool) throws -> Tensor {
        let (name, shape) = (named.name, named.tensor.shape)
        let parts = name.split(separator: ".").map(String.init)
        let field = parts.last ?? ""
        if field == "running_mean" { return try values(name, shape: shape) { (2 * $0 - 1) * 0.2 } }
        if field == "running_var" { return try values(name, shape: shape) { 0.5 + $0 } }
        if shape.count > 1 {
            let fan = Double(shape.dropFirst().reduce(1, *))
            if isPlainBackbone { return try values(name, shape: shape) { $0 < 3 / fan ? -1 : $0 < 6 / fan ? 1 : 0 } }
            return try values(name, shape: shape) { (2 * $0 - 1) * (6 / fan).squareRoot() * 0.9 }
        }
        if field == "scale_weight" { return try values(name, shape: shape) { 15 + 10 * $0 } }
        if field == "bias", isPlainBackbone { return try values(name, shape: shape) { (5 * $0).rounded(.down) - 2 } }
        if field == "bias", !isNorm { return try values(name, shape: shape) { (2 * $0 - 1) * 0.1 } }
        let isLast = lastNorms.contains { parts.dropLast().last == $0 } && parts.contains { $0.hasPrefix("layer") }
        let scale = isLast ? 0.25 : 1
        if field == "weight" { return try values(name, shape: shape) { (0.5 + 0.25 * $0) * scale } }
        return try values(name, shape: shape) { (($0 < 0.25 ? -2 : 2) + ($0 - 0.5) * 0.5) * scale }
    }

    /// Set by the tests: `bn3` of bottlenecks, `bn2` of the others.
    @TaskLocal static var lastNorms = ["bn2"]

    /// Compares a tensor with what PyTorch found, whole or at 64 places.
    func expect(_ tensor: Tensor, equals key: String, tensorName: String, within bound: (Double) -> Double) throws {
        let values = try tensor.elements(as: Float.self)
        let truth: [Float]
        let mine: [Float]
        if let whole = arrays[key] {
            truth = whole.floats()
            mine = values
        } else {
            truth = try #require(arrays[key + "#elements"]).floats()
            mine = truth.indices.map { values[Int(Self.bits(tensorName + "#positions", $0) % UInt64(values.count))] }
            let sums = try #require(arrays[key + "#sums"]).floats()
            let squares = values.reduce(0.0) { $0 + Double($1) * Double($1) }
            let rootCount = Double(values.count).squareRoot()
            let slack = Swift.max(1e-3 * rootCount * Double(sums[1]).squareRoot(), rootCount * 1e-6 * facts.largestGradient)
            #expect(abs(squares.squareRoot() - Double(sums[1]).squareRoot()) <= slack, "\(key): root of the sum of squares")
        }
        #expect(mine.count == truth.count)
        let largest = Double(truth.map(abs).max() ?? 0)
        let worst = zip(mine, truth).map { abs(Double($0) - Double($1)) }.max() ?? 0
        #expect(worst <= bound(largest), "\(key): off by \(worst) where the largest is \(largest)")
    }
}
