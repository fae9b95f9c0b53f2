/// Layers by the names of their weights.
extension ONNXGraph {
    /// The picture's 0…255 as the network wants it: x / 255 less the mean, by the deviation, channel by channel.
    func normalized(_ x: String, mean: [Float], std: [Float]) -> String {
        let shape = [1, mean.count, 1, 1]
        let scaled = node("Mul", [x, floats(std.map { 1 / (255 * $0) }, shape: shape)])
        return node("Sub", [scaled, floats(zip(mean, std).map { $0 / $1 }, shape: shape)])
    }

    /// A convolution with its bias, if it has one. `padding`: by default what keeps the size at stride 1.
    func convolution(_ x: String, _ name: String, stride: Int = 1, padding: Int? = nil, dilation: Int = 1) throws -> String {
        let kernel = try shape(of: name + ".weight")[2]
        let margin = padding ?? dilation * (kernel - 1) / 2
        let inputs = try [x, weight(name + ".weight")] + (holds(name + ".bias") ? [weight(name + ".bias")] : [])
        return node(
            "Conv", inputs,
            [
                ("dilations", .integers([dilation, dilation])), ("group", .integer(1)), ("kernel_shape", .integers([kernel, kernel])),
                ("pads", .integers([margin, margin, margin, margin])), ("strides", .integers([stride, stride])),
            ])
    }

    /// Batch normalisation by running statistics.
    func norm(_ x: String, _ name: String) throws -> String {
        let inputs = try ["weight", "bias", "running_mean", "running_var"].map { try weight("\(name).\($0)") }
        return node("BatchNormalization", [x] + inputs, [("epsilon", .float(1e-5))])
    }

    /// ReLU.
    func relu(_ x: String) -> String { node("Relu", [x]) }

    /// A convolution, batch norm and ReLU.
    func convolutionNormRelu(_ x: String, _ convolution: String, _ norm: String, stride: Int = 1, padding: Int? = nil, dilation: Int = 1)
        throws
        -> String
    {
        try relu(self.norm(self.convolution(x, convolution, stride: stride, padding: padding, dilation: dilation), norm))
    }

    /// The largest of each window.
    func maxPool(_ x: String, kernel: Int, stride: Int, padding: Int = 0, roundsUp: Bool = false) -> String {
        node(
            "MaxPool", [x],
            [
                ("ceil_mode", .integer(roundsUp ? 1 : 0)), ("kernel_shape", .integers([kernel, kernel])),
                ("pads", .integers([padding, padding, padding, padding])), ("strides", .integers([stride, stride])),
            ])
    }

    /// A fully connected layer: N, in → N, out.
    func linear(_ x: String, _ name: String, result: String? = nil) throws -> String {
        try node("Gemm", [x, weight(name + ".weight"), weight(name + ".bias")], [("transB", .integer(1))], result: result)
    }

    /// The mean of each channel: N, C, H, W → N, C.
    func globalMean(_ x: String) -> String { node("Flatten", [node("GlobalAveragePool", [x])]) }

    /// Bilinear enlargement to the height and width of another map or picture.
    func enlarged(_ x: String, like other: String, cornersOnCorners: Bool = false) -> String {
        func sides(_ value: String, _ from: Int, _ to: Int) -> String {
            node("Slice", [node("Shape", [value]), integers([from]), integers([to])])
        }
        let size = node("Concat", [sides(x, 0, 2), sides(other, 2, 4)], [("axis", .integer(0))])
        return node(
            "Resize", [x, "", "", size],
            [("coordinate_transformation_mode", .text(cornersOnCorners ? "align_corners" : "half_pixel")), ("mode", .text("linear"))])
    }
}
