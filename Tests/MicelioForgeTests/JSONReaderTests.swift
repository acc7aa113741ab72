import Foundation
import Support
import Testing

@testable import MicelioForge

/// JSON as strangers send it.
@Suite struct JSONReaderTests {
    @Test(
        arguments: [
            ("null", JSONValue.null), (" true ", .bool(true)), ("-0", .integer(0)),
            ("9223372036854775807", .integer(.max)), ("1.5e1", .integer(15)),
            ("-1.25", .number(-1.25)),
            ("9223372036854775808", .number(9_223_372_036_854_775_808)),
            ("\"\\u00fc\\ud83d\\ude00\\n\\/\\\\\\\"\"", .string("ü😀\n/\\\"")),
            ("\"\\u0000\"", .string("\0")),
            ("[]", .list([])), ("[1 ,\t[2]\n]", .list([.integer(1), .list([.integer(2)])])),
            ("{\"a\" : {\"b\":[null]}}", .object(["a": .object(["b": .list([.null])])])),
            ("{\"a\":1,\"A\":2}", .object(["a": .integer(1), "A": .integer(2)])),
        ] as [(String, JSONValue)])
    func `what is JSON is read`(_ text: String, _ value: JSONValue) throws {
        #expect(try JSONReader.value(Array(text.utf8)) == value)
    }

    @Test(arguments: [
        "", " ", "nul", "truex", "01", "1.", ".5", "+1", "1e", "--1", "1e999", "0x1", "NaN",
        "Infinity", "\"", "\"\\", "\"\\x\"", "\"\\u12\"", "\"\\ud800\"", "\"\\ud800\\u0041\"",
        "\"\\udc00\"", "\"a\nb\"", "\"\t\"", "[", "[1", "[1,", "[1,]", "[,1]", "{", "{1:2}",
        "{\"a\"}",
        "{\"a\":}", "{\"a\":1,}", "{\"a\":1 \"b\":2}", "1 2", "{} {}", "[1]]", "'a'", "\u{FEFF}1",
        "// a\n1", "{\"a\":1,\"a\":2}", "{\"a\":1,\"\\u0061\":1}", "[{\"x\":{\"y\":1,\"y\":1}}]",
    ])
    func `what is not is refused, and an object has a name once`(_ text: String) {
        #expect(throws: ForgeError.self) { try JSONReader.value(Array(text.utf8)) }
    }

    @Test func `bytes that are no text are refused`() {
        for bytes: [UInt8] in [
            [0x22, 0xFF, 0x22], [0x22, 0xC0, 0x80, 0x22], [0x22, 0xED, 0xA0, 0x80, 0x22],
        ] {
            #expect(throws: ForgeError.self) { try JSONReader.value(bytes) }
        }
    }

    @Test func `values are nested so deep and no deeper`() throws {
        for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
            func nested(_ depth: Int) -> [UInt8] {
                Array(
                    (String(repeating: open, count: depth) + "1"
                        + String(repeating: close, count: depth)).utf8)
            }
            _ = try JSONReader.value(nested(JSONReader.depthMax))
            #expect(throws: ForgeError.self) {
                try JSONReader.value(nested(JSONReader.depthMax + 1))
            }
            // So deep that a reader without a bound would run out of stack.
            #expect(throws: ForgeError.self) { try JSONReader.value(nested(100_000)) }
        }
    }

    @Test func `what Foundation writes is read as it was, and damage never traps`() throws {
        for seed in UInt64(0)..<300 {
            var generator = SeededGenerator(seed: seed)
            let object: [String: Any] = [
                "text": String(decoding: generator.bytes(12), as: UTF8.self),
                "number": Int64.random(in: .min ... .max, using: &generator),
                "list": [true, NSNull(), ["deep": "ü\u{2028}\u{7F}"]] as [Any],
            ]
            var bytes = Array(try JSONSerialization.data(withJSONObject: object))
            guard case .object(let fields) = try JSONReader.value(bytes) else {
                Issue.record("seed \(seed): no object")
                continue
            }
            #expect(fields["text"] == .string(object["text"] as? String ?? ""), "seed \(seed)")
            #expect(fields["number"] == .integer(object["number"] as? Int64 ?? 0), "seed \(seed)")
            for _ in 0..<4 {
                bytes[Int.random(in: bytes.indices, using: &generator)] =
                    UInt8.random(in: 0...255, using: &generator)
            }
            _ = try? JSONReader.value(bytes)
            _ = try? JSONReader.value(Array(bytes.prefix(Int(seed) % bytes.count)))
        }
    }
}
