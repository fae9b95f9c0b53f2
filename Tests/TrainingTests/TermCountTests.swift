import Tasks
import Testing
import Torch

@testable import Training

/// What GPUs count is taken from tensors here too: the processor has such.
struct TermCountTests {
    private static func output(_ count: Double?) throws -> StepOutput {
        StepOutput(
            loss: try Tensor(3, shape: []), weight: 1, examples: 5, terms: try count.map { (try Tensor($0, shape: [], dtype: .int64), 7) })
    }

    private static func factor(_ scale: GradientScale) throws -> Double {
        switch scale {
        case .number(let value): value
        case .tensor(let value): try value.item()
        }
    }

    @Test("Counts that stay on a device weigh losses and gradients as those that are known", arguments: [[6, 2], [0, 0], [0, 9]])
    func pending(counts: [Double]) throws {
        let known = try counts.map { try TermCount(Self.output($0), on: .cpu) }
        let pending = try counts.map { try TermCount(Self.output($0), on: .cuda(0)) }
        for (a, b) in zip(known, pending) {
            guard case .known = a, case .pending = b else {
                Issue.record("one is known, one is not")
                return
            }
            let loss = try Tensor(3, shape: [])
            let (x, y) = (try a.weighted(loss, expected: 70), try b.weighted(loss, expected: 70))
            #expect(abs(try x.item() - y.item()) <= 1e-7 && y.dtype == .float32)
        }
        let sums = try [known, pending].map { try Self.factor($0.reduce(.known(0)) { try $0 + $1 }.correction(expected: 70)) }
        #expect(sums[0] == 70 / max(1, counts[0] + counts[1]))
        #expect(sums[0] == sums[1])
    }

    @Test("Without counts the examples count, known at once")
    func examples() throws {
        guard case .known(5) = try TermCount(Self.output(nil), on: .cuda(0)) else {
            Issue.record("5 examples")
            return
        }
    }
}
