import Foundation
import Testing

@testable import Weights

struct SafeTensorsTests {
    /// A file from a header's text and data.
    static func assemble(_ header: String, data: Int = 0) -> [UInt8] {
        var bytes = withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { Array($0) }
        bytes += Array(header.utf8)
        return bytes + [UInt8](repeating: 0, count: data)
    }

    static let entry = #""a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}"#

    @Test("A file made by hand after the format's description is read in the header's order")
    func byHand() throws {
        let header =
            #"{"z":{"dtype":"I16","shape":[2],"data_offsets":[4,8]}, "a" : {"data_offsets":[0,4],"shape":[],"dtype":"F32"},"#
            + #""__metadata__":{"k\u00e9y \ud83d\ude00":"a\"\\\n"}}   "#
        var bytes = Self.assemble(header, data: 8)
        bytes.replaceSubrange((bytes.count - 8)..., with: [0, 0, 0xC0, 0x3F, 0xFF, 0xFF, 2, 1])
        let weights = try SafeTensors.read(WeightBytes(bytes), path: "x")
        #expect(weights.names == ["z", "a"])
        #expect(weights["z"]?.floats() == [-1, 258])
        #expect(weights["a"]?.floats() == [1.5])
        #expect(weights["a"]?.shape == [])
        #expect(weights.metadata == ["kéy 😀": "a\"\\\n"])
    }

    @Test(
        "A header that contradicts itself or the file is refused with the array and the value",
        arguments: [
            ("{\(entry)}", 12, "4 bytes after the last array belong to no array"),
            ("{\(entry)}", 5, "3 of 8 data bytes are missing (array a is last)"),
            ("{\(entry),\(entry)}", 8, "arrays a and a overlap"),
            (#"{\#(entry),"b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#, 8, "arrays a and b overlap: b begins at 4, before 8"),
            (#"{"b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#, 8, "array b: 4 bytes before it belong to no array"),
            (
                #"{"b":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}"#, 8,
                "shape [3] of F32 takes 12 bytes, but its data_offsets [0, 8] span 8"
            ),
            (#"{"b":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,8]}}"#, 8, "takes more than 2^63 bytes"),
            (#"{"b":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}"#, 8, "its shape holds something that is no integer"),
            (#"{"b":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}"#, 8, "its data_offsets [8, 0] are not a begin and an end"),
            (#"{"b":{"dtype":"F8_E4M3","shape":[8],"data_offsets":[0,8]}}"#, 8, "array b: dtype F8_E4M3 is not read here"),
            (#"{"b":{"shape":[8],"data_offsets":[0,8]}}"#, 8, "array b: its dtype is missing"),
            (#"{"__metadata__":{"a":1}}"#, 0, "__metadata__ entry \"a\" is not a string"),
            ("[1]", 0, "the header is not a JSON object"),
            (#"{"a":{}"#, 0, #"the header is not valid JSON: "," expected at byte 15"#),
            (String(repeating: "[", count: 5000), 0, "nested more than 16 deep"),
        ])
    func refused(header: String, data: Int, sentence: String) throws {
        let error = try #require(weightsError { try SafeTensors.read(WeightBytes(Self.assemble(header, data: data)), path: "x") })
        #expect(error.description.contains(sentence), "\(error)")
    }

    @Test("Two arrays of one name without bytes are refused as well")
    func duplicate() throws {
        let empty = #""e":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}"#
        let error = weightsError { try SafeTensors.read(WeightBytes(Self.assemble("{\(empty),\(empty)}")), path: "x") }
        #expect(error?.description == #"x: two arrays have the name "e"."#)
    }

    @Test("A header longer than the file, or than the limit, is refused before it is read")
    func headerLength() throws {
        let cut = weightsError { try SafeTensors.read(WeightBytes([200, 0, 0, 0, 0, 0, 0, 0, 0x7B]), path: "x") }
        #expect(cut?.kind == .truncated(missing: 199))
        let huge = weightsError { try SafeTensors.read(WeightBytes([UInt8](repeating: 0xFF, count: 16)), path: "x") }
        #expect(huge?.description.contains("18446744073709551615 bytes is announced") == true)
    }

    @Test("Arrays of all types come back with order, shapes, bytes and metadata; data are aligned")
    func roundTrip() throws {
        var arrays: [WeightArray] = []
        for (index, type) in ScalarType.allCases.reversed().enumerated() {
            let shape = [index % 3, 3, index + 1]
            let count = try #require(type.byteCount(shape: shape))
            let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ index) }
            arrays.append(try WeightArray(name: "\"array\" \(index)\t\u{1}/é", type: type, shape: shape, bytes: WeightBytes(bytes)))
        }
        arrays.append(try WeightArray(name: "scalar", shape: [], values: [.pi]))
        try withFolder { folder in
            let path = folder + "/all.safetensors"
            try SafeTensors.write(arrays, metadata: ["b": "2", "a": "line\nbreak"], to: path)
            let read = try WeightFile.read(path)
            #expect(read.names == arrays.map(\.name))
            #expect(read.metadata == ["b": "2", "a": "line\nbreak"])
            for (copy, original) in zip(read.arrays, arrays) {
                #expect(copy.type == original.type && copy.shape == original.shape && copy.bytes.hasSameBytes(as: original.bytes))
                #expect(copy.bytes.withUnsafeBytes { Int(bitPattern: $0.baseAddress) % copy.type.size == 0 })
            }
            #expect(read["scalar"]?.floats() == [.pi])
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["all.safetensors"])
            #expect(try contents(path)[0] % 8 == 0)
        }
    }

    @Test("A write that fails leaves the old file and no temporary one")
    func atomic() throws {
        try withFolder { folder in
            let path = try file([1, 2, 3], in: folder)
            let announced = [SafeTensors.Announcement(name: "a", type: .f32, shape: [2])]
            let error = weightsError {
                try SafeTensors.write(announced, to: path) { _ in WeightBytes([1, 2, 3]) }
            }
            #expect(error?.description.contains("array a: 8 bytes announced, 3 given") == true)
            #expect(try contents(path) == [1, 2, 3])
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["file"])
        }
        let nowhere = weightsError { try SafeTensors.write([], to: "/nonexistent-folder/a.safetensors") }
        #expect(nowhere?.description.contains("No such file or directory") == true)
    }

    @Test("Names that the format reserves or that occur twice are not written")
    func badNames() throws {
        let array = try WeightArray(name: "__metadata__", shape: [1], values: [1])
        let twin = try WeightArray(name: "a", shape: [1], values: [1])
        try withFolder { folder in
            #expect(weightsError { try SafeTensors.write([array], to: folder + "/a") }?.description.contains("the format's own") == true)
            #expect(weightsError { try SafeTensors.write([twin, twin], to: folder + "/a") }?.description.contains("that name") == true)
        }
    }
}
