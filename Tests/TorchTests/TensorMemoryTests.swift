import Testing
import Torch

@Suite(.serialized) struct TensorMemoryTests {
    @Test("Tensors of ever other sizes leave no more memory waiting than was in use at once, and a tenth")
    func footprint() throws {
        try Runtime.prepare()
        let megabyte = 1 << 18  // of float32
        var kept = [try Tensor.zeros([26 * megabyte])]
        // Where the environment has settings of its own for the heap, they count.
        guard ProcessMemory.tensors.used > 0 else { return }
        for round in 1...10 {
            let large = try Tensor.zeros([(30 + 3 * round) * megabyte])
            kept.append(try Tensor.zeros([26 * megabyte]))
            let now = ProcessMemory.tensors
            #expect(now.used >= large.count * 4)
            #expect(Double(now.used + now.waiting) <= 1.1 * Double(now.mostUsed) + 1)
        }
        #expect(try kept.allSatisfy { try $0.sum().item() == 0 })
    }

    @Test("A tensor takes the memory of one of the same size before it")
    func reuse() throws {
        try Runtime.prepare()
        let count = 37 << 18
        func make(_ value: Double) throws {
            let tensor = try Tensor(value, shape: [count])
            #expect(try tensor.narrowed(dim: 0, start: 5, length: 1).item() == value)
        }
        try make(1)
        let before = ProcessMemory.tensors
        for value in 2...20 {
            try make(Double(value))
            #expect(ProcessMemory.tensors == before)
        }
    }
}
