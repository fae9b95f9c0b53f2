import Networks
import Torch

/// Every function that has a kernel of its own on the processor, against libtorch's operations that stand for it elsewhere; where these can be
/// asked for on the processor too (`portable`), a check of the processor with itself compares them.
extension Agreement {
    func compareKernels(_ findings: inout Findings) throws {
        try compareInput(&findings)
        try compareDetection(&findings)
        try compareSegmentation(&findings)
        for (name, layer) in Self.layers { try compareLayer(name, &findings, layer) }
    }

    // MARK: Input and output

    private func compareInput(_ findings: inout Findings) throws {
        let device = findings.device
        let pixels = (0..<2 * 9 * 7 * 3).map { UInt8(truncatingIfNeeded: $0 &* 37) }
        let (there, here) = (try Tensor(pixels, shape: [2, 9, 7, 3], device: device), try Tensor(pixels, shape: [2, 9, 7, 3]))
        try findings.compare("pixels through page-locked memory", there, here, bound: 0)
        for dtype in [DType.float32, .bfloat16] {
            try findings.compare(
                "normalised pixels, \(dtype)",
                normalizeImages(there, mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225], dtype: dtype).to(.float32),
                normalizeImages(here, mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225], dtype: dtype).to(.float32),
                bound: dtype == .float32 ? 1e-6 : 4e-3)
        }
    }

    private func compareDetection(_ findings: inout Findings) throws {
        let device = findings.device
        let anchors = try DetectionArchitecture(base: "resnet-18", classes: 20, size: 300).makeNetwork().anchors.tensor(on: .cpu)
        let count = anchors.shape[0]
        let logits = try Tensor.randomNormal([2, count, 21], seed: 11) * 2
        let offsets = try Tensor.randomNormal([2, count, 4], seed: 12)
        func run(_ device: Device, portable: Bool) throws -> [Tensor] {
            let scene = try Scene(device: device)
            let (logits, offsets) = (try logits.detached().to(device), try offsets.detached().to(device))
            let anchors = try anchors.to(device)
            let matched = try matchAnchors(anchors, boxes: scene.boxes, classes: scene.classes, portable: portable)
            let found = try detectBoxes(
                logits: logits, offsets: offsets, anchors: anchors, score: 0.3, overlap: 0.45, candidates: 100, perImage: 50,
                portable: portable)
            try logits.requiringGradient()
            try offsets.requiringGradient()
            let loss = try multiBoxLoss(
                logits: logits, offsets: offsets, anchors: anchors, boxes: scene.boxes, classes: scene.classes,
                portable: portable)
            try (loss.classification + loss.regression).backward()
            let zeros = try Tensor.zeros([1])
            return [
                matched.objects, matched.overlaps, found, try loss.classification.detached(), try loss.regression.detached(), loss.matched,
                logits.gradient ?? zeros, offsets.gradient ?? zeros,
            ]
        }
        let names: [(String, Double)] = [
            ("matched objects", 0), ("overlaps", 1e-5), ("boxes found", 1e-4), ("classification loss", 1e-5), ("regression loss", 1e-5),
            ("anchors with an object", 0), ("gradient of the scores", 1e-4), ("gradient of the offsets", 1e-4),
        ]
        let (found, truth) = (try run(device, portable: true), try run(.cpu, portable: false))
        for (index, (name, bound)) in names.enumerated() {
            try findings.compare("detection: \(name)", found[index], truth[index], bound: bound)
        }
    }

    private func compareSegmentation(_ findings: inout Findings) throws {
        let device = findings.device
        let logits = try Tensor.randomNormal([2, 21, 13, 17], seed: 13)
        let masks = try Tensor.randomUniform([2, 99, 131], in: 0...22, seed: 14).to(.uint8)
        // 21 is no class: those pixels are holes.
        let holes = try masks.isGreater(than: 20).to(.uint8) * 234
        let targets = try (masks + holes).to(.uint8)
        func run(_ device: Device, portable: Bool) throws -> [Tensor] {
            let logits = try logits.detached().to(device)
            let classes = try segmentationClasses(logits, height: 99, width: 131, portable: portable)
            try logits.requiringGradient()
            let (loss, correct, labelled) = try segmentationLoss(logits, targets: targets.to(device), portable: portable)
            try loss.backward()
            return [try loss.detached(), labelled, try logits.gradient ?? Tensor.zeros([1]), correct, classes]
        }
        let (found, truth) = (try run(device, portable: true), try run(.cpu, portable: false))
        for (index, (name, bound)) in [("loss", 1e-5), ("labelled pixels", 0.0), ("gradient", 1e-4)].enumerated() {
            try findings.compare("segmentation: \(name)", found[index], truth[index], bound: bound)
        }
        // Where two scores are nearly equal, rounding decides.
        let hits = try abs(found[3].item() - truth[3].item()) / truth[3].item()
        try findings.report("segmentation: pixels told right", error: hits, bound: 1e-3)
        let same = try found[4].to(.cpu).equals(truth[4]).to(.float32).mean().item()
        try findings.report("segmentation: pixels of another class", error: 1 - same, bound: 1e-3)
    }

    // MARK: Layers

    /// A layer on its tensors: the first is the input, those from `learned` on get gradients.
    private typealias Layer = (_ tensors: [Tensor]) throws -> Tensor

    private static var layers: [(String, Layer)] {
        [
            (
                "batch norm, addition, ReLU",
                {
                    try batchNorm(
                        $0[0], residual: $0[1], weight: $0[2], bias: $0[3], runningMean: $0[4], runningVariance: $0[5], training: true,
                        relu: true)
                }
            ),
            (
                "batch norm, ReLU, convolution",
                {
                    try batchNormReLUConv2d(
                        $0[0], normWeight: $0[2], normBias: $0[3], runningMean: $0[4], runningVariance: $0[5], training: true,
                        weight: $0[6],
                        padding: 1)
                }
            ),
            (
                "convolution, ReLU, max-pool",
                {
                    try conv2dReLU(
                        $0[0], weight: $0[6], bias: $0[3], padding: 1, pooling: MaxPooling(kernel: 2, stride: 2, roundsUp: true))
                }
            ),
            ("dilated convolution, ReLU", { try conv2dReLU($0[0], weight: $0[6], bias: $0[3], padding: 2, dilation: 2) }),
            ("max-pool", { try maxPool2d($0[0], MaxPooling(kernel: 3, stride: 2, padding: 1)) }),
            ("norm of the channels", { try l2NormalizeChannels($0[0], scale: $0[2]) }),
            ("dropout", { try dropout($0[0], rate: 0.3, seed: 77, offset: 8) }),
            ("bilinear enlargement", { try resizeBilinear($0[0], height: 31, width: 40) }),
            ("means over windows", { try adaptiveAveragePool($0[0], side: 3) }),
        ]
    }

    private func compareLayer(_ name: String, _ findings: inout Findings, _ layer: Layer) throws {
        let shapes = [[2, 16, 15, 13], [2, 16, 15, 13], [16], [16], [16], [16], [16, 16, 3, 3]]
        func run(_ device: Device) throws -> [Tensor] {
            let tensors = try shapes.enumerated().map { index, shape in
                // Deviations are positive.
                let values = try index == 5 ? Tensor.ones(shape) : Tensor.randomNormal(shape, seed: UInt64(20 + index))
                return try (shape.count == 4 ? values.channelsLast() : values).to(device)
            }
            for index in tensors.indices where index != 4 && index != 5 { try tensors[index].requiringGradient() }
            let y = try layer(tensors)
            try (y * y).sum().backward()
            return try [y.detached(), tensors[4], tensors[5]] + tensors.compactMap(\.gradient)
        }
        let (found, truth) = (try run(findings.device), try run(.cpu))
        guard found.count == truth.count else { return try findings.report("\(name): gradients", error: .nan, bound: 0) }
        var worst = 0.0
        for (found, truth) in zip(found, truth) {
            let error = try Findings.error(found, truth)
            worst = error.isNaN ? .nan : max(worst, error)
        }
        try findings.report("\(name): result, statistics and gradients", error: worst, bound: name == "dropout" ? 1e-6 : 1e-4)
    }

    // MARK: Updates

    func compareOptimizers(_ findings: inout Findings) throws {
        let rules: [(String, UpdateRule)] = [
            ("sgd", .sgd(momentum: 0.9)), ("nag", .nag(momentum: 0.9)), ("adam", .adam(beta1: 0.9, beta2: 0.999, eps: 1e-8)),
            ("rmsprop", .rmsprop(decay: 0.9, momentum: 0.9, eps: 1e-8)), ("adagrad", .adagrad(eps: 1e-7)),
            ("adadelta", .adadelta(rho: 0.9, eps: 1e-5)),
        ]
        for (name, rule) in rules {
            func run(_ device: Device) throws -> Tensor {
                let weight = try Tensor.randomNormal([37], seed: 31).to(device).requiringGradient()
                let optimizer = try Optimizer(
                    rule: rule, weightDecay: 0.01, parameters: [Parameter(name: "w", tensor: weight, decays: true)])
                for step in 0..<4 {
                    let factor = try Tensor.randomNormal([37], seed: UInt64(40 + step)).to(device)
                    try (weight * weight * factor).sum().backward()
                    try optimizer.step(learningRate: step < 2 ? 0.05 : 0.01)
                    optimizer.clearGradients()
                }
                return try weight.detached()
            }
            try findings.compare("optimizer \(name)", run(findings.device), run(.cpu), bound: 1e-5)
        }
    }
}
