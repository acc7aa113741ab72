import CPng
import CTurboJPEG
import CWebP
import Testing

@testable import MicelioForge

/// Pictures made by the libraries themselves.
enum SamplePictures {
    typealias Color = (UInt8, UInt8, UInt8, UInt8)

    static let red: Color = (255, 0, 0, 255)
    static let green: Color = (0, 255, 0, 255)
    static let blue: Color = (0, 0, 255, 255)

    static func pixels(
        _ width: Int, _ height: Int, _ color: (_ x: Int, _ y: Int) -> Color
    ) -> Pixels {
        var bytes: [UInt8] = []
        for y in 0..<height {
            for x in 0..<width {
                let (red, green, blue, alpha) = color(x, y)
                bytes += [red, green, blue, alpha]
            }
        }
        return Pixels(width: width, height: height, bytes: bytes)
    }

    /// Bands from left to right, of colours in turn.
    static func bands(_ width: Int, _ height: Int) -> Pixels {
        let colors = [red, green, blue]
        return pixels(width, height) { x, _ in colors[x * 3 / width] }
    }

    static func png(_ pixels: Pixels) throws -> [UInt8] { try PictureEncoder.png(pixels) }

    static func grayPNG(_ side: Int) throws -> [UInt8] {
        var image = png_image()
        image.version = UInt32(CPNG_IMAGE_VERSION)
        (image.width, image.height) = (UInt32(side), UInt32(side))
        var result = [UInt8](repeating: 0, count: side * side * 2 + 4_096)
        var count = result.count
        let source = [UInt8](repeating: 90, count: side * side)
        try #require(png_image_write_to_memory(&image, &result, &count, 0, source, 0, nil) != 0)
        return Array(result.prefix(count))
    }

    static func jpeg(
        _ pixels: Pixels, _ format: TJPF = TJPF_RGBA, sampling: TJSAMP = TJSAMP_444,
        flags: Int32 = 0
    ) throws -> [UInt8] {
        let encoder = try #require(tjInitCompress())
        defer { tjDestroy(encoder) }
        var bytes: UnsafeMutablePointer<UInt8>?
        var count: UInt = 0
        let code = tjCompress2(
            encoder, pixels.bytes, Int32(pixels.width), 0, Int32(pixels.height), format.rawValue,
            &bytes, &count, Int32(sampling.rawValue), 95, flags)
        defer { tjFree(bytes) }
        try #require(code == 0)
        return Array(UnsafeBufferPointer(start: bytes, count: Int(count)))
    }

    /// With a block of EXIF behind the start of the image: how the camera was held, and where.
    static func jpeg(_ pixels: Pixels, orientation: UInt8) throws -> [UInt8] {
        var block = Array("Exif\0\0MM\0*".utf8) + [0, 0, 0, 8, 0, 2]
        block += [0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0]
        // A place, as a text of 16 bytes behind the two fields.
        block += [0x88, 0x25, 0, 2, 0, 0, 0, 16, 0, 0, 0, 38, 0, 0, 0, 0]
        block += Array("GPS 60.17N 24.94".utf8)
        let picture = try jpeg(pixels)
        return picture.prefix(2) + [0xFF, 0xE1, 0, UInt8(block.count + 2)] + block
            + picture.dropFirst(2)
    }

    static func webp(_ pixels: Pixels, isLossless: Bool = true) throws -> [UInt8] {
        var bytes: UnsafeMutablePointer<UInt8>?
        let (width, height) = (Int32(pixels.width), Int32(pixels.height))
        let count =
            isLossless
            ? WebPEncodeLosslessRGBA(pixels.bytes, width, height, width * 4, &bytes)
            : WebPEncodeRGBA(pixels.bytes, width, height, width * 4, 90, &bytes)
        defer { WebPFree(bytes) }
        try #require(count > 0)
        return Array(UnsafeBufferPointer(start: bytes, count: count))
    }

    /// Two frames in one container (RFC 9649), put together by hand.
    static func animatedWebP(_ pixels: Pixels) throws -> [UInt8] {
        func little(_ number: Int, _ count: Int) -> [UInt8] {
            (0..<count).map { UInt8(truncatingIfNeeded: number >> ($0 * 8)) }
        }
        func chunk(_ name: String, _ bytes: [UInt8]) -> [UInt8] {
            Array(name.utf8) + little(bytes.count, 4) + bytes + (bytes.count % 2 == 1 ? [0] : [])
        }
        let size = little(pixels.width - 1, 3) + little(pixels.height - 1, 3)
        let picture = Array(try webp(pixels).dropFirst(12))
        let frame = chunk("ANMF", [0, 0, 0, 0, 0, 0] + size + [100, 0, 0, 0] + picture)
        let chunks =
            chunk("VP8X", [0x02, 0, 0, 0] + size) + chunk("ANIM", [0, 0, 0, 0, 0, 0])
            + frame + frame
        return Array("RIFF".utf8) + little(chunks.count + 4, 4) + Array("WEBP".utf8) + chunks
    }

    /// A PNG that says it is of another size than it is, with a checksum that fits.
    static func png(_ pixels: Pixels, saying width: Int, _ height: Int) throws -> [UInt8] {
        func big(_ number: Int) -> [UInt8] {
            (0..<4).map { UInt8(truncatingIfNeeded: number >> (24 - $0 * 8)) }
        }
        var bytes = try png(pixels)
        bytes.replaceSubrange(16..<24, with: big(width) + big(height))
        bytes.replaceSubrange(29..<33, with: big(Int(CRC32.checksum(bytes[12..<29]))))
        return bytes
    }
}

extension AvatarPicture {
    /// What is in one of its files.
    func decoded(_ size: Size) throws -> Pixels {
        let header = try PictureHeader(self[size])
        return try PictureDecoder.decode(self[size], header, sideMin: 1)
    }
}

extension Pixels {
    subscript(_ x: Int, _ y: Int) -> [UInt8] {
        Array(bytes[(y * width + x) * 4..<(y * width + x) * 4 + 4])
    }

    /// Whether a pixel has nearly that colour, as what loses a little keeps it.
    func isNear(_ color: SamplePictures.Color, at x: Int, _ y: Int) -> Bool {
        zip(self[x, y], [color.0, color.1, color.2, color.3]).allSatisfy {
            abs(Int($0) - Int($1)) <= 12
        }
    }
}
