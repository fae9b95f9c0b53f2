import Torch

/// The 3×3 convolutions that turn every feature map into scores and offsets of the anchors at its pixels.
///
/// Weight names are torchvision's: `classification_head.module_list.N.…`, `regression_head.module_list.N.…`.
final class SSDHead: Module {
    let classification, regression: [Conv2d]
    let classes: Int

    /// The prefix of the weight names that depend on the number of classes.
    static let classificationName = "head.classification_head."

    /// `channels` and `perPixel`: of each feature map. `classes`: without the background.
    init(channels: [Int], perPixel: [Int], classes: Int, initialization: Initialization) throws {
        self.classes = classes
        func convolutions(_ numbers: Int) throws -> [Conv2d] {
            try zip(channels, perPixel).map {
                try Conv2d($0, $1 * numbers, kernel: 3, bias: true, initialization: initialization)
            }
        }
        classification = try convolutions(classes + 1)
        regression = try convolutions(4)
    }

    var children: [(name: String, module: any Module)] {
        classification.enumerated().map { ("classification_head.module_list.\($0)", $1) }
            + regression.enumerated().map { ("regression_head.module_list.\($0)", $1) }
    }

    func callAsFunction(_ maps: [Tensor]) throws -> DetectionOutput {
        var rows = AnchorRows(classes: classes)
        for (index, map) in maps.enumerated() {
            // Side by side in one convolution: the map is read once, and its gradient written once.
            let weight = try Tensor.concatenating([classification[index].weight, regression[index].weight], dim: 0)
            let bias = [classification[index].bias, regression[index].bias].compactMap { $0 }
            try rows.append(
                conv2d(map, weight: weight, bias: Tensor.concatenating(bias, dim: 0), padding: 1),
                scores: classification[index].weight.shape[0])
        }
        return try rows.output()
    }

    /// The two convolutions of each map as one, prepared.
    func prepared(dtype: DType) throws -> [(convolution: PreparedConv2d, scores: Int)] {
        try withoutGradient {
            try zip(classification, regression).map { classes, boxes in
                let bias = [classes.bias, boxes.bias].compactMap { $0 }
                return (
                    try PreparedConv2d(
                        weight: .concatenating([classes.weight, boxes.weight], dim: 0), bias: .concatenating(bias, dim: 0), padding: 1,
                        relu: false, dtype: dtype), classes.weight.shape[0]
                )
            }
        }
    }
}

/// Gathers the maps' predictions into one row an anchor.
struct AnchorRows {
    let classes: Int
    private var logits: [Tensor] = []
    private var offsets: [Tensor] = []

    init(classes: Int) { self.classes = classes }

    /// `prediction`: N, scores + offsets, H, W of one map, the first `scores` channels being the anchors' class scores.
    mutating func append(_ prediction: Tensor, scores: Int) throws {
        let (images, channels) = (prediction.shape[0], prediction.shape[1])
        // In channels-last memory this is no move: N, H, W, C.
        let pixels = try prediction.to(.float32).permuted([0, 2, 3, 1])
        logits.append(try pixels.narrowed(dim: 3, start: 0, length: scores).reshaped([images, -1, classes + 1]))
        offsets.append(try pixels.narrowed(dim: 3, start: scores, length: channels - scores).reshaped([images, -1, 4]))
    }

    func output() throws -> DetectionOutput {
        DetectionOutput(logits: try .concatenating(logits, dim: 1), offsets: try .concatenating(offsets, dim: 1))
    }
}
