import Testing
import Torch

@Suite struct SegmentationTests {
    struct Shape: Sendable {
        let images, classes, height, width, rows, columns: Int
        /// The share of pixels that are holes.
        var holes = 0.2
    }

    static let shapes = [
        Shape(images: 2, classes: 21, height: 15, width: 15, rows: 120, columns: 120),
        Shape(images: 3, classes: 2, height: 5, width: 9, rows: 37, columns: 71),
        Shape(images: 1, classes: 254, height: 4, width: 3, rows: 29, columns: 17),
        Shape(images: 2, classes: 7, height: 6, width: 5, rows: 6, columns: 5),
        Shape(images: 2, classes: 3, height: 1, width: 1, rows: 5, columns: 130),
        Shape(images: 2, classes: 4, height: 9, width: 11, rows: 4, columns: 3),
        Shape(images: 4, classes: 5, height: 8, width: 8, rows: 64, columns: 64, holes: 0),
        Shape(images: 4, classes: 5, height: 8, width: 8, rows: 64, columns: 64, holes: 0.999),
    ]

    static func masks(_ shape: Shape) throws -> Tensor {
        let count = shape.images * shape.rows * shape.columns
        let ids = try Tensor.randomUniform([count], in: 0...Double(shape.classes), seed: 2).elements(as: Float.self)
        let draws = try Tensor.randomUniform([count], seed: 3).elements(as: Float.self)
        let bytes = zip(ids, draws).map { Double($1) < shape.holes ? 255 : UInt8(min($0, Float(shape.classes - 1))) }
        return try Tensor(bytes, shape: [shape.images, shape.rows, shape.columns])
    }

    static func scores(_ shape: Shape, dtype: DType = .float32) throws -> Tensor {
        try (Tensor.randomNormal([shape.images, shape.classes, shape.height, shape.width], seed: 1) * 3).to(dtype).channelsLast()
    }

    @Test("Loss, counts and gradient equal libtorch's enlargement and cross-entropy", arguments: shapes, [DType.float32, .bfloat16])
    func loss(shape: Shape, dtype: DType) throws {
        let masks = try Self.masks(shape)
        let results = try [false, true].map { portable in
            let logits = try Self.scores(shape, dtype: dtype).detached().requiringGradient()
            let result = try segmentationLoss(logits, targets: masks, portable: portable)
            try (result.loss * 3).backward()
            let gradient = try #require(logits.gradient)
            #expect(gradient.dtype == dtype)
            return (
                loss: try result.loss.item(), correct: try result.correct.item(), labelled: try result.labelled.item(),
                gradient: try gradient.to(.float32).elements(as: Float.self)
            )
        }
        let (mine, truth) = (results[0], results[1])
        #expect(abs(mine.loss - truth.loss) <= 1e-5 * truth.loss)
        #expect(mine.labelled == truth.labelled)
        // Two scores that are equal but for rounding may change places.
        #expect(abs(mine.correct - truth.correct) <= 2)
        let largest = truth.gradient.map(abs).max() ?? 0
        let worst = zip(mine.gradient, truth.gradient).map { abs($0 - $1) }.max() ?? 0
        #expect(largest > 0 && worst <= (dtype == .float32 ? 2e-5 : 0.01) * largest)
    }

    @Test("Images that are all hole among others change nothing, and alone give a loss and a gradient of 0", arguments: [false, true])
    func holes(portable: Bool) throws {
        let logits = try Tensor.randomNormal([2, 3, 4, 4], seed: 1).requiringGradient()
        let none = try segmentationLoss(logits, targets: Tensor(255, shape: [2, 32, 32], dtype: .uint8), portable: portable)
        try none.loss.backward()
        #expect(try none.loss.item() == 0 && none.labelled.item() == 0 && none.correct.item() == 0)
        #expect(try #require(logits.gradient).elements(as: Float.self).allSatisfy { $0 == 0 })

        let mask = try Tensor.randomUniform([1, 32, 32], in: 0...3, seed: 2).to(.uint8)
        let both = try Tensor.concatenating([mask, Tensor(255, shape: [1, 32, 32], dtype: .uint8)], dim: 0)
        let alone = try segmentationLoss(logits.detached().narrowed(dim: 0, start: 0, length: 1), targets: mask, portable: portable)
        let among = try segmentationLoss(logits.detached(), targets: both, portable: portable)
        #expect(try abs(alone.loss.item() - among.loss.item()) < 1e-6 && among.labelled.item() == 1024)
    }

    @Test("A loss that is not a number is told so")
    func divergence() throws {
        for value in [Double.nan, .infinity] {
            let logits = try Tensor(value, shape: [1, 3, 2, 2])
            #expect(try segmentationLoss(logits, targets: Tensor(1, shape: [1, 16, 16], dtype: .uint8)).loss.item().isNaN)
        }
    }

    @Test("Masks of another kind, and classes without a score, are refused")
    func refusals() throws {
        let logits = try Tensor.zeros([1, 3, 2, 2])
        let error = #expect(throws: TorchError.self) {
            try segmentationLoss(logits, targets: Tensor(3, shape: [1, 16, 16], dtype: .uint8))
        }
        #expect(error?.description.contains("class 3") == true)
        #expect(throws: TorchError.self) { try segmentationLoss(logits, targets: Tensor(0, shape: [2, 16, 16], dtype: .uint8)) }
        #expect(throws: TorchError.self) { try segmentationLoss(logits, targets: Tensor(0, shape: [1, 16, 16], dtype: .int64)) }
        #expect(throws: TorchError.self) { try segmentationClasses(logits, height: 0, width: 8) }
    }

    @Test("Classes equal the largest of libtorch's enlarged scores", arguments: shapes, [DType.float32, .bfloat16])
    func classes(shape: Shape, dtype: DType) throws {
        let logits = try Self.scores(shape, dtype: dtype)
        let mine = try segmentationClasses(logits, height: shape.rows, width: shape.columns)
        let truth = try segmentationClasses(logits, height: shape.rows, width: shape.columns, portable: true)
        #expect(mine.shape == [shape.images, shape.rows, shape.columns] && mine.dtype == .uint8)
        let different = zip(try mine.elements(as: UInt8.self), try truth.elements(as: UInt8.self)).count { $0 != $1 }
        #expect(different <= 2)
    }

    @Test(
        "Dropout keeps its share, enlarges the rest, and gives the gradient the same mask", arguments: [0.1, 0.5],
        [DType.float32, .bfloat16])
    func dropping(rate: Double, dtype: DType) throws {
        let x = try (Tensor.randomUniform([3, 19, 31, 7], in: 1...2, seed: 1)).to(dtype).channelsLast().requiringGradient()
        let y = try dropout(x, rate: rate, seed: 11)
        try y.sum().backward()
        let (values, gradient) = (
            try y.to(.float32).elements(as: Float.self), try #require(x.gradient).to(.float32).elements(as: Float.self)
        )
        #expect(zip(values, gradient).allSatisfy { ($0 == 0) == ($1 == 0) })
        let share = Double(values.count { $0 == 0 }) / Double(values.count)
        #expect(abs(share - rate) < 5 * (rate * (1 - rate) / Double(values.count)).squareRoot())
        let tolerance = dtype == .float32 ? 1e-4 : 0.005
        #expect(gradient.allSatisfy { $0 == 0 || abs(Double($0) * (1 - rate) - 1) < tolerance })
        let portable = try dropout(x, rate: rate, seed: 11, portable: true)
        #expect(try portable.to(.float32).elements(as: Float.self) == values)
        #expect(portable.isChannelsLast)
        #expect(try dropout(x, rate: rate, seed: 12).to(.float32).elements(as: Float.self) != values)
        #expect(throws: TorchError.self) { try dropout(x, rate: 1, seed: 1) }
    }

    @Test("Means over windows and enlarged maps keep bfloat16, also under autocast")
    func types() throws {
        let x = try Tensor.randomNormal([1, 8, 7, 5], seed: 1).to(.bfloat16).channelsLast()
        let made = try withAutocast(to: .bfloat16, on: .cpu) {
            [try adaptiveAveragePool(x, side: 3), try resizeBilinear(x, height: 9, width: 4)]
        }
        #expect(made.map(\.dtype) == [.bfloat16, .bfloat16] && made.map(\.shape) == [[1, 8, 3, 3], [1, 8, 9, 4]])
        let corner = try resizeBilinear(Tensor([0, 1, 2, 3] as [Float], shape: [1, 1, 2, 2]), height: 3, width: 3, alignsCorners: true)
        #expect(try corner.elements() == [0, 0.5, 1, 1, 1.5, 2, 2, 2.5, 3] as [Float])
    }
}
