/// Residual networks. How many blocks a stage has, and of which kind they are, the weights' names tell.
extension ONNXGraph {
    /// The stem and the first stages: the map of the last of them.
    ///
    /// `strides` and `dilations`: of the stages, the first block's dilation and that of the others.
    func residualStages(
        _ x: String, prefix: String, strides: [Int], dilations: [(first: Int, rest: Int)]? = nil
    ) throws -> String {
        var x = try convolutionNormRelu(x, prefix + "conv1", prefix + "bn1", stride: 2)
        x = maxPool(x, kernel: 3, stride: 2, padding: 1)
        for (index, stride) in strides.enumerated() {
            let dilation = dilations?[index] ?? (first: 1, rest: 1)
            var block = 0
            while holds("\(prefix)layer\(index + 1).\(block).conv1.weight") {
                x = try residualBlock(
                    x, "\(prefix)layer\(index + 1).\(block)", stride: block == 0 ? stride : 1,
                    dilation: block == 0 ? dilation.first : dilation.rest)
                block += 1
            }
        }
        return x
    }

    private func residualBlock(_ x: String, _ name: String, stride: Int, dilation: Int) throws -> String {
        let isBottleneck = holds("\(name).conv3.weight")
        var y = x
        if isBottleneck {
            y = try convolutionNormRelu(y, "\(name).conv1", "\(name).bn1")
            y = try convolutionNormRelu(y, "\(name).conv2", "\(name).bn2", stride: stride, dilation: dilation)
            y = try norm(convolution(y, "\(name).conv3"), "\(name).bn3")
        } else {
            y = try convolutionNormRelu(y, "\(name).conv1", "\(name).bn1", stride: stride, dilation: dilation)
            y = try norm(convolution(y, "\(name).conv2", dilation: dilation), "\(name).bn2")
        }
        let shortcut =
            holds("\(name).downsample.0.weight")
            ? try norm(convolution(x, "\(name).downsample.0", stride: stride), "\(name).downsample.1") : x
        return relu(node("Add", [y, shortcut]))
    }

    /// A residual network for large images: logits N, classes.
    func resNet(_ x: String) throws -> String {
        try linear(globalMean(residualStages(x, prefix: "", strides: [1, 2, 2, 2])), "fc", result: "logits")
    }

    /// A residual network for images of about 32 pixels: logits N, classes.
    func cifarResNet(_ x: String) throws -> String {
        var x = try convolutionNormRelu(x, "conv1", "bn1")
        for stage in 1...3 {
            var block = 0
            while holds("layer\(stage).\(block).conv1.weight") {
                let name = "layer\(stage).\(block)", stride = stage > 1 && block == 0 ? 2 : 1
                let y = try norm(
                    convolution(convolutionNormRelu(x, name + ".conv1", name + ".bn1", stride: stride), name + ".conv2"), name + ".bn2")
                x = relu(node("Add", [y, try shortcut(x, name, stride: stride)]))
                block += 1
            }
        }
        return try linear(globalMean(x), "linear", result: "logits")
    }

    /// Every second pixel, with zeros for the new channels, half of them in front and half behind (option A).
    private func shortcut(_ x: String, _ name: String, stride: Int) throws -> String {
        let shape = try shape(of: name + ".conv1.weight")
        let added = shape[0] - shape[1]
        guard stride != 1 || added != 0 else { return x }
        let taken = node(
            "Slice", [x, integers([0, 0]), integers([Int(Int32.max), Int(Int32.max)]), integers([2, 3]), integers([stride, stride])])
        return node("Pad", [taken, integers([0, added / 2, 0, 0, 0, added - added / 2, 0, 0])])
    }
}
