import Foundation
import Testing

@testable import Weights

/// Fixtures that PyTorch wrote: see `Tests/Fixtures/weights/make_fixtures.py`.
struct PyTorchCheckpointTests {
    static let forms = ["zip", "legacy"]

    @Test(
        "Every element type is read with its values",
        arguments: ["types.zip.pth", "types.legacy.pth", "types.deflated.pth", "types.repacked.pth", "big-endian.zip.pth"])
    func types(name: String) throws {
        let weights = try WeightFile.read(fixture(name))
        #expect(weights.names == ["f64", "f32", "f16", "bf16", "i64", "i32", "i16", "i8", "u8", "bool"])
        for array in weights.arrays {
            #expect(array.type.rawValue.lowercased() == array.name)
            #expect(array.shape == [2, 3])
            let expected: [Float] =
                switch array.type {
                case .f64, .f32, .f16, .bf16: ramp(6)
                case .i64, .i32, .i16, .i8: [-3, -2, -1, 0, 1, 2]
                case .u8: [0, 1, 2, 3, 4, 5]
                case .bool: [1, 0, 1, 0, 1, 0]
                }
            #expect(array.floats() == expected, "\(array.name)")
        }
    }

    @Test("Views with offsets and strides become contiguous arrays", arguments: forms)
    func views(form: String) throws {
        let weights = try WeightFile.read(fixture("views.\(form).pth"))
        let base = ramp(24)
        func pick(_ indices: [Int]) -> [Float] { indices.map { base[$0] } }
        func expect(_ name: String, _ shape: [Int], _ values: [Float], _ location: SourceLocation = #_sourceLocation) {
            #expect(weights[name]?.shape == shape, sourceLocation: location)
            #expect(weights[name]?.floats() == values, sourceLocation: location)
        }
        expect("base", [4, 6], base)
        expect("shared_again", [4, 6], base)
        expect("transposed", [6, 4], pick((0..<6).flatMap { column in (0..<4).map { $0 * 6 + column } }))
        expect("row", [6], pick(Array(12..<18)))
        expect("column", [4], pick([1, 7, 13, 19]))
        expect("block", [2, 3], pick([8, 9, 10, 14, 15, 16]))
        expect("every_second", [2, 2], pick([0, 3, 12, 15]))
        expect("expanded", [3, 2], pick([0, 1, 0, 1, 0, 1]))
        expect("channels_last", [2, 3, 2, 2], base)
        expect("scalar", [], [2.5])
        expect("empty", [0, 3], [])
    }

    @Test("A training checkpoint gives its weights; everything else becomes text", arguments: forms)
    func training(form: String) throws {
        let weights = try WeightFile.read(fixture("training.\(form).pth"))
        #expect(
            weights.names == [
                "0.weight", "0.bias", "1.weight", "1.bias", "1.running_mean", "1.running_var", "1.num_batches_tracked",
            ])
        #expect(weights.strippedPrefix == "module.")
        #expect(weights["0.weight"]?.floats() == ramp(6))
        #expect(weights["1.num_batches_tracked"]?.type == .i64)
        #expect(weights.metadata["epoch"] == "7")
        #expect(weights.metadata["arch"] == "tiny")
        #expect(weights.metadata["best_prec1"] == "91.5")
        #expect(weights.metadata["best_loss"] == "0.125")
        #expect(
            weights.metadata["args"]
                == #"argparse.Namespace{"lr": 0.1, "data": "/data", "nested": {"a": [1, 2.5, None, True]}}"#)
        #expect(weights.metadata["optimizer"]?.contains("momentum_buffer") == true)
    }

    @Test("An entry can be named, and a wrong name lists what there is")
    func namedEntry() throws {
        let error = weightsError { try WeightFile.read(fixture("training.zip.pth"), key: "ema") }
        #expect(error?.kind == .unavailable)
        #expect(error?.description.contains("epoch, arch, best_prec1, best_loss, args, state_dict, optimizer") == true)
        #expect(try WeightFile.read(fixture("training.zip.pth"), key: "state_dict").count == 7)
    }

    @Test("Each pickle protocol that torch.save can write is read", arguments: 2...5)
    func protocols(version: Int) throws {
        let weights = try WeightFile.read(fixture("protocol\(version).zip.pth"))
        #expect(weights.names == ["0.weight", "0.bias", "1.weight", "1.bias", "1.running_mean", "1.running_var", "1.num_batches_tracked"])
        #expect(weights["0.weight"]?.floats() == ramp(6))
    }

    @Test("Numbers beside the only dictionary of tensors are no weights, whatever it is called")
    func numbersBeside() throws {
        let weights = try WeightFile.read(fixture("numbers-beside.zip.pth"))
        #expect(weights.names == ["weight"] && weights["weight"]?.floats() == ramp(6))
        #expect(weights.metadata["best_acc"] == "76.5" && weights.metadata["epoch"] == "3")
    }

    @Test("A parameter is its tensor")
    func parameter() throws {
        let weights = try WeightFile.read(fixture("parameter.zip.pth"))
        #expect(weights.names == ["weight"])
        #expect(weights["weight"]?.floats() == ramp(4))
        #expect(weights.metadata["note"] == "a parameter")
    }

    @Test("A checkpoint without checksums is read")
    func noChecksums() throws {
        #expect(try WeightFile.read(fixture("no-crc.zip.pth"))["weight"]?.floats() == ramp(6))
    }

    @Test("A pickle that asks for os.system is read as text and runs nothing", arguments: forms)
    func malicious(form: String) throws {
        let weights = try WeightFile.read(fixture("malicious.\(form).pth"))
        #expect(weights["weight"]?.floats() == ramp(4))
        #expect(weights.metadata["payload"] == "posix.system(…)")
        #expect(!FileManager.default.fileExists(atPath: "sightline-was-executed"))
    }

    @Test("A parameter that only os.system could make is refused, not made")
    func evilParameter() throws {
        let error = try #require(weightsError { try WeightFile.read(fixture("evil-parameter.zip.pth")) })
        #expect(error.kind == .unsupported)
        #expect(
            error.description.hasSuffix(
                "tensor weight: the parameter's data come from a call of posix.system, which is not a tensor's form."))
        #expect(!FileManager.default.fileExists(atPath: "sightline-was-executed"))
    }

    @Test("Sparse tensors, whole modules, TorchScript and plain pickles are named for what they are")
    func refused() throws {
        func sentence(_ name: String) -> String { weightsError { try WeightFile.read(fixture(name)) }?.description ?? "" }
        #expect(sentence("whole-module.zip.pth").contains("a call of torch.nn.modules.container.Sequential"))
        #expect(sentence("whole-module.zip.pth").contains("save module.state_dict()"))
        #expect(sentence("sparse.zip.pth").contains("_rebuild_sparse_tensor makes a sparse, quantised or device tensor"))
        #expect(sentence("plain.pkl").contains("is a plain pickle, not a checkpoint of torch.save"))
    }

    @Test("A cut zip checkpoint says that bytes are missing, from the pickle where that survives")
    func cut() throws {
        let bytes = try contents(fixture("types.zip.pth"))
        try withFolder { folder in
            for size in [40, 700, 1500, 2500, bytes.count - 1] {
                let path = try file(Array(bytes[..<size]), in: folder)
                let error = try #require(weightsError { try WeightFile.read(path) })
                guard case .truncated(let missing) = error.kind else {
                    Issue.record("cut at \(size): \(error)")
                    continue
                }
                #expect(missing > 0 && missing <= bytes.count - size)
                #expect(error.description.contains("is cut off"))
            }
        }
    }

    @Test("A flipped byte in a zip checkpoint's weights is found by the checksum")
    func checksum() throws {
        var bytes = try contents(fixture("types.zip.pth"))
        // f64's second element, -0.75.
        let place = try #require(
            bytes.indices.dropLast(8).first { bytes[$0..<$0 + 8].elementsEqual([0, 0, 0, 0, 0, 0, 0xE8, 0xBF]) })
        bytes[place] ^= 1
        try withFolder { folder in
            let path = try file(bytes, in: folder)
            #expect(weightsError { try WeightFile.read(path) }?.description.contains("data/0 does not match its checksum") == true)
        }
    }
}
