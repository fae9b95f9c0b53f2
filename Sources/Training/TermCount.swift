import Tasks
import Torch

/// What a loss is a mean over: a number or, on a GPU, one that the device has not told yet and that nobody waits for.
enum TermCount {
    case known(Double)
    /// A float64 scalar on the device.
    case pending(Tensor)

    /// That of a step: what was counted, or the examples.
    init(_ output: StepOutput, on device: Device) throws {
        guard let count = output.terms?.count else {
            self = .known(Double(output.examples))
            return
        }
        self = device == .cpu ? .known(try count.item()) : .pending(try count.to(.float64))
    }

    static func + (a: TermCount, b: TermCount) throws -> TermCount {
        switch (a, b) {
        case (.known(let a), .known(let b)): .known(a + b)
        case (.pending(let a), .known(let b)): .pending(try a + b)
        case (.known(let a), .pending(let b)): .pending(try b + a)
        case (.pending(let a), .pending(let b)): .pending(try a + b)
        }
    }

    /// A loss as this part of a whole, which is a mean over `expected`.
    func weighted(_ loss: Tensor, expected: Double) throws -> Tensor {
        switch self {
        case .known(let count): try loss * (count / expected)
        case .pending(let count): try loss * (count * (1 / expected)).to(.float32)
        }
    }

    /// What turns the gradients of losses that were weighted by `expected` into those of the mean over this count; over 1 where it is 0.
    func correction(expected: Double) throws -> GradientScale {
        switch self {
        case .known(let count): return .number(expected / max(1, count))
        case .pending(let count):
            // Counts are whole numbers.
            let one = try count.equals(Tensor.zeros([], dtype: .float64, device: count.device)).to(.float64)
            return .tensor(try Tensor(expected, shape: [], dtype: .float64, device: count.device) / (count + one))
        }
    }
}

/// What gradients are multiplied by.
enum GradientScale {
    case number(Double)
    /// On the gradients' device.
    case tensor(Tensor)
}
