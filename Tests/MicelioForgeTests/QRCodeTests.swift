import Testing

@testable import MicelioForge

/// QR codes, against those of the Python package qrcode 8.2 with the same version, level and mask.
@Suite struct QRCodeTests {
    private static func rows(_ code: QRCode) -> [String] {
        (0..<code.size).map { y in
            (0..<code.size).map { x in code[x, y] ? "1" : "0" }.joined()
        }
    }

    @Test func `a small one is right to the last module`() throws {
        let wanted = """
            111111100101101111111
            100000101010101000001
            101110100100101011101
            101110100101101011101
            101110101000101011101
            100000100010101000001
            111111101010101111111
            000000000101100000000
            101010100111000010010
            110110010110001001111
            000100100000100011111
            111111011100001000010
            100010100100101010000
            000000001111010100011
            111111100101011100011
            100000100011110111001
            101110101011011100101
            101110100110001000110
            101110101100100010001
            100000100010001000110
            111111101010101010111
            """
        let code = try #require(QRCode(Array("hif".utf8)))
        #expect(QRCodeTests.rows(code).joined(separator: "\n") == wanted)
    }

    @Test func `larger ones have their blocks, alignments and version`() throws {
        for (count, version, checksum) in [
            (20, 2, 0xFC64_05A9), (84, 5, 0x9861_7E63), (117, 7, 0xEEB5_1608),
            (213, 10, 0xC7B2_59AD), (300, 13, 0xFF0F_AA90), (412, 15, 0xA0B1_4509),
        ] as [(Int, Int, UInt32)] {
            let bytes = (0..<count).map { UInt8(97 + ($0 * 7) % 26) }
            let code = try #require(QRCode(bytes))
            #expect(code.size == version * 4 + 17)
            #expect(CRC32.checksum(QRCodeTests.rows(code).joined().utf8) == checksum, "\(count)")
        }
        #expect(QRCode(Array(repeating: 97, count: 413)) == nil)
    }
}
