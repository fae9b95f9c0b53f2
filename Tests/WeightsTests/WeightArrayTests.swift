import Foundation
import Testing

@testable import Weights

struct WeightArrayTests {
    func floats(_ type: ScalarType, _ bytes: [UInt8]) throws -> [Float] {
        try WeightArray(name: "x", type: type, shape: [bytes.count / type.size], bytes: WeightBytes(bytes)).floats()
    }

    @Test("Each type converts to floats by its own rule")
    func conversions() throws {
        #expect(try floats(.f16, [0x00, 0x3C, 0x00, 0xC0, 0x01, 0x00, 0x00, 0x7C]) == [1, -2, 0x1p-24, .infinity])
        #expect(try floats(.bf16, [0x80, 0x3F, 0x49, 0xC0]) == [1, -3.140625])
        #expect(try floats(.f64, withUnsafeBytes(of: (0.1, 1e300)) { Array($0) }) == [0.1, .infinity])
        #expect(try floats(.i64, withUnsafeBytes(of: (Int64.min, Int64(16_777_217))) { Array($0) }) == [-0x1p63, 16_777_216])
        #expect(try floats(.i32, [0xFF, 0xFF, 0xFF, 0xFF]) == [-1])
        #expect(try floats(.i8, [0x80, 0x7F]) == [-128, 127])
        #expect(try floats(.u8, [0x80, 0xFF]) == [128, 255])
        #expect(try floats(.bool, [0, 1, 2]) == [0, 1, 1])
        #expect(try floats(.f16, [0x01, 0x7E])[0].isNaN)
    }

    @Test("A shape that contradicts the bytes is refused; products never overflow")
    func shapes() {
        #expect(throws: WeightsError.self) { try WeightArray(name: "x", type: .f32, shape: [3], bytes: WeightBytes([0, 0])) }
        #expect(ScalarType.f32.byteCount(shape: []) == 4)
        #expect(ScalarType.f32.byteCount(shape: [2, 3]) == 24)
        #expect(ScalarType.f32.byteCount(shape: [.max, 2]) == nil)
        #expect(ScalarType.f64.byteCount(shape: [1 << 60]) == nil)
        #expect(ScalarType.f32.byteCount(shape: [-1]) == nil)
        #expect(ScalarType.f32.byteCount(shape: [.max, .max, 0]) == 0)
    }

    @Test("Slices share bytes and stay inside")
    func slices() throws {
        let bytes = WeightBytes([0, 1, 2, 3, 4, 5])
        let middle = try #require(bytes.slice(start: 1, count: 4))
        #expect(middle.slice(start: 1, count: 2)?.withUnsafeBytes { Array($0) } == [2, 3])
        #expect(middle.slice(start: 4, count: 0)?.count == 0)
        #expect(middle.slice(start: 4, count: 1) == nil)
        #expect(middle.slice(start: -1, count: 1) == nil)
        #expect(middle.slice(start: 1, count: .max) == nil)
    }

    @Test("Arrays keep their mapped file alive after it was deleted")
    func lifetime() throws {
        var array: WeightArray?
        try withFolder { folder in
            let path = folder + "/a.safetensors"
            try SafeTensors.write([WeightArray(name: "a", shape: [3], values: [1, 2, 3])], to: path)
            array = try WeightFile.read(path)["a"]
        }
        #expect(array?.floats() == [1, 2, 3])
    }

    @Test("What wrappers put before names is taken off, in safetensors files, too, with the counter of averaged models")
    func wrappers() throws {
        for (names, unwrapped) in [
            (["module._orig_mod.a", "module._orig_mod.b"], ["a", "b"]), (["_orig_mod.module.a"], ["a"]),
            (["n_averaged", "module.a", "module.b"], ["a", "b"]), (["n_averaged", "a"], ["n_averaged", "a"]),
            (["module.a", "b"], ["module.a", "b"]),
        ] {
            let path = NSTemporaryDirectory() + "wrapped-\(UUID().uuidString).safetensors"
            defer { try? FileManager.default.removeItem(atPath: path) }
            try SafeTensors.write(names.map { try WeightArray(name: $0, shape: [], values: [1]) }, to: path)
            let weights = try WeightFile.read(path)
            #expect(Set(weights.names) == Set(unwrapped))
            #expect(weights.names.allSatisfy { weights[$0]?.name == $0 })
        }
    }

    @Test("A prefix is stripped only where every name has it")
    func prefix() throws {
        func names(_ names: [String]) throws -> ([String], String) {
            var weights = try WeightDictionary(names.map { try WeightArray(name: $0, shape: [], values: [1]) })
            weights.stripPrefix("module.")
            #expect(weights.names.allSatisfy { weights[$0]?.name == $0 })
            return (weights.names, weights.strippedPrefix)
        }
        #expect(try names(["module.a", "module.b"]) == (["a", "b"], "module."))
        #expect(try names(["module.a", "b"]) == (["module.a", "b"], ""))
        #expect(try names(["module."]) == (["module."], ""))
        #expect(try names([]) == ([], ""))
    }
}
