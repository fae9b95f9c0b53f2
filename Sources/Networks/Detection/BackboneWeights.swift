import Torch
import Weights

/// Filling a detector's backbone from weights of a classifier.
extension DetectionArchitecture {
    /// Copies classification weights into the backbone; what SSD adds keeps its fresh values.
    ///
    /// - VGG-16: torchvision's names (`features.0.weight`); from the fully connected layers, where the file has them
    ///   (`classifier.0`, `classifier.3`), every fourth output and every third pixel become fc6 and fc7, as in the paper. The first
    ///   convolution is converted to this network's input where the weights were made for another one: ImageNet's mean and deviation
    ///   (torchvision's classifier), or 0…255 in BGR (the HED edge detector, told by its `dsn1`). Features without a classifier, or with
    ///   one that holds no numbers, are torchvision's for SSD and need no conversion.
    /// - ResNets: torchvision's names; the fourth stage and `fc` are not used.
    ///
    /// - Parameters:
    ///   - network: the network that gets them.
    ///   - weights: a classifier's or a detector's.
    ///   - source: what errors call them.
    ///   - input: what the weights expect of an image, where the above would guess wrong.
    /// - Throws: `NetworkError` that names what is missing or of another shape. Nothing is copied then.
    public func loadBackbone(
        _ network: any DetectionNetwork, from weights: WeightDictionary, source: String, input: PreprocessingDescription? = nil
    ) throws {
        let arrays = try base == "vgg-16" ? vggArrays(weights, input: input) : resNetArrays(weights, of: network)
        let tensors = Dictionary(network.namedTensors.map { ($0.name, $0.tensor) }) { first, _ in first }
        let pairs = try arrays.map { array -> (Tensor, Tensor) in
            guard let value = array.value else { throw misfit(source, "it lacks \(array.source)") }
            guard let tensor = tensors[array.target], tensor.shape == value.shape else {
                throw misfit(source, "\(array.source) is \(value.shape) where \(tensors[array.target]?.shape ?? []) is needed")
            }
            return (tensor, value)
        }
        try withoutGradient {
            for (tensor, value) in pairs { try tensor.copy(from: value) }
        }
    }

    private func misfit(_ source: String, _ fault: String) -> NetworkError {
        NetworkError("\(source) does not fit base_network '\(base)': \(fault). Give weights of torchvision's \(base) classifier.")
    }

    private typealias Transfer = (target: String, source: String, value: Tensor?)

    private func resNetArrays(_ weights: WeightDictionary, of network: any DetectionNetwork) throws -> [Transfer] {
        try network.namedTensors.map(\.name).filter { $0.hasPrefix("backbone.") && !$0.hasPrefix("backbone.extra.") }.map { target in
            let source = String(target.dropFirst("backbone.".count))
            return (target, source, try weights[source].map { try Tensor($0) })
        }
    }

    private func vggArrays(_ weights: WeightDictionary, input: PreprocessingDescription?) throws -> [Transfer] {
        func tensor(_ name: String) throws -> Tensor? { try weights[name].map { try Tensor($0).to(.float32) } }
        let numbers = VGG16.numbers.flatMap { $0 }
        let targets = numbers.prefix(10).map { "backbone.features.\($0)" } + [1, 3, 5].map { "backbone.extra.0.\($0)" }
        var transfers = try zip(numbers, targets).flatMap { number, target in
            try ["weight", "bias"].map {
                ("\(target).\($0)", "features.\(number).\($0)", try tensor("features.\(number).\($0)")) as Transfer
            }
        }
        if let weight = transfers[0].value, let bias = transfers[1].value, weight.shape == [64, 3, 3, 3], bias.shape == [64] {
            (transfers[0].value, transfers[1].value) = try InputConvention(of: weights, given: input)
                .converted(weight: weight, bias: bias, to: InputConvention(preprocessing))
        }
        if let classifier = try VGGClassifier(weights) {
            transfers += [
                ("backbone.extra.0.7.1.weight", "classifier.0.weight", classifier.fc6Weight),
                ("backbone.extra.0.7.1.bias", "classifier.0.bias", classifier.fc6Bias),
                ("backbone.extra.0.7.3.weight", "classifier.3.weight", classifier.fc7Weight),
                ("backbone.extra.0.7.3.bias", "classifier.3.bias", classifier.fc7Bias),
            ]
        }
        return transfers
    }
}

/// VGG-16's fully connected layers, thinned out to fc6 and fc7 of SSD (the paper's section 3, "we subsample parameters").
struct VGGClassifier {
    let fc6Weight, fc6Bias, fc7Weight, fc7Bias: Tensor

    /// nil where the weights have no classifier, or torchvision's placeholder for one that holds no numbers.
    init?(_ weights: WeightDictionary) throws {
        guard let first = weights["classifier.0.weight"], let firstBias = weights["classifier.0.bias"],
            let second = weights["classifier.3.weight"], let secondBias = weights["classifier.3.bias"],
            first.shape == [4096, 512 * 49], second.shape == [4096, 4096], firstBias.shape == [4096], secondBias.shape == [4096]
        else { return nil }
        let bias = try Tensor(firstBias)
        guard try bias.to(.float32).sum().item().isFinite else { return nil }
        fc6Weight = try Tensor(first).reshaped([4096, 512, 7, 7]).strided(dim: 0, by: 4).strided(dim: 2, by: 3).strided(dim: 3, by: 3)
        fc6Bias = try bias.strided(dim: 0, by: 4)
        fc7Weight = try Tensor(second).strided(dim: 0, by: 4).strided(dim: 1, by: 4).reshaped([1024, 1024, 1, 1])
        fc7Bias = try Tensor(secondBias).strided(dim: 0, by: 4)
    }
}

/// What a first convolution takes for a pixel: (value − mean) / deviation of values 0…1, in RGB or BGR.
struct InputConvention: Equatable {
    /// In RGB's order.
    let mean, std: [Float]
    let isBGR: Bool

    /// The network's own: RGB.
    init(_ description: PreprocessingDescription) {
        self.init(mean: description.mean, std: description.std)
    }

    private init(mean: [Float], std: [Float]? = nil, isBGR: Bool = false) {
        self.mean = mean
        self.std = std ?? [Float](repeating: 1 / 255, count: 3)
        self.isBGR = isBGR
    }

    /// Told by what else is in the file.
    init(of weights: WeightDictionary, given: PreprocessingDescription?) throws {
        if let given {
            self.init(given)
        } else if weights["dsn1.weight"] != nil {
            self.init(mean: [122.67892, 116.66877, 104.00699].map { $0 / 255 }, isBGR: true)
        } else if try VGGClassifier(weights) != nil {
            self.init(mean: PreprocessingDescription.imageNetMean, std: PreprocessingDescription.imageNetStd)
        } else {
            self.init(mean: Self.torchvisionMean)
        }
    }

    /// The mean colour that torchvision's `ssd300_vgg16` subtracts; its deviation is 1 / 255.
    static let torchvisionMean: [Float] = [0.48235, 0.45882, 0.40784]

    /// The convolution that gives for pixels in the other convention, which is RGB, what this one gives for its own. At the edge the
    /// zeros around the image stand for another colour: the new mean.
    func converted(weight: Tensor, bias: Tensor, to other: InputConvention) throws -> (weight: Tensor, bias: Tensor) {
        guard self != other else { return (weight, bias) }
        let rgb = try isBGR ? weight.selecting(Tensor([2, 1, 0] as [Int64]), dim: 1) : weight
        let factor = zip(other.std, std).map { $0 / $1 }
        let shift = zip(zip(other.mean, mean), std).map { ($0.0 - $0.1) / $1 }
        let shape = [1, -1, 1, 1]
        let moved = try (rgb * Tensor(shift).reshaped(shape)).flattened(from: 1).sum(dim: 1)
        return (try rgb * Tensor(factor).reshaped(shape), try bias + moved)
    }
}
