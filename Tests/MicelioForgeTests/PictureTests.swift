import CTurboJPEG
import Dispatch
import NIOPosix
import Support
import Testing

@testable import MicelioForge

/// Bytes that somebody uploaded as their picture: what becomes of them, or why nothing does.
@Suite struct PictureTests {
    private static let kinds: [(PictureKind, @Sendable (Pixels) throws -> [UInt8])] = [
        (.png, { try SamplePictures.png($0) }), (.jpeg, { try SamplePictures.jpeg($0) }),
        (.webp, { try SamplePictures.webp($0) }),
    ]

    private func error(_ bytes: [UInt8]) -> PictureError? {
        do {
            _ = try AvatarPicture(bytes)
            return nil
        } catch {
            return error as? PictureError
        }
    }

    // MARK: Good ones

    @Test(arguments: kinds)
    func `the middle square of each kind becomes two square PNGs`(
        _ kind: PictureKind, _ encode: @Sendable (Pixels) throws -> [UInt8]
    ) throws {
        let bytes = try encode(SamplePictures.bands(900, 300))
        #expect(try PictureHeader(bytes) == PictureHeader(kind: kind, width: 900, height: 300))
        let picture = try AvatarPicture(bytes)
        for size in AvatarPicture.Size.allCases {
            let pixels = try picture.decoded(size)
            #expect(pixels.width == size.rawValue && pixels.height == size.rawValue)
            for (x, y) in [(4, 4), (size.rawValue - 5, size.rawValue - 5)] {
                #expect(pixels.isNear(SamplePictures.green, at: x, y), "\(kind) \(pixels[x, y])")
            }
        }
        #expect(picture.tag.count == 16 && picture.tag == AvatarPicture.tag(picture.large))
    }

    @Test func `small pictures are not enlarged, and odd formats are read`() throws {
        let one = SamplePictures.pixels(1, 1) { _, _ in SamplePictures.blue }
        let tiny = try AvatarPicture(try SamplePictures.png(one)).decoded(.large)
        #expect(tiny.width == 1 && tiny[0, 0] == [0, 0, 255, 255])
        let bands = SamplePictures.bands(90, 30)
        for bytes in [
            try SamplePictures.webp(bands, isLossless: false),
            try SamplePictures.jpeg(bands, sampling: TJSAMP_420),
            try SamplePictures.jpeg(bands, flags: TJFLAG_PROGRESSIVE),
        ] {
            let pixels = try AvatarPicture(bytes).decoded(.large)
            #expect(pixels.width == 30 && pixels.isNear(SamplePictures.green, at: 15, 15))
        }
        let gray = try SamplePictures.jpeg(bands, sampling: TJSAMP_GRAY)
        let shade = try AvatarPicture(gray).decoded(.large)[15, 15]
        #expect(shade[0] == shade[1] && shade[1] == shade[2] && shade[3] == 255)
        let grayPNG = try AvatarPicture(try SamplePictures.grayPNG(20)).decoded(.large)
        #expect(grayPNG[3, 3][0] == grayPNG[3, 3][2])
    }

    @Test func `inks become light`() throws {
        // As Adobe's programs write them: 255 for none.
        let ink = SamplePictures.pixels(32, 32) { _, _ in (255, 0, 0, 255) }
        let bytes = try SamplePictures.jpeg(ink, TJPF_CMYK)
        #expect(try PictureHeader(bytes).isInverted)
        #expect(try AvatarPicture(bytes).decoded(.large).isNear(SamplePictures.red, at: 16, 16))
    }

    @Test func `a picture is turned as the camera was held, and says nothing of the place`() throws
    {
        let halves = SamplePictures.pixels(64, 64) { x, _ in
            x < 32 ? SamplePictures.red : SamplePictures.blue
        }
        // Where the red half, which is left in the file, is seen.
        for (orientation, red, blue) in [
            (UInt8(1), (8, 32), (56, 32)), (2, (56, 32), (8, 32)), (3, (56, 32), (8, 32)),
            (4, (8, 32), (56, 32)), (5, (32, 8), (32, 56)), (6, (32, 8), (32, 56)),
            (7, (32, 56), (32, 8)), (8, (32, 56), (32, 8)), (9, (8, 32), (56, 32)),
        ] {
            let bytes = try SamplePictures.jpeg(halves, orientation: orientation)
            #expect(bytes.contains(Array("GPS 60.17N".utf8)))
            let picture = try AvatarPicture(bytes)
            let pixels = try picture.decoded(.large)
            #expect(
                pixels.isNear(SamplePictures.red, at: red.0, red.1)
                    && pixels.isNear(SamplePictures.blue, at: blue.0, blue.1), "\(orientation)")
            for file in [picture.small, picture.large] {
                #expect(!file.contains(Array("GPS".utf8)) && !file.contains(Array("xif".utf8)))
            }
        }
    }

    @Test func `shrinking takes the mean of what a pixel covers`() {
        let four = SamplePictures.pixels(4, 4) { x, y in
            let value = UInt8(x * 10 + y * 40)
            return (value, value, value, 255)
        }
        #expect(four.square(2)[0, 0] == [25, 25, 25, 255])
        #expect(four.square(2)[1, 1] == [125, 125, 125, 255])
        // Each of two new pixels covers one old one and a half.
        let three = SamplePictures.pixels(3, 3) { x, _ in
            let value = UInt8(x * 90)
            return (value, 0, 0, 255)
        }
        #expect(three.square(2)[0, 0] == [30, 0, 0, 255] && three.square(2)[1, 0][0] == 150)
        // What cannot be seen colours nothing.
        let veiled = SamplePictures.pixels(2, 2) { x, _ in
            x == 0 ? SamplePictures.red : (0, 255, 0, 0)
        }
        #expect(veiled.square(1)[0, 0] == [255, 0, 0, 128])
        #expect(veiled.square(2)[0, 0] == [255, 0, 0, 255])
        #expect(veiled.square(2)[1, 0] == [0, 0, 0, 0])
        #expect(!veiled.isOpaque && four.isOpaque)
    }

    // MARK: Bad ones

    @Test func `what is no picture of those kinds is refused, whatever it is called`() throws {
        let svg = "<?xml version=\"1.0\"?><svg xmlns=\"http://www.w3.org/2000/svg\"><script/></svg>"
        for text in [
            "", "x", svg, "GIF89a/*\u{1}\u{1}*/=1;alert(document.domain)", "<!doctype html><p>",
            "%PDF-1.7", "BM", "RIFF....AVI ", "RIFF", "\u{FF}\u{D8}", "II*\0", "ftypavif",
        ] {
            #expect(error(Array(text.utf8)) == .unknownKind, "\(text)")
        }
        #expect(PictureError.unknownKind.refusal.code == .unprocessable)
        #expect("\(PictureError.unknownKind)" == "this is no PNG, JPEG or WebP")
    }

    @Test func `a picture that claims to be larger than any may be is refused undecoded`() throws {
        let one = SamplePictures.pixels(1, 1) { _, _ in SamplePictures.red }
        let side = Limits.pictureSideMax
        for (width, height) in [(65_535, 65_535), (side + 1, 1), (1, side + 1), (0x7FFF_FFFF, 1)] {
            let bytes = try SamplePictures.png(one, saying: width, height)
            #expect(error(bytes) == .tooManyPixels(width: width, height: height))
        }
        // As large as may be, and not there.
        #expect(error(try SamplePictures.png(one, saying: side, side)) == .damaged(.png))
        #expect(error(try SamplePictures.png(one, saying: 0, 1)) == .damaged(.png))
        var jpeg = try SamplePictures.jpeg(SamplePictures.bands(30, 30))
        let frame = try #require(
            jpeg.indices.first { jpeg[$0...].starts(with: [0xFF, 0xC0, 0, 17]) })
        jpeg.replaceSubrange(frame + 5..<frame + 9, with: [0xFF, 0xFF, 0xFF, 0xFF])
        #expect(error(jpeg) == .tooManyPixels(width: 65_535, height: 65_535))
        var webp = try SamplePictures.webp(one)
        webp.replaceSubrange(21..<25, with: [0xFF, 0xFF, 0xFF, 0x0F])
        #expect(error(webp) == .tooManyPixels(width: 16_384, height: 16_384))
    }

    @Test func `so many bytes are a picture, and one more is none`() throws {
        let one = SamplePictures.pixels(1, 1) { _, _ in SamplePictures.red }
        let bytes = try SamplePictures.png(one)
        let padding = [UInt8](repeating: 0, count: Limits.pictureBytesMax - bytes.count)
        #expect(error(bytes + padding) == nil)
        #expect(error(bytes + padding + [0]) == .tooLong)
        #expect(PictureError.tooLong.refusal.code == .tooLarge)
    }

    @Test func `a JPEG of so many scans is read, and of one more is not`() throws {
        let bytes = try SamplePictures.jpeg(
            SamplePictures.bands(30, 30), flags: TJFLAG_PROGRESSIVE)
        let scans = zip(bytes, bytes.dropFirst()).count { $0 == 0xFF && $1 == 0xDA }
        let more = [[UInt8]](repeating: [0xFF, 0xDA], count: Limits.pictureScansMax - scans)
        #expect(throws: Never.self) { try PictureHeader(bytes + more.joined()) }
        #expect(error(bytes + more.joined() + [0xFF, 0xDA]) == .tooManyScans)
    }

    @Test func `what stands behind a picture is not served`() throws {
        let bytes = try SamplePictures.png(SamplePictures.bands(30, 30))
        let picture = try AvatarPicture(bytes + Array("<script>alert(1)</script>".utf8))
        #expect(!picture.large.contains(Array("script".utf8)))
        #expect(picture == (try AvatarPicture(bytes)))
    }

    @Test func `animated pictures are refused with the reason`() throws {
        let bytes = try SamplePictures.animatedWebP(SamplePictures.bands(30, 30))
        #expect(error(bytes) == .isAnimated)
        #expect("\(PictureError.isAnimated)".contains("animated"))
        // One that hides it is none that is decoded.
        var hidden = bytes
        hidden[20] = 0
        #expect(error(hidden) == .damaged(.webp))
    }

    @Test(arguments: kinds)
    func `a picture that ends too early is refused`(
        _ kind: PictureKind, _ encode: @Sendable (Pixels) throws -> [UInt8]
    ) throws {
        let bytes = try encode(SamplePictures.bands(60, 60))
        for count in stride(from: 0, to: bytes.count, by: 16) {
            let error = error(Array(bytes.prefix(count)))
            // Without the last few bytes all of its pixels are there.
            if count < bytes.count - 16 {
                #expect(error == .damaged(kind) || error == .unknownKind, "\(kind) \(count)")
            }
        }
    }

    @Test(arguments: kinds)
    func `no flipped bit traps`(
        _ kind: PictureKind, _ encode: @Sendable (Pixels) throws -> [UInt8]
    ) throws {
        var generator = SeededGenerator(seed: 51)
        let noise = SamplePictures.pixels(24, 24) { _, _ in
            let bytes = generator.bytes(4)
            return (bytes[0], bytes[1], bytes[2], bytes[3])
        }
        let bytes = try encode(noise)
        for seed in UInt64(0)..<400 {
            var generator = SeededGenerator(seed: seed)
            var damaged = bytes
            // Most in the head, where sizes are.
            let end = seed % 2 == 0 ? min(64, bytes.count) : bytes.count
            for _ in 0...seed % 3 {
                let place = Int.random(in: 0..<end, using: &generator)
                damaged[place] ^= 1 << UInt8.random(in: 0...7, using: &generator)
            }
            if let picture = try? AvatarPicture(damaged) {
                #expect(try picture.decoded(.small).width <= 64, "\(kind) \(seed)")
            }
        }
    }

    @Test func `random bytes behind the first ones never trap`() {
        let starts: [[UInt8]] = [
            [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0, 0, 0, 13] + Array("IHDR".utf8),
            [0xFF, 0xD8, 0xFF], [0xFF, 0xD8, 0xFF, 0xE1, 0, 40] + Array("Exif\0\0II*\0".utf8),
            Array("RIFF\0\0\0\0WEBPVP8X".utf8), Array("RIFF\0\0\0\0WEBPVP8L".utf8),
            Array("RIFF\0\0\0\0WEBPVP8 ".utf8),
        ]
        for seed in UInt64(0)..<600 {
            var generator = SeededGenerator(seed: seed)
            let start = starts[Int(seed) % starts.count]
            let count = Int.random(in: 0...200, using: &generator)
            _ = error(start + generator.bytes(count))
        }
    }

    // MARK: Many at once

    @Test func `so many pictures wait to be decoded, and the next is refused`() async throws {
        let threads = NIOThreadPool(numberOfThreads: 1)
        threads.start()
        // The thread is held until all have asked.
        let gate = DispatchSemaphore(value: 0)
        threads.submit { _ in gate.wait() }
        let maker = PictureMaker(threads: threads)
        let bytes = try SamplePictures.png(SamplePictures.bands(30, 30))
        let codes = await withTaskGroup(of: ForgeError.Code?.self) { group in
            for _ in 0...Limits.pictureQueueMax {
                group.addTask { await refusal { _ = try await maker.make(bytes) } }
            }
            // The one that is too much comes back while the others wait.
            let first = await group.next() ?? nil
            gate.signal()
            return await group.reduce(into: [first]) { $0.append($1) }
        }
        try await threads.shutdownGracefully()
        #expect(codes.first == .unavailable && codes.dropFirst().allSatisfy { $0 == nil })
        #expect(codes.count == Limits.pictureQueueMax + 1)
    }
}
