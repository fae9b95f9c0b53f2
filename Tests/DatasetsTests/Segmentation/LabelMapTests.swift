import Datasets
import Testing

@Suite("Label maps")
struct LabelMapTests {
    private func map(_ json: String) throws -> LabelMap { try LabelMap(json: Array(json.utf8), place: "train_label_map.json") }
    private func classes(_ json: String, of values: [UInt8]) throws -> [UInt8] { values.map(try map(json).classID(of:)) }

    // The contract's own examples.
    @Test("Scale divides and rounds down, number or text; the map's key is the class and its value the pixel")
    func contract() throws {
        #expect(try classes(#"{"scale": "3"}"#, of: [0, 3, 6, 8, 254, 255]) == [0, 1, 2, 2, 84, 255])
        #expect(try map(#"{"scale": 3}"#) == map(#"{"scale": "3"}"#))
        #expect(try map(#"{"scale": "1"}"#) == .identity)
        #expect(try classes(#"{"map": {"0": 5, "1": 0, "2": 2}}"#, of: [0, 5, 2, 255]) == [1, 0, 2, 255])
        #expect(try map("\u{FEFF}" + #"{"map": {"0": "5", "1": "0"}, "comment": "x"}"#) == map(#"{"map": {"1": 0, "0": 5}}"#))
    }

    @Test("Values that the map leaves out are not labelled, and can be told from 255")
    func leftOut() throws {
        let map = try map(#"{"map": {"0": 5, "1": 0, "255": 9}}"#)
        #expect([0, 5, 7, 9, 255].map(map.classID(of:)) == [1, 0, 255, 255, 255])
        #expect((0...255).filter { map.leavesOut(UInt8($0)) }.count == 253)
        #expect(!map.leavesOut(255) && !map.leavesOut(0) && map.leavesOut(7))
    }

    @Test(
        "A map that can't be meant is refused, with what is wrong",
        arguments: [
            (#"{"scale": 0}"#, "the scale 0 is not in 1…255"), (#"{"scale": -9223372036854775808}"#, "is not in 1…255"),
            (#"{"scale": 1e300}"#, "scale: not a whole number"), (#"{"scale": "three"}"#, "scale: not a whole number"),
            (#"{"scale": 1.5}"#, "scale: not a whole number"), (#"{"scale": true}"#, "scale: not a whole number"),
            (#"{"scale": 3, "map": {"0": 1}}"#, "it holds both scale and map"), ("{}", "it holds neither scale nor map"),
            (#"{"maps": {"0": 1}}"#, "it holds neither scale nor map"), (#"{"map": {}}"#, "the map is empty"),
            (#"{"map": {"0": 256}}"#, "class 0 with pixel value 256 is not within 0…255"),
            (#"{"map": {"300": 2}}"#, "class 300 with pixel value 2 is not within 0…255"),
            (#"{"map": {"0": 5, "1": 5}}"#, "classes 0 and 1 both have pixel value 5"),
            (#"{"map": {"1": 255}}"#, "class 1 has pixel value 255, which always means not labelled"),
            (#"{"map": {"road": 5}}"#, "the key 'road' is not a class number"),
            (#"{"map": {"1": 2, "01": 3}}"#, "not a class number of its own"),
            (#"{"map": {"0": [1]}}"#, "not a whole number"), ("[1]", "it is not a JSON object"), ("", "it is not a JSON object"),
            (#"{"map": [0, 5]}"#, "map: not a whole number"),
        ])
    func refused(json: String, expected: String) {
        let text = message { _ = try map(json) }
        #expect(text.hasPrefix("train_label_map.json: ") && text.contains(expected) && text.contains("; "))
    }

    @Test("Each half has its own file in the label_map channel; a missing one means class ids")
    func channel() throws {
        let bucket = BucketInMemory(["train_label_map.json": Array(#"{"scale": 2}"#.utf8)])
        #expect(try LabelMap.read(from: bucket, for: .training) == LabelMap(scale: 2))
        #expect(try LabelMap.read(from: bucket, for: .validation) == .identity)
        bucket.put([UInt8](repeating: 32, count: 2 << 20), as: "validation_label_map.json")
        #expect(message { _ = try LabelMap.read(from: bucket, for: .validation) }.contains("2097152 bytes are no label map"))
    }

    @Test("JSON with random damage is a map or an error of this room")
    func damaged() throws {
        let good = Array(#"{"map": {"0": 5, "1": 0, "2": 2}}"#.utf8)
        for index in 0..<300 {
            var random = RandomStream(seed: 9, epoch: 0, index: index)
            var bytes = good
            for _ in 0..<2 { bytes[Int.random(in: bytes.indices, using: &random)] = UInt8.random(in: 0...255, using: &random) }
            do { #expect(try LabelMap(json: bytes, place: "x").classID(of: 255) == 255) } catch is DatasetError {}
        }
    }
}
