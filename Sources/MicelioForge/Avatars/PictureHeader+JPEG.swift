extension PictureHeader {
    /// The segments before the first scan (ITU-T T.81, annex B): the frame's size, and on the way to it
    /// how the camera was held and whether Adobe's programs wrote it.
    init(jpeg fields: PictureFields) throws(PictureError) {
        var orientation = 1
        var isInverted = false
        // Behind the start of the image.
        var place = 2
        while true {
            guard fields.big(place, bytes: 1) == 0xFF else { throw .damaged(.jpeg) }
            // Any number of these bytes may stand before a marker.
            while fields.big(place, bytes: 1) == 0xFF { place += 1 }
            guard let marker = fields.big(place, bytes: 1) else { throw .damaged(.jpeg) }
            place += 1
            switch marker {
            // These have no length: restarts, and one without a meaning.
            case 0x01, 0xD0...0xD7: continue
            // The image ends, or its scan begins, before it said how large it is.
            case 0x00, 0xD8...0xDA: throw .damaged(.jpeg)
            default: break
            }
            guard let length = fields.big(place, bytes: 2), length >= 2 else {
                throw .damaged(.jpeg)
            }
            switch marker {
            case 0xC0...0xCF where ![0xC4, 0xC8, 0xCC].contains(marker):
                guard let height = fields.big(place + 3, bytes: 2),
                    let width = fields.big(place + 5, bytes: 2)
                else { throw .damaged(.jpeg) }
                guard fields.scans(from: place) <= Limits.pictureScansMax else {
                    throw .tooManyScans
                }
                self.init(kind: .jpeg, width: width, height: height)
                self.orientation = orientation
                self.isInverted = isInverted
                return
            case 0xE1: orientation = fields.orientation(place + 2, length - 2) ?? orientation
            case 0xEE: isInverted = isInverted || fields.text(place + 2, 5) == "Adobe"
            default: break
            }
            place += length
        }
    }
}

extension PictureFields {
    /// How many scans begin behind a place, at most: a picture of few bytes may have thousands, each of which
    /// takes a decoder through all pixels. Within a scan the marker of one cannot stand.
    fileprivate func scans(from place: Int) -> Int {
        var count = 0
        var before: UInt8 = 0
        for byte in bytes[place...] {
            if before == 0xFF, byte == 0xDA { count += 1 }
            before = byte
        }
        return count
    }

    /// The orientation that a block of EXIF names (CIPA DC-008, section 4.6); nil when it names none.
    fileprivate func orientation(_ place: Int, _ count: Int) -> Int? {
        guard count >= 14, text(place, 6) == "Exif\0\0" else { return nil }
        let start = place + 6
        let end = place + count
        let isLittle = text(start, 4) == "II*\0"
        guard isLittle || text(start, 4) == "MM\0*" else { return nil }
        func number(_ place: Int, bytes count: Int) -> Int? {
            guard place + count <= end else { return nil }
            return isLittle ? little(place, bytes: count) : big(place, bytes: count)
        }
        guard let offset = number(start + 4, bytes: 4),
            let entries = number(start + offset, bytes: 2)
        else { return nil }
        for entry in 0..<entries {
            let field = start + offset + 2 + entry * 12
            guard let tag = number(field, bytes: 2) else { return nil }
            guard tag == 0x0112 else { continue }
            guard let value = number(field + 8, bytes: 2), (1...8).contains(value) else {
                return nil
            }
            return value
        }
        return nil
    }
}
