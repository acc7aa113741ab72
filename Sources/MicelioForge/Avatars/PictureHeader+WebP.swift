extension PictureHeader {
    /// The first chunk of the container (RFC 9649): the canvas of an extended file, or the one picture.
    init(webp fields: PictureFields) throws(PictureError) {
        // Behind the names of the container and the chunk, and the chunk's length.
        let place = 20
        switch fields.text(12, 4) {
        case "VP8X":
            guard let flags = fields.little(place, bytes: 1),
                let width = fields.little(place + 4, bytes: 3),
                let height = fields.little(place + 7, bytes: 3)
            else { throw .damaged(.webp) }
            guard flags & 0x02 == 0 else { throw .isAnimated }
            self.init(kind: .webp, width: width + 1, height: height + 1)
        case "VP8L":
            guard fields.little(place, bytes: 1) == 0x2F,
                let sizes = fields.little(place + 1, bytes: 4)
            else { throw .damaged(.webp) }
            self.init(
                kind: .webp, width: sizes & 0x3FFF + 1, height: sizes >> 14 & 0x3FFF + 1)
        case "VP8 ":
            guard fields.big(place + 3, bytes: 3) == 0x9D012A,
                let width = fields.little(place + 6, bytes: 2),
                let height = fields.little(place + 8, bytes: 2)
            else { throw .damaged(.webp) }
            // The two highest bits of each say how to scale it for a screen.
            self.init(kind: .webp, width: width & 0x3FFF, height: height & 0x3FFF)
        default: throw .damaged(.webp)
        }
    }
}
