import HifCore
import HifRepository
import Support
import Testing

/// What readers say of bytes that are not what was written.
@Suite struct FormatDamageTests {
    /// A format: its bytes, and a reader that gives back what it read, written again.
    struct Format: CustomTestStringConvertible, Sendable {
        let name: String
        let bytes: [UInt8]
        /// Whether it ends with the hash of everything before.
        let hasChecksum: Bool
        let rewritten: @Sendable ([UInt8]) throws(FormatError) -> [UInt8]

        var testDescription: String { name }

        /// With the checksum that fits, so that what is behind it gets to see the bytes.
        func sealed(_ payload: [UInt8]) -> [UInt8] {
            hasChecksum ? payload + Blake3.hash(payload).bytes : payload
        }

        var payload: [UInt8] { hasChecksum ? Array(bytes.dropLast(32)) : bytes }
    }

    static let formats: [Format] = [
        Format(name: "genesis", bytes: Golden.genesis.encode(), hasChecksum: true) {
            bytes throws(FormatError) in try Slot(decoding: bytes).encode()
        },
        Format(name: "slot", bytes: Golden.slot.encode(), hasChecksum: true) {
            bytes throws(FormatError) in try Slot(decoding: bytes).encode()
        },
        Format(name: "event", bytes: Golden.note.encode(), hasChecksum: true) {
            bytes throws(FormatError) in try SessionEvent(decoding: bytes).encode()
        },
        Format(name: "object run", bytes: Golden.run.encode(), hasChecksum: true) {
            bytes throws(FormatError) in try ObjectRun(decoding: bytes).encode()
        },
        Format(name: "rollup", bytes: Golden.rollup.bytes, hasChecksum: true) {
            bytes throws(FormatError) in try RollupRun(decoding: bytes).bytes
        },
        Format(name: "document", bytes: Golden.document.encode(), hasChecksum: false) {
            bytes throws(FormatError) in try SessionDocument(decoding: bytes).encode()
        },
        Format(
            name: "operation list", bytes: OperationList.encode(Golden.operations),
            hasChecksum: false
        ) { bytes throws(FormatError) in
            OperationList.encode(try OperationList.decode(bytes, packCount: 2))
        },
        Format(
            name: "bundle", bytes: PackGoldenTests.bytes(Golden.bundleBytes), hasChecksum: false
        ) { bytes throws(FormatError) in
            let bundle = try PackBundle(bytes)
            return PackBundle(
                bundle.members.indices.map { (bundle.members[$0].kind, bundle.content($0)) }
            ).bytes
        },
        Format(
            name: "place index", bytes: PackGoldenTests.bytes(Golden.placeIndexBytes),
            hasChecksum: true
        ) { bytes throws(FormatError) in
            let index = try PlaceIndex(decoding: bytes)
            // Searching what decodes never traps.
            for number in 0..<UInt64(300) { _ = index.location(of: testHash(number)) }
            return index.encode()
        },
        Format(name: "comment", bytes: Golden.lineComment.encode(), hasChecksum: true) {
            bytes throws(FormatError) in try SessionEvent(decoding: bytes).encode()
        },
        Format(name: "verdict", bytes: Golden.verdict.encode(), hasChecksum: true) {
            bytes throws(FormatError) in try SessionEvent(decoding: bytes).encode()
        },
    ]

    @Test(arguments: formats)
    func `every truncation is refused`(format: Format) {
        for count in 0..<format.bytes.count {
            #expect(throws: FormatError.self, "\(count) bytes") {
                try format.rewritten(Array(format.bytes[..<count]))
            }
        }
        for count in 0..<format.payload.count {
            #expect(throws: FormatError.self, "\(count) bytes, sealed") {
                try format.rewritten(format.sealed(Array(format.payload[..<count])))
            }
        }
    }

    @Test(arguments: formats)
    func `every flipped bit is refused, or read as what it says`(format: Format) {
        var isAllRefused = true
        for bit in 0..<format.bytes.count * 8 {
            var bytes = format.bytes
            bytes[bit / 8] ^= 1 << UInt8(bit % 8)
            if let again = try? format.rewritten(bytes) {
                isAllRefused = false
                #expect(again == bytes, "bit \(bit)")
            }
        }
        #expect(!format.hasChecksum || isAllRefused)
        // And with a checksum that fits.
        for bit in 0..<format.payload.count * 8 {
            var payload = format.payload
            payload[bit / 8] ^= 1 << UInt8(bit % 8)
            let bytes = format.sealed(payload)
            if let again = try? format.rewritten(bytes) { #expect(again == bytes, "bit \(bit)") }
        }
    }

    @Test(arguments: formats)
    func `hostile lengths and counts are refused, and nothing is allocated for them`(
        format: Format
    ) {
        let payload = format.payload
        let varints: [[UInt8]] = [
            Array(repeating: 0xFF, count: 9) + [0x01], [0xFF, 0xFF, 0xFF, 0xFF, 0x0F],
            [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01], [0x80, 0x00],
            [0xFF, 0x7F],
        ]
        for offset in payload.indices {
            for varint in varints {
                let replaced = Array(payload[..<offset]) + varint + payload[(offset + 1)...]
                var overwritten = payload
                for (index, byte) in varint.enumerated() where offset + index < payload.count {
                    overwritten[offset + index] = byte
                }
                for candidate in [replaced, overwritten] {
                    let bytes = format.sealed(candidate)
                    if let again = try? format.rewritten(bytes) {
                        #expect(again == bytes, "at \(offset)")
                    }
                }
            }
        }
    }

    @Test(arguments: formats)
    func `noise and splices never trap`(format: Format) {
        for seed: UInt64 in 1...300 {
            var random = SeededGenerator(seed: seed)
            var payload = format.payload
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                let start = Int.random(in: 0..<payload.count, using: &random)
                let count = Int.random(in: 0...min(40, payload.count - start), using: &random)
                let noise = random.bytes(Int.random(in: 0...40, using: &random))
                payload.replaceSubrange(start..<start + count, with: noise)
                if payload.isEmpty { payload = [0] }
            }
            let bytes = format.sealed(payload)
            if let again = try? format.rewritten(bytes) { #expect(again == bytes, "seed \(seed)") }
        }
    }

    @Test func `another version is named`() {
        for (format, at) in [(1, 4), (2, 4), (3, 4), (4, 4), (5, 0), (6, 0)] {
            let format = FormatDamageTests.formats[format]
            var payload = format.payload
            payload[at] = 9
            do {
                _ = try format.rewritten(format.sealed(payload))
                Issue.record("\(format.name) of version 9 was read")
            } catch {
                #expect("\(error)".contains("version 9"), "\(error)")
            }
        }
    }

    @Test func `what a slot cannot say is refused`() {
        var slot = Golden.slot
        func isRefused(_ change: (inout Slot) -> Void) -> Bool {
            slot = Golden.slot
            change(&slot)
            return (try? Slot(decoding: slot.encode())) == nil
        }
        #expect(isRefused { $0.firstPosition = 0 })
        #expect(isRefused { $0.firstPosition = .max })
        #expect(isRefused { $0.controlEpoch = 8 })
        #expect(isRefused { $0.controlEpoch = 6 })
        #expect(isRefused { $0.control = nil })
        #expect(isRefused { $0.checkpointEpoch = 7 })
        #expect(isRefused { $0.epoch = 0 })
        #expect(!isRefused { _ in })
    }
}
