import Foundation
import Testing

@testable import Torch

@Suite(.serialized)
struct TensorTests {
    @Test("Elements come back as they were given, in row-major order")
    func roundTrip() throws {
        let tensor = try Tensor([1, 2, 3, 4, 5, 6] as [Float], shape: [2, 3])
        #expect(tensor.shape == [2, 3])
        #expect(tensor.dtype == .float32)
        #expect(try tensor.transposed(0, 1).elements(as: Float.self) == [1, 4, 2, 5, 3, 6])
        #expect(try tensor.elements(as: Int64.self) == [1, 2, 3, 4, 5, 6])
    }

    @Test("An empty tensor has no elements and does not trap")
    func empty() throws {
        let tensor = try Tensor([Float](), shape: [0, 3])
        #expect(tensor.count == 0)
        #expect(try tensor.elements(as: Float.self).isEmpty)
        #expect(try tensor.bytes().isEmpty)
    }

    @Test("A shape that does not fit the elements is an error that names both")
    func wrongShape() throws {
        let error = #expect(throws: TorchError.self) { try Tensor([1, 2, 3] as [Float], shape: [2, 2]) }
        #expect(error?.description.contains("12 bytes given for a tensor of 16") == true)
    }

    @Test("libtorch's complaints arrive as Swift errors, without a backtrace")
    func errors() throws {
        let a = try Tensor.ones([2, 3])
        let b = try Tensor.ones([4, 5])
        let error = #expect(throws: TorchError.self) { try matmul(a, b) }
        #expect(error?.description.contains("cannot be multiplied") == true)
        #expect(error?.description.contains("frame #") == false)
    }

    @Test("Memory beyond the machine's is an error that says what to do")
    func outOfMemory() throws {
        let error = #expect(throws: TorchError.self) { try Tensor.zeros([1 << 24, 1 << 20]) }
        #expect(error?.description.contains("out of memory") == true)
    }

    @Test("Memory is given back when the last copy goes")
    func release() throws {
        let before = ProcessMemory.resident
        for _ in 0..<20 { _ = try Tensor.ones([16, 1024, 1024]) }
        #expect(ProcessMemory.resident - before < 256 << 20)
    }

    @Test("The same seed gives the same numbers, another seed others")
    func seeds() throws {
        let a = try Tensor.randomNormal([64], seed: 7).elements(as: Float.self)
        #expect(try Tensor.randomNormal([64], seed: 7).elements(as: Float.self) == a)
        #expect(try Tensor.randomNormal([64], seed: 8).elements(as: Float.self) != a)
    }

    @Test("Channels-last keeps values and shape and changes the memory order only")
    func channelsLast() throws {
        let tensor = try Tensor((0..<24).map(Float.init), shape: [1, 2, 3, 4])
        let other = try tensor.channelsLast()
        #expect(other.isChannelsLast)
        #expect(other.shape == tensor.shape)
        #expect(try other.elements(as: Float.self) == tensor.elements(as: Float.self))
    }

    @Test("Pixels become (x / 255 - mean) / std with the channels in front", arguments: [DType.float32, .bfloat16])
    func normalize(dtype: DType) throws {
        let pixels = try Tensor([0, 128, 255, 10, 20, 30] as [UInt8], shape: [1, 1, 2, 3])
        let out = try normalizeImages(pixels, mean: [0.5, 0.25, 0], std: [0.5, 0.25, 2], dtype: dtype)
        #expect(out.shape == [1, 3, 1, 2])
        #expect(out.isChannelsLast)
        let expected: [Float] = [
            -1, (10 / 255 - 0.5) / 0.5, (128 / 255 - 0.25) / 0.25, (20 / 255 - 0.25) / 0.25, 0.5, 30 / 255 / 2,
        ]
        for (value, truth) in zip(try out.elements(as: Float.self), expected) {
            #expect(abs(value - truth) <= (dtype == .float32 ? 1e-6 : 0.01))
        }
    }

    @Test("Devices are read from words, and words that are none are refused with the choice")
    func devices() throws {
        #expect(try Device(parsing: "cpu") == .cpu)
        #expect(try Device(parsing: "auto") == Device.best)
        let error = #expect(throws: TorchError.self) { try Device(parsing: "tpu") }
        #expect(error?.description.contains("auto, cpu, cuda") == true)
        if Device.cudaCount == 0 {
            let error = #expect(throws: TorchError.self) { try Device(parsing: "cuda:0") }
            #expect(error?.description.contains("--device cpu") == true)
        }
    }

    @Test("The loaded libtorch is the one whose headers were used")
    func version() throws {
        #expect(Runtime.loadedVersion == Runtime.builtVersion)
        try Runtime.checkVersion()
    }
}
