extension DetectionArchitecture {
    /// The names by which MXNet's jobs know a parameter: its layer's (`conv1_1`) and its own (`conv1_1_weight`, `stage1_unit1_bn1_gamma`).
    /// None for a parameter that the example has nothing like.
    public func mxnetNames(_ name: String) -> [String] {
        MXNetName(of: name, isVGG: base.hasPrefix("vgg")).map { [$0.layer, $0.parameter] } ?? []
    }
}

/// A parameter's name in MXNet's example of SSD (symbol_builder.py, vgg16_reduced.py, resnet.py).
struct MXNetName: Equatable {
    let layer, parameter: String

    /// nil for a parameter that the example has nothing like. `isVGG`: VGG-16's fifth stage is its first extra part, which ResNets have not.
    init?(of name: String, isVGG: Bool) {
        let parts = name.split(separator: ".").map(String.init)
        guard parts.count >= 2, let layer = Self.layer(parts, isVGG: isVGG) else { return nil }
        self.layer = layer
        let isNorm = layer.split(separator: "_").last?.hasPrefix("bn") == true
        switch parts[parts.count - 1] {
        case "weight": parameter = layer + (isNorm ? "_gamma" : "_weight")
        case "bias": parameter = layer + (isNorm ? "_beta" : "_bias")
        default: parameter = layer  // relu4_3_scale is a layer and a parameter.
        }
    }

    private static func layer(_ parts: [String], isVGG: Bool) -> String? {
        let numbers = parts.compactMap { Int($0) }
        switch (parts[0], parts[1]) {
        case ("backbone", "scale_weight"): return "relu4_3_scale"
        case ("backbone", "features"): return numbers.first.flatMap(convolution)
        case ("backbone", "extra") where isVGG && numbers.count == 2 && numbers[0] == 0:
            return [1: "conv5_1", 3: "conv5_2", 5: "conv5_3"][numbers[1]]
        case ("backbone", "extra") where numbers.count == 3: return [1: "fc6", 3: "fc7"][numbers[2]]
        case ("backbone", "extra") where numbers.count == 2:
            // SSD's maps are counted from 0; on VGG-16 the first extra is number 1 here, on ResNets number 0.
            return extra(map: numbers[0] + 1, index: numbers[1])
        case ("backbone", "conv1"): return "conv0"
        case ("backbone", "bn1"): return "bn0"
        case ("backbone", let stage) where stage.hasPrefix("layer") && numbers.count >= 1:
            let block = "stage\(stage.dropFirst("layer".count))_unit\(numbers[0] + 1)_"
            return numbers.count == 1 ? block + parts[3] : block + (numbers[1] == 0 ? "sc" : "sc_bn")
        case ("head", let head):
            guard let map = numbers.first else { return nil }
            let from = map == 0 ? "relu4_3" : map == 1 ? "relu7" : "multi_feat_\(map)_conv_3x3_relu"
            return from + (head == "classification_head" ? "_cls_pred_conv" : "_loc_pred_conv")
        default: return nil
        }
    }

    private static func convolution(_ number: Int) -> String? {
        for (stage, numbers) in VGG16.numbers.enumerated() {
            if let index = numbers.firstIndex(of: number) { return "conv\(stage + 1)_\(index + 1)" }
        }
        return nil
    }

    private static func extra(map: Int, index: Int) -> String? {
        let name = "multi_feat_\(map)_conv_"
        return [0: name + "1x1_conv", 1: name + "1x1_bn", 2: name + "3x3_conv", 3: name + "3x3_conv", 4: name + "3x3_bn"][index]
    }
}
