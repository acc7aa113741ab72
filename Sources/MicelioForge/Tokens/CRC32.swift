/// The CRC-32 of IEEE 802.3 (reflected, polynomial 0xEDB88320), as zip and PNG use it. Here it lets
/// a secret scanner tell a token from a look-alike without asking the forge; it protects nothing.
enum CRC32 {
    private static let table: [UInt32] = (0..<256).map { (index: UInt32) in
        (0..<8).reduce(index) { value, _ in
            value & 1 == 1 ? (value >> 1) ^ 0xEDB8_8320 : value >> 1
        }
    }

    static func checksum(_ bytes: some Sequence<UInt8>) -> UInt32 {
        ~bytes.reduce(~0) { value, byte in
            (value >> 8) ^ table[Int((value ^ UInt32(byte)) & 0xFF)]
        }
    }
}
