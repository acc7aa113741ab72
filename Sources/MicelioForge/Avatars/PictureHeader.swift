/// What a picture says of itself before anything of it is decoded: kind, width and height.
///
/// Read by hand and within the bytes that are there, so that a picture of a few bytes that claims to be
/// 65,535 pixels wide is refused before a decoder makes room for it. The kind is told by the first bytes;
/// what somebody called the file says nothing.
struct PictureHeader: Hashable, Sendable {
    let kind: PictureKind
    /// In pixels, as they are stored.
    let width: Int
    let height: Int
    /// How a camera was held (EXIF, 1 to 8); 1 for upright.
    var orientation = 1
    /// Of a JPEG in four colours: whether ink is written as its absence, as Adobe's programs do.
    var isInverted = false

    /// Refuses what is too long or too large.
    init(_ bytes: [UInt8]) throws(PictureError) {
        guard bytes.count <= Limits.pictureBytesMax else { throw .tooLong }
        let fields = PictureFields(bytes)
        let header: PictureHeader
        if bytes.starts(with: PictureHeader.png) {
            header = try PictureHeader(png: fields)
        } else if bytes.starts(with: [0xFF, 0xD8, 0xFF]) {
            header = try PictureHeader(jpeg: fields)
        } else if fields.text(0, 4) == "RIFF", fields.text(8, 4) == "WEBP" {
            header = try PictureHeader(webp: fields)
        } else {
            throw .unknownKind
        }
        guard header.width > 0, header.height > 0 else { throw .damaged(header.kind) }
        guard max(header.width, header.height) <= Limits.pictureSideMax else {
            throw .tooManyPixels(width: header.width, height: header.height)
        }
        self = header
    }

    init(kind: PictureKind, width: Int, height: Int) {
        (self.kind, self.width, self.height) = (kind, width, height)
    }

    private static let png: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]

    /// The first chunk is IHDR (W3C PNG, section 11.2.1).
    private init(png fields: PictureFields) throws(PictureError) {
        guard fields.big(8, bytes: 4) == 13, fields.text(12, 4) == "IHDR",
            let width = fields.big(16, bytes: 4), let height = fields.big(20, bytes: 4)
        else { throw .damaged(.png) }
        self.init(kind: .png, width: width, height: height)
    }
}

/// Numbers and words at places of some bytes; nil beyond their end.
struct PictureFields {
    let bytes: [UInt8]

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// Most significant byte first.
    func big(_ place: Int, bytes count: Int) -> Int? {
        range(place, count).map { $0.reduce(0) { $0 << 8 | Int($1) } }
    }

    /// Least significant byte first.
    func little(_ place: Int, bytes count: Int) -> Int? {
        range(place, count).map { $0.reversed().reduce(0) { $0 << 8 | Int($1) } }
    }

    func text(_ place: Int, _ count: Int) -> String? {
        range(place, count).map { String(decoding: $0, as: UTF8.self) }
    }

    private func range(_ place: Int, _ count: Int) -> ArraySlice<UInt8>? {
        guard place >= 0, count <= bytes.count, place <= bytes.count - count else { return nil }
        return bytes[place..<place + count]
    }
}
