@testable import Weights

extension FuzzTarget {
    /// safetensors.
    static let safeTensors = FuzzTarget("safetensors", factor: 128) { bytes in
        let arrays = try SafeTensors.read(WeightBytes(bytes), path: "model.safetensors")
        guard arrays.arrays.allSatisfy({ $0.bytes.count <= bytes.count }) else { throw FuzzFinding("an array larger than its file") }
    }

    /// PyTorch checkpoints, zip and legacy, told by their first bytes. Deflated entries may be 1032 times as large as they are.
    static let checkpoint = FuzzTarget("checkpoint", factor: 4200) { bytes in
        let path = try Scratch.write(bytes, as: "model.pth")
        _ = try WeightFile.read(path)
    }
}
