import Networks

/// SSD detectors.
extension ONNXGraph {
    /// Scores N, classes, anchors and boxes N, anchors, 4 (left, top, right, bottom in fractions of the picture's sides) of a normalised picture,
    /// as `scores` and `boxes`.
    func detector(_ x: String, anchors: AnchorBoxes) throws {
        let maps = try holds("backbone.scale_weight") ? vggMaps(x) : resNetMaps(x)
        func rows(_ head: String, _ columns: (Int) throws -> Int) throws -> String {
            let parts = try maps.enumerated().map { index, map in
                let y = try convolution(map, "head.\(head).module_list.\(index)")
                let pixels = node("Transpose", [y], [("perm", .integers([0, 2, 3, 1]))])
                return node("Reshape", [pixels, integers([0, -1, try columns(index)])])
            }
            return node("Concat", parts, [("axis", .integer(1))])
        }
        func columns(_ index: Int) throws -> Int {
            let perPixel = try shape(of: "head.regression_head.module_list.\(index).weight")[0] / 4
            return try shape(of: "head.classification_head.module_list.\(index).weight")[0] / perPixel
        }
        let logits = try rows("classification_head", columns)
        let probabilities = node("Softmax", [logits], [("axis", .integer(2))])
        // Column 0 is the background.
        let objects = node("Slice", [probabilities, integers([1]), integers([Int(Int32.max)]), integers([2])])
        node("Transpose", [objects], [("perm", .integers([0, 2, 1]))], result: "scores")
        boxes(try rows("regression_head") { _ in 4 }, anchors)
    }

    /// Corners of offsets from anchors, clipped to the picture.
    private func boxes(_ offsets: String, _ anchors: AnchorBoxes) {
        let values = anchors.values
        func column(_ first: Int) -> String {
            floats(
                stride(from: 0, to: values.count, by: 4).flatMap { values[$0 + first..<$0 + first + 2] }, shape: [1, values.count / 4, 2])
        }
        func part(_ from: Int, _ variance: Float) -> String {
            let taken = node("Slice", [offsets, integers([from]), integers([from + 2]), integers([2])])
            return node("Mul", [taken, floats([variance], shape: [1])])
        }
        let (centres, sizes) = (column(0), column(2))
        let centre = node("Add", [node("Mul", [part(0, 0.1), sizes]), centres])
        let half = node("Mul", [node("Mul", [node("Exp", [part(2, 0.2)]), sizes]), floats([0.5], shape: [1])])
        let corners = node("Concat", [node("Sub", [centre, half]), node("Add", [centre, half])], [("axis", .integer(2))])
        node("Clip", [corners, floats([0], shape: []), floats([1], shape: [])], result: "boxes")
    }

    private func resNetMaps(_ x: String) throws -> [String] {
        var maps = [try residualStages(x, prefix: "backbone.", strides: [1, 2, 1])]
        let isSixMaps = !holds("backbone.extra.5.0.weight")
        for index in 0..<(isSixMaps ? 5 : 6) {
            let name = "backbone.extra.\(index)", halves = index < 3 || !isSixMaps
            let narrow = try convolutionNormRelu(maps[index], name + ".0", name + ".1")
            maps.append(try convolutionNormRelu(narrow, name + ".3", name + ".4", stride: halves ? 2 : 1, padding: halves ? 1 : 0))
        }
        return maps
    }

    private func vggMaps(_ x: String) throws -> [String] {
        func chain(_ x: String, _ names: [String]) throws -> String {
            try names.reduce(x) { relu(try convolution($0, "backbone.\($1)")) }
        }
        // torchvision's numbers of the convolutions, in which ReLUs and pools are counted.
        var x = x
        for (stage, numbers) in [[0, 2], [5, 7], [10, 12, 14]].enumerated() {
            x = maxPool(try chain(x, numbers.map { "features.\($0)" }), kernel: 2, stride: 2, roundsUp: stage == 2)
        }
        x = try chain(x, [17, 19, 21].map { "features.\($0)" })
        var maps = [try scaled(x)]
        x = try chain(maxPool(x, kernel: 2, stride: 2), [1, 3, 5].map { "extra.0.\($0)" })
        x = maxPool(x, kernel: 3, stride: 1, padding: 1)
        x = relu(try convolution(x, "backbone.extra.0.7.1", padding: 6, dilation: 6))
        maps.append(relu(try convolution(x, "backbone.extra.0.7.3")))
        let isSixMaps = !holds("backbone.extra.5.0.weight")
        let shapes = isSixMaps ? [(2, 1), (2, 1), (1, 0), (1, 0)] : [(2, 1), (2, 1), (2, 1), (2, 1), (1, 1)]
        for (index, shape) in shapes.enumerated() {
            let name = "backbone.extra.\(index + 1)"
            let narrow = relu(try convolution(maps[index + 1], name + ".0"))
            maps.append(relu(try convolution(narrow, name + ".2", stride: shape.0, padding: shape.1)))
        }
        return maps
    }

    /// Each pixel's channels divided by their length and scaled (Liu et al., "ParseNet", 2015).
    private func scaled(_ x: String) throws -> String {
        let length = node("ReduceL2", [x], [("axes", .integers([1])), ("keepdims", .integer(1))])
        let unit = node("Div", [x, node("Max", [length, floats([1e-12], shape: [1])])])
        let scale = node("Reshape", [try weight("backbone.scale_weight"), integers([1, -1, 1, 1])])
        return node("Mul", [unit, scale])
    }
}
