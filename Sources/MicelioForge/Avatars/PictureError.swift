/// Why bytes become no picture of an account.
enum PictureError: Error, Hashable, Sendable {
    case tooLong
    /// By its first bytes it is none of the kinds that are taken.
    case unknownKind
    case tooManyPixels(width: Int, height: Int)
    case isAnimated
    /// Of a JPEG: so many scans that it would take long to decode.
    case tooManyScans
    case damaged(PictureKind)
}

extension PictureError: CustomStringConvertible {
    var description: String {
        switch self {
        case .tooLong: "a picture has at most \(Limits.pictureBytesMax.byteSize)"
        case .unknownKind: "this is no PNG, JPEG or WebP"
        case .tooManyPixels(let width, let height):
            "the picture is \(width) by \(height) pixels, and may be"
                + " \(Limits.pictureSideMax) by \(Limits.pictureSideMax) at most"
        case .isAnimated: "the picture is animated, and one that stands still is wanted"
        case .tooManyScans: "the JPEG is written in more than \(Limits.pictureScansMax) scans"
        case .damaged(let kind): "the \(kind.rawValue) is damaged or does not end"
        }
    }

    /// For whoever sent it.
    var refusal: ForgeError {
        switch self {
        case .tooLong: ForgeError(.tooLarge, description, hint: "save it smaller")
        case .unknownKind:
            ForgeError(.unprocessable, description, hint: "save it as one of them")
        case .tooManyPixels: ForgeError(.unprocessable, description, hint: "save it smaller")
        case .isAnimated, .tooManyScans, .damaged:
            ForgeError(.unprocessable, description, hint: "save it anew, as PNG for instance")
        }
    }
}

/// The kinds of pictures that are taken.
enum PictureKind: String, Hashable, Sendable, CaseIterable {
    case png = "PNG"
    case jpeg = "JPEG"
    case webp = "WebP"

    /// Names of the kinds in `Content-Type`.
    static let mediaTypes = ["image/png", "image/jpeg", "image/webp"]
}
