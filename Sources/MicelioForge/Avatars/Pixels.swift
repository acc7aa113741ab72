/// A decoded picture: rows of red, green, blue and alpha, a byte each.
struct Pixels: Hashable, Sendable {
    let width: Int
    let height: Int
    var bytes: [UInt8]

    /// - Precondition: `bytes` has four for each pixel.
    init(width: Int, height: Int, bytes: [UInt8]) {
        precondition(bytes.count == width * height * 4, "four bytes for each pixel")
        (self.width, self.height, self.bytes) = (width, height, bytes)
    }

    var isOpaque: Bool {
        stride(from: 3, to: bytes.count, by: 4).allSatisfy { bytes[$0] == 255 }
    }
}

// MARK: A square of it

extension Pixels {
    /// The middle square of the picture, shrunk until its side is at most `sideMax`; never enlarged.
    ///
    /// Each new pixel is the mean of the area that it covers (a box filter), with the parts of pixels at
    /// the edges, and colours weighed by how opaque they are. O(pixels of the square).
    func square(_ sideMax: Int) -> Pixels {
        let source = min(width, height)
        let side = min(source, sideMax)
        let left = (width - source) / 2
        let top = (height - source) / 2
        let spans = (0..<side).map { Span($0, of: source, in: side) }
        var result = [UInt8](repeating: 0, count: side * side * 4)
        var row = [UInt32](repeating: 0, count: side * 4)
        var rowNumber = -1
        bytes.withUnsafeBufferPointer { bytes in
            for (y, down) in spans.enumerated() {
                var sums = [UInt64](repeating: 0, count: side * 4)
                for number in down.first...down.last {
                    // The last row of one span is often the first of the next.
                    if number != rowNumber {
                        Pixels.shrink(
                            bytes, from: ((top + number) * width + left) * 4, spans, into: &row)
                        rowNumber = number
                    }
                    let weight = UInt64(down.weight(of: number))
                    for index in row.indices { sums[index] += weight * UInt64(row[index]) }
                }
                let whole = UInt64(source * source)
                for x in 0..<side {
                    let alpha = sums[x * 4 + 3]
                    let place = (y * side + x) * 4
                    result[place + 3] = UInt8((alpha + whole / 2) / whole)
                    guard alpha > 0 else { continue }
                    for part in 0..<3 {
                        result[place + part] = UInt8((sums[x * 4 + part] + alpha / 2) / alpha)
                    }
                }
            }
        }
        return Pixels(width: side, height: side, bytes: result)
    }

    /// One row, its colours multiplied by alpha. 4,096 pixels of 255 times 255 fit into 32 bits.
    private static func shrink(
        _ bytes: UnsafeBufferPointer<UInt8>, from start: Int, _ spans: [Span],
        into row: inout [UInt32]
    ) {
        for (x, across) in spans.enumerated() {
            var (red, green, blue, opacity) = (UInt32(0), UInt32(0), UInt32(0), UInt32(0))
            for number in across.first...across.last {
                let place = start + number * 4
                let alpha = UInt32(bytes[place + 3]) * UInt32(across.weight(of: number))
                red += alpha * UInt32(bytes[place])
                green += alpha * UInt32(bytes[place + 1])
                blue += alpha * UInt32(bytes[place + 2])
                opacity += alpha
            }
            row[x * 4] = red
            row[x * 4 + 1] = green
            row[x * 4 + 2] = blue
            row[x * 4 + 3] = opacity
        }
    }

    /// Which old pixels of a line a new one covers. Counted in parts of an old pixel, of which it has as
    /// many as there are new ones.
    private struct Span {
        let first: Int
        let last: Int
        private let start: Int
        private let end: Int
        private let side: Int

        init(_ index: Int, of source: Int, in side: Int) {
            start = index * source
            end = start + source
            first = start / side
            last = (end - 1) / side
            self.side = side
        }

        func weight(of pixel: Int) -> Int {
            min((pixel + 1) * side, end) - max(pixel * side, start)
        }
    }
}

// MARK: Upright

extension Pixels {
    /// A square as it was seen, from how the camera was held (EXIF, 1 to 8).
    ///
    /// - Precondition: it is a square.
    func upright(from orientation: Int) -> Pixels {
        precondition(width == height, "only squares are turned")
        guard (2...8).contains(orientation) else { return self }
        let last = width - 1
        var result = self
        for y in 0..<height {
            for x in 0..<width {
                let (column, row) =
                    switch orientation {
                    case 2: (last - x, y)
                    case 3: (last - x, last - y)
                    case 4: (x, last - y)
                    case 5: (y, x)
                    case 6: (y, last - x)
                    case 7: (last - y, last - x)
                    default: (last - y, x)
                    }
                let from = (row * width + column) * 4
                let to = (y * width + x) * 4
                for part in 0..<4 { result.bytes[to + part] = bytes[from + part] }
            }
        }
        return result
    }
}
