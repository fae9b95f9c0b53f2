import Foundation
import Testing

@testable import Datasets

@Suite("JSON of a manifest's lines")
struct JSONScannerTests {
    private func parse(_ text: String) throws(JSONFault) -> JSONValue { try parse(Array(text.utf8)) }

    private func parse(_ bytes: [UInt8]) throws(JSONFault) -> JSONValue {
        let result = bytes.withUnsafeBufferPointer { bytes in Result { () throws(JSONFault) in try JSONScanner.value(of: bytes) } }
        return try result.get()
    }

    /// Whether passing over a text finds the same faults as decoding it.
    private func skips(_ bytes: [UInt8]) -> Bool {
        bytes.withUnsafeBufferPointer { bytes in
            var scanner = JSONScanner(bytes)
            return (try? scanner.skipValue()) != nil && (try? scanner.finish()) != nil
        }
    }

    @Test("Escapes, surrogate pairs and raw UTF-8 are decoded")
    func escapes() throws {
        #expect(try parse(#""a\"\\\/\b\f\n\r\tz""#) == .string("a\"\\/\u{8}\u{C}\n\r\tz"))
        #expect(try parse(#""\u0041\u00e9\u20AC\ud83d\uDE00é€😀\u0000""#) == .string("Aé€😀é€😀\0"))
        #expect(throws: JSONFault(offset: 1, problem: "a string holds half of a surrogate pair")) { try parse(#""\ud83d""#) }
        for half in [#""\ude00""#, #""\ud83dx""#, #""\ud83d\u0041""#, #""\ud83d\n""#, #""\ud83d\ud83d""#] {
            #expect(throws: JSONFault.self) { try parse(half) }
        }
        #expect(throws: JSONFault(offset: 1, problem: "a string is not UTF-8")) { try parse([0x22, 0xC3, 0x28, 0x22]) }
    }

    @Test(
        "Numbers are the nearest Doubles",
        arguments: [
            "0", "-0", "1", "-17", "9007199254740993", "123456789012345678901234567890", "0.1", "2.5e-3", "1E+2", "1e22", "1e23",
            "4.9e-324",
            "1e-400", "1.7976931348623157e308", "0.30000000000000004", "899999999999999999", "1234567.8901234567", "3.0e1", "1e-22",
            "12e-23",
        ])
    func numbers(text: String) throws {
        #expect(try parse(text) == .number(try #require(Double(text))))
    }

    @Test(
        "What is not JSON is refused",
        arguments: [
            "", " ", "{", "[1,", "{\"a\"", "{\"a\":", "{\"a\":1", "{\"a\":1,", "{\"a\":1,}", "[1,]", "[,1]", "{a:1}", "{1:1}", "'a'", "\"a",
            "\"\\",
            "\"\\x\"", "\"\\u12\"", "\"\\u12g4\"", "\"a\u{1}\"", "01", "+1", "1.", ".5", "1e", "1e+", "-", "--1", "NaN", "Infinity",
            "-Infinity",
            "nul", "truefalse", "1 2", "{} {}", "[1 2]", "{\"a\" 1}", "{\"a\":1 \"b\":2}", "1e400", "-1e309", "0x10", "]", "}", "[}", "{]",
        ])
    func refused(text: String) {
        #expect(throws: JSONFault.self) { try parse(text) }
        #expect(!skips(Array(text.utf8)))
        // As the value of a key, too.
        #expect(throws: JSONFault.self) { try parse("{\"k\":\(text)") }
    }

    @Test("Nesting is limited, so that no line can exhaust the stack")
    func depth() throws {
        func nested(_ depth: Int) -> String { String(repeating: "[", count: depth) + String(repeating: "]", count: depth) }
        #expect(throws: Never.self) { try parse(nested(JSONScanner.maximumDepth)) }
        #expect(throws: JSONFault.self) { try parse(nested(JSONScanner.maximumDepth + 1)) }
        #expect(!skips(Array(nested(JSONScanner.maximumDepth + 1).utf8)))
        #expect(throws: JSONFault.self) { try parse(String(repeating: "{\"a\":", count: 1_000_000)) }
        #expect(throws: JSONFault.self) { try parse(String(repeating: "[", count: 1_000_000)) }
    }

    @Test("Of equal keys the last counts, as in Foundation, also where one is written with escapes")
    func duplicates() throws {
        let text = #"{"a": 1, "b": 2, "\u0061": 3}"#
        let reference = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Int])
        #expect(try parse(text) == .object(reference.mapValues { .number(Double($0)) }))
        let bytes = Array(text.utf8)
        let ranges = try bytes.withUnsafeBufferPointer { bytes in
            var scanner = JSONScanner(bytes)
            return try scanner.ranges(of: [Array("a".utf8), Array("b".utf8), Array("c".utf8)])
        }
        #expect(ranges.map { $0.map { String(decoding: bytes[$0], as: UTF8.self) } } == ["3", "2", nil])
    }

    @Test("Random documents mean what JSONSerialization says")
    func differential() throws {
        var random = SeededGenerator(state: 1)
        for _ in 0..<2000 {
            var writer = RandomJSON()
            let text = writer.value(depth: 0, &random)
            let reference = try JSONSerialization.jsonObject(with: Data(text.utf8), options: .fragmentsAllowed)
            let value = try parse(text)
            #expect(Self.equal(value, reference), "\(text)")
            #expect(skips(Array(text.utf8)), "\(text)")
        }
    }

    @Test("Damaged documents are refused where JSONSerialization refuses them, and only there")
    func damaged() throws {
        var random = SeededGenerator(state: 1)
        let pieces = Array("{}[]\",:\\u0123456789abcdeE+-. \ttruefalsn".utf8)
        for _ in 0..<4000 {
            var writer = RandomJSON()
            var bytes = Array(writer.value(depth: 1, &random).utf8.filter { $0 < 0x80 })
            for _ in 0..<Int.random(in: 1...3, using: &random) where !bytes.isEmpty {
                let place = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0..<3, using: &random) {
                case 0: bytes.remove(at: place)
                case 1: bytes.insert(pieces[Int.random(in: 0..<pieces.count, using: &random)], at: place)
                default: bytes[place] = pieces[Int.random(in: 0..<pieces.count, using: &random)]
                }
            }
            let text = String(decoding: bytes, as: UTF8.self)
            let reference = try? JSONSerialization.jsonObject(with: Data(bytes), options: .fragmentsAllowed)
            let value = try? parse(bytes)
            if value == nil, let reference {
                // Foundation accepts a comma behind the last element, which RFC 8259 does not.
                let strict = Array(text.replacing(/,[ \t\n]*(?=[\]}])/, with: "").utf8)
                #expect((try? parse(strict)).map { Self.equal($0, reference) } == true, "\(text)")
            } else if let value {
                #expect(reference.map { Self.equal(value, $0) } == true, "\(text)")
            }
            #expect(value == nil || skips(bytes), "\(text)")
        }
    }

    @Test("A written string is read back, by Foundation too")
    func writing() throws {
        let text = "a\"b\\c/\n\r\t\u{0}\u{1F}é😀\u{2028}"
        var bytes: [UInt8] = []
        bytes.append(jsonString: text)
        #expect(try parse(bytes) == .string(text))
        #expect(try JSONSerialization.jsonObject(with: Data(bytes), options: .fragmentsAllowed) as? String == text)
    }

    private static func equal(_ value: JSONValue, _ reference: Any) -> Bool {
        switch value {
        case .null: return reference is NSNull
        case .bool(let value): return (reference as? NSNumber).map { String(cString: $0.objCType) == "c" && $0.boolValue == value } ?? false
        case .number(let value):
            // By its text: a decimal number's own way to a Double does not round to the nearest.
            return (reference as? NSNumber).map { String(cString: $0.objCType) != "c" && Double($0.stringValue) == value } ?? false
        case .string(let value): return (reference as? String).map { $0.utf8.elementsEqual(value.utf8) } ?? false
        case .array(let values):
            guard let others = reference as? [Any], others.count == values.count else { return false }
            return zip(values, others).allSatisfy { equal($0, $1) }
        case .object(let members):
            guard let others = reference as? [String: Any], others.count == members.count else { return false }
            return members.allSatisfy { key, value in others[key].map { equal(value, $0) } ?? false }
        }
    }
}

/// The same numbers in every run (SplitMix64, Steele et al. 2014).
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var bits = state
        bits = (bits ^ bits >> 30) &* 0xBF58_476D_1CE4_E5B9
        bits = (bits ^ bits >> 27) &* 0x94D0_49BB_1331_11EB
        return bits ^ bits >> 31
    }
}

/// Writes random JSON: blanks, escapes, numbers of every form, nesting.
struct RandomJSON {
    mutating func value(depth: Int, _ random: inout SeededGenerator) -> String {
        let blank = ["", "", " ", "\t ", "\n"].randomElement(using: &random) ?? ""
        switch Int.random(in: 0..<(depth > 4 ? 5 : 8), using: &random) {
        case 0: return blank + (["null", "true", "false"].randomElement(using: &random) ?? "")
        case 1, 2: return blank + number(&random)
        case 3, 4: return blank + string(&random) + blank
        case 5, 6:
            let members = (0..<Int.random(in: 0..<5, using: &random)).map {
                "\"\($0)" + string(&random).dropFirst() + blank + ":" + value(depth: depth + 1, &random)
            }
            return blank + "{" + members.joined(separator: ",") + blank + "}"
        default:
            let elements = (0..<Int.random(in: 0..<5, using: &random)).map { _ in value(depth: depth + 1, &random) }
            return "[" + elements.joined(separator: "," + blank) + blank + "]" + blank
        }
    }

    private func number(_ random: inout SeededGenerator) -> String {
        switch Int.random(in: 0..<4, using: &random) {
        case 0: return String(Int.random(in: -1000...1000, using: &random))
        case 1: return String(Int64.random(in: -(1 << 53)...(1 << 53), using: &random))
        case 2: return "\(Double.random(in: -1000...1000, using: &random))"
        default:
            return
                "\(Int.random(in: 0...99, using: &random)).\(Int.random(in: 0...99, using: &random))e\(Int.random(in: -30...30, using: &random))"
        }
    }

    private func string(_ random: inout SeededGenerator) -> String {
        let parts = [
            "a", "source-ref", "é", "😀", #"\""#, #"\\"#, #"\/"#, #"\n"#, #"\u00e9"#, #"\ud83d\ude00"#, " ", "/", "0123456789", "\u{7F}",
            "\u{2028}",
        ]
        return "\"" + (0..<Int.random(in: 0..<8, using: &random)).compactMap { _ in parts.randomElement(using: &random) }.joined() + "\""
    }
}
