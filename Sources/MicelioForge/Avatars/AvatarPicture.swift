import HifCore

/// The picture of an account as the forge keeps and serves it: two square PNGs made here, whatever they
/// were made of.
struct AvatarPicture: Hashable, Sendable {
    /// For lists, and for an account's own page.
    enum Size: Int, Sendable, CaseIterable {
        case small = 64
        case large = 256
    }

    let small: [UInt8]
    let large: [UInt8]

    subscript(_ size: Size) -> [UInt8] { size == .small ? small : large }

    /// Changes with the picture.
    var tag: String { AvatarPicture.tag(large) }

    static func tag(_ bytes: [UInt8]) -> String { String(Blake3.hash(bytes).hex.prefix(16)) }
}

extension AvatarPicture {
    /// Checks, decodes, crops to the middle square, shrinks, turns upright and encodes anew. Nothing but
    /// pixels comes through, so neither does where a camera was.
    init(_ bytes: [UInt8]) throws {
        let header = try PictureHeader(bytes)
        let pixels = try PictureDecoder.decode(bytes, header, sideMin: Size.large.rawValue)
        let large = pixels.square(Size.large.rawValue).upright(from: header.orientation)
        self.large = try PictureEncoder.png(large)
        small = try PictureEncoder.png(large.square(Size.small.rawValue))
    }
}
