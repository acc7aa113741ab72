import CPng
import CTurboJPEG
import CWebP

/// Decodes pictures with the libraries that browsers and phones do it with, each from memory into memory
/// of a size that is known before.
///
/// Holds a core for a tenth of a second, for the largest pictures half a one, and four bytes for each pixel:
/// call it through `PictureMaker`.
enum PictureDecoder {
    /// - Parameter sideMin: how many pixels each side needs. A JPEG is decoded no larger than that asks for.
    static func decode(
        _ bytes: [UInt8], _ header: PictureHeader, sideMin: Int
    ) throws(PictureError) -> Pixels {
        switch header.kind {
        case .png: try png(bytes, header)
        case .jpeg: try jpeg(bytes, header, sideMin: sideMin)
        case .webp: try webp(bytes, header)
        }
    }

    private static func png(
        _ bytes: [UInt8], _ header: PictureHeader
    ) throws(PictureError) -> Pixels {
        var image = png_image()
        image.version = UInt32(CPNG_IMAGE_VERSION)
        defer { png_image_free(&image) }
        // The library keeps the pointer until the picture is read, so both calls are within one closure.
        let pixels = bytes.withUnsafeBytes { source -> [UInt8]? in
            guard
                png_image_begin_read_from_memory(&image, source.baseAddress, source.count) != 0,
                image.width == header.width, image.height == header.height
            else { return nil }
            image.format = UInt32(CPNG_RGBA)
            var pixels = [UInt8](repeating: 0, count: header.width * header.height * 4)
            guard png_image_finish_read(&image, nil, &pixels, 0, nil) != 0 else { return nil }
            return pixels
        }
        guard let pixels else { throw .damaged(.png) }
        return Pixels(width: header.width, height: header.height, bytes: pixels)
    }

    private static func jpeg(
        _ bytes: [UInt8], _ header: PictureHeader, sideMin: Int
    ) throws(PictureError) -> Pixels {
        guard let decoder = tjInitDecompress() else { throw .damaged(.jpeg) }
        defer { tjDestroy(decoder) }
        var (width, height, sampling, space) = (Int32(0), Int32(0), Int32(0), Int32(0))
        guard
            tjDecompressHeader3(
                decoder, bytes, UInt(bytes.count), &width, &height, &sampling, &space) == 0,
            Int(width) == header.width, Int(height) == header.height
        else { throw .damaged(.jpeg) }
        // The format lets a decoder leave out halves, quarters and eighths for less work.
        let divisor =
            [8, 4, 2].first { min(header.width, header.height) / $0 >= sideMin } ?? 1
        let (columns, rows) = (
            (header.width + divisor - 1) / divisor, (header.height + divisor - 1) / divisor
        )
        let isInk = [TJCS_CMYK, TJCS_YCCK].contains { $0.rawValue == UInt32(bitPattern: space) }
        var pixels = [UInt8](repeating: 0, count: columns * rows * 4)
        // A warning is a part that is not there. Scans are bounded, for each takes the time of the whole.
        guard
            tjDecompress2(
                decoder, bytes, UInt(bytes.count), &pixels, Int32(columns), 0, Int32(rows),
                isInk ? TJPF_CMYK.rawValue : TJPF_RGBA.rawValue,
                TJFLAG_STOPONWARNING | TJFLAG_LIMITSCANS) == 0
        else { throw .damaged(.jpeg) }
        if isInk { light(&pixels, isInverted: header.isInverted) }
        return Pixels(width: columns, height: rows, bytes: pixels)
    }

    /// Four inks as light, without a profile of the printer's: what each of three colours and black let
    /// through.
    private static func light(_ pixels: inout [UInt8], isInverted: Bool) {
        for place in stride(from: 0, to: pixels.count, by: 4) {
            let mask: UInt8 = isInverted ? 0 : 255
            let black = Int(pixels[place + 3] ^ mask)
            for part in 0..<3 {
                pixels[place + part] = UInt8(Int(pixels[place + part] ^ mask) * black / 255)
            }
            pixels[place + 3] = 255
        }
    }

    private static func webp(
        _ bytes: [UInt8], _ header: PictureHeader
    ) throws(PictureError) -> Pixels {
        var (width, height) = (Int32(0), Int32(0))
        guard WebPGetInfo(bytes, bytes.count, &width, &height) != 0,
            Int(width) == header.width, Int(height) == header.height
        else { throw .damaged(.webp) }
        var pixels = [UInt8](repeating: 0, count: header.width * header.height * 4)
        guard
            WebPDecodeRGBAInto(
                bytes, bytes.count, &pixels, pixels.count, Int32(header.width * 4)) != nil
        else { throw .damaged(.webp) }
        return Pixels(width: header.width, height: header.height, bytes: pixels)
    }
}

/// Writes pixels as a PNG with nothing else in it.
enum PictureEncoder {
    static func png(_ pixels: Pixels) throws -> [UInt8] {
        var source = pixels.bytes
        var image = png_image()
        image.version = UInt32(CPNG_IMAGE_VERSION)
        image.width = UInt32(pixels.width)
        image.height = UInt32(pixels.height)
        image.format = UInt32(CPNG_RGBA)
        if pixels.isOpaque {
            source = source.enumerated().filter { $0.offset % 4 != 3 }.map(\.element)
            image.format = UInt32(CPNG_RGB)
        }
        defer { png_image_free(&image) }
        // More than what cannot be compressed takes.
        var result = [UInt8](repeating: 0, count: source.count + source.count / 8 + 4_096)
        var count = result.count
        guard png_image_write_to_memory(&image, &result, &count, 0, source, 0, nil) != 0 else {
            throw ForgeError(.internalError, "a picture could not be written as PNG")
        }
        return Array(result.prefix(count))
    }
}
