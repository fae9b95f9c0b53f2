import Networks

/// Segmentation networks on dilated residual networks.
extension ONNXGraph {
    /// Scores N, classes, h, w at an eighth of the picture. `size`: of the picture, where it is fixed.
    func segmenter(_ x: String, _ algorithm: SegmentationAlgorithm, size: (height: Int, width: Int)?) throws -> String {
        let map = try residualStages(
            x, prefix: "backbone.", strides: [1, 2, 1, 1], dilations: [(1, 1), (1, 1), (1, 2), (2, 4)])
        switch algorithm {
        case .fcn: return try convolution(convolutionNormRelu(map, "classifier.0", "classifier.1"), "classifier.4")
        case .deeplab:
            let smooth = try convolutionNormRelu(atrousPyramid(map), "classifier.1", "classifier.2")
            return try convolution(smooth, "classifier.4")
        case .psp:
            guard let size else { throw ExportError("A PSPNet is exported for pictures of one size. Give --size.") }
            // What three halvings that round up leave.
            func eighth(_ side: Int) -> Int { (0..<3).reduce(side) { side, _ in (side + 1) / 2 } }
            let parts = try poolingPyramid(map, height: eighth(size.height), width: eighth(size.width))
            let narrow = try convolutionNormRelu(parts, "classifier.1", "classifier.2")
            return try convolution(narrow, "classifier.5")
        }
    }

    private func atrousPyramid(_ map: String) throws -> String {
        let name = "classifier.0.convs"
        var branches = [try convolutionNormRelu(map, "\(name).0.0", "\(name).0.1")]
        for (index, rate) in [12, 24, 36].enumerated() {
            branches.append(try convolutionNormRelu(map, "\(name).\(index + 1).0", "\(name).\(index + 1).1", dilation: rate))
        }
        let mean = try convolutionNormRelu(node("GlobalAveragePool", [map]), "\(name).4.1", "\(name).4.2")
        branches.append(node("Expand", [mean, node("Shape", [branches[0]])]))
        let joined = node("Concat", branches, [("axis", .integer(1))])
        return try convolutionNormRelu(joined, "classifier.0.project.0", "classifier.0.project.1")
    }

    /// ONNX has no means over windows that follow the map's size: of a known size they are two products of matrices.
    private func poolingPyramid(_ map: String, height: Int, width: Int) throws -> String {
        func means(_ windows: Int, _ side: Int) -> [Float] {
            (0..<windows).flatMap { window -> [Float] in
                let (start, end) = (window * side / windows, ((window + 1) * side + windows - 1) / windows)
                return (0..<side).map { (start..<end).contains($0) ? 1 / Float(end - start) : 0 }
            }
        }
        var parts = [map]
        for (level, windows) in [1, 2, 3, 6].enumerated() {
            let rows = floats(means(windows, height), shape: [windows, height])
            let columns = node("Transpose", [floats(means(windows, width), shape: [windows, width])], [("perm", .integers([1, 0]))])
            let pooled = node("MatMul", [node("MatMul", [rows, map]), columns])
            let narrow = try convolutionNormRelu(pooled, "classifier.0.convs.\(level).1", "classifier.0.convs.\(level).2")
            parts.append(enlarged(narrow, like: map, cornersOnCorners: true))
        }
        return node("Concat", parts, [("axis", .integer(1))])
    }
}
