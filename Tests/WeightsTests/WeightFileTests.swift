import Foundation
import Testing

@testable import Weights

struct WeightFileTests {
    @Test(
        "What is no weight file is named for what it is",
        arguments: [
            ("", "is empty. Fetch the file again."),
            ("abc", "has only 3 bytes"),
            ("\n <!DOCTYPE html>\n<html><body>Sign in</body></html>", "is a web page (HTML), saved in place of the weights"),
            (
                "<?xml version=\"1.0\"?><Error><Code>AccessDenied</Code></Error>",
                "is an XML document, perhaps a storage service's error message"
            ),
            ("version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n", "is a Git LFS pointer"),
            ("this is just a text file", "is neither safetensors nor a PyTorch checkpoint (24 bytes, the first: 7468697320697320)."),
        ])
    func texts(content: String, sentence: String) throws {
        try withFolder { folder in
            let path = try file(Array(content.utf8), in: folder)
            let error = try #require(weightsError { try WeightFile.read(path) })
            #expect(error.kind == .unknownFormat)
            #expect(error.description.hasPrefix(path + " "))
            #expect(error.description.contains(sentence))
        }
    }

    @Test("Other binary formats are named with what to do")
    func signatures() throws {
        let cases: [([UInt8], String)] = [
            ([0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 0], "gunzip"),
            ([0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A, 0], "HDF5"),
            ([0x12, 1, 0, 0, 0, 0, 0, 0, 0, 0], "MXNet"),
            ([0x50, 0x4B, 5, 6] + [UInt8](repeating: 0, count: 18), "empty or split zip archive"),
            ([0x80, 2, 0x8A, 10, 0x6C, 0xFC, 0x9C], "is cut off after 7 bytes"),
            ([UInt8](repeating: 0, count: 257) + Array("ustar".utf8) + [0, 0], "is a tar archive"),
        ]
        for (bytes, sentence) in cases {
            try withFolder { folder in
                let path = try file(bytes, in: folder)
                #expect(weightsError { try WeightFile.read(path) }?.description.contains(sentence) == true, "\(sentence)")
            }
        }
    }

    @Test("A missing file and a folder are named")
    func missing() throws {
        #expect(weightsError { try WeightFile.read("/nonexistent.pth") }?.description.contains("No such file or directory") == true)
        #expect(weightsError { try WeightFile.read("/tmp") }?.description == "/tmp is a folder. Give the path of one weight file.")
    }

    @Test("A zip archive that is no checkpoint says what it has instead")
    func otherZip() throws {
        var bytes = try contents(fixture("types.zip.pth"))
        // Rename data.pkl, which occurs in the local header and in the directory.
        let name = Array("data.pkl".utf8)
        for start in bytes.indices.dropLast(8) where bytes[start..<start + 8].elementsEqual(name) { bytes[start] = UInt8(ascii: "D") }
        try withFolder { folder in
            let path = try file(bytes, in: folder)
            #expect(weightsError { try WeightFile.read(path) }?.description.contains("it has no data.pkl (it has") == true)
        }
    }
}

/// Reading must end in arrays or in an error, never in a crash, a hang or memory without bound.
struct HostileWeightsTests {
    static let seeds = [
        "types.zip.pth", "types.legacy.pth", "types.deflated.pth", "views.legacy.pth", "training.zip.pth", "training.legacy.pth",
        "protocol4.zip.pth", "malicious.legacy.pth",
    ]

    /// Reads bytes as a weight file would be and touches every element.
    private func read(_ bytes: [UInt8]) {
        let weights: WeightDictionary?
        if bytes.starts(with: [0x50, 0x4B]) || bytes.first == 0x80 {
            weights = try? PyTorchCheckpoint.read(WeightBytes(bytes), path: "x", key: nil)
        } else {
            weights = try? SafeTensors.read(WeightBytes(bytes), path: "x")
        }
        for array in weights?.arrays ?? [] { #expect(array.floats().count == array.elementCount) }
    }

    @Test("Files cut at any place", arguments: seeds)
    func truncations(name: String) throws {
        let bytes = try contents(fixture(name))
        for size in stride(from: 1, to: bytes.count, by: 7) { read(Array(bytes[..<size])) }
    }

    @Test("Files with flipped bytes", arguments: seeds)
    func flips(name: String) throws {
        let bytes = try contents(fixture(name))
        var dice = Dice(state: UInt64(name.utf8.reduce(0) { $0 + Int($1) }))
        for _ in 0..<400 {
            var damaged = bytes
            for _ in 0..<Int.random(in: 1...4, using: &dice) {
                damaged[Int.random(in: 0..<damaged.count, using: &dice)] = UInt8.random(in: 0...255, using: &dice)
            }
            read(damaged)
        }
    }

    @Test("safetensors cut or with flipped bytes")
    func safeTensors() throws {
        var bytes: [UInt8] = []
        try withFolder { folder in
            let arrays = try (1...4).map { try WeightArray(name: "a\($0)", shape: [$0], values: ramp($0)) }
            try SafeTensors.write(arrays, metadata: ["k": "v"], to: folder + "/a")
            bytes = try contents(folder + "/a")
        }
        for size in 0..<bytes.count { read(Array(bytes[..<size])) }
        var dice = Dice(state: 1)
        for _ in 0..<2000 {
            var damaged = bytes
            damaged[Int.random(in: 0..<damaged.count, using: &dice)] = UInt8.random(in: 0...255, using: &dice)
            read(damaged)
        }
    }

    @Test("Random byte codes leave the pickle machine in order")
    func randomPickles() {
        var dice = Dice(state: 2)
        let opcodes =
            Array("().012KMJNRbcde]}{hjlqrtuosa\u{1}\u{2}".utf8) + [0x80, 0x81, 0x85, 0x86, 0x87, 0x88, 0x8C, 0x8F, 0x90, 0x91, 0x93, 0x94]
        for _ in 0..<4000 {
            let bytes = (0..<Int.random(in: 1...60, using: &dice)).map { _ in opcodes.randomElement(using: &dice) ?? 0 }
            bytes.withUnsafeBytes { buffer in
                if let (document, _) = try? PickleMachine.read(buffer) {
                    _ = CheckpointText.text(document.root, in: document)
                    _ = try? StateDictionary(document, key: nil, path: "x")
                }
            }
        }
    }

    @Test("Deep nesting, containers that contain themselves and shared doubling end quickly")
    func nesting() throws {
        // A hundred thousand tuples in one another, and freed again.
        let deep = [UInt8(ascii: "N")] + [UInt8](repeating: 0x85, count: 100_000) + [UInt8(ascii: ".")]
        // A list that holds itself.
        let selfish = Array("]q\0h\0a.".utf8)
        // l = [l', l'], forty levels: 2^40 leaves when written out.
        let doubling = Array("N".utf8) + (0..<40).flatMap { _ in Array("2\u{86}".unicodeScalars.map { UInt8($0.value) }) } + Array(".".utf8)
        for pickle in [deep, selfish, doubling] {
            let document = try pickle.withUnsafeBytes { try PickleMachine.read($0).document }
            let text = CheckpointText.text(document.root, in: document)
            #expect(text.contains("…") && text.utf8.count < 2000)
        }
    }

    @Test("A small pickle that describes an enormous expanded view is refused")
    func expansion() throws {
        let bytes = try contents(fixture("views.legacy.pth"))
        // (3, 2) with strides (0, 1): the size tuple "K 3 K 2 TUPLE2" becomes "J 2^30 K 2 TUPLE2".
        let size: [UInt8] = [0x4B, 3, 0x4B, 2, 0x86]
        let place = try #require(bytes.indices.dropLast(5).first { bytes[$0..<$0 + 5].elementsEqual(size) })
        var damaged = bytes
        damaged.replaceSubrange(place..<place + 2, with: [0x4A, 0, 0, 0, 0x40])
        let error = try #require(weightsError { try PyTorchCheckpoint.read(WeightBytes(damaged), path: "x", key: nil) })
        #expect(error.description.contains("tensor expanded: a view of shape [1073741824, 2] takes 8589934592 bytes"))
    }
}
