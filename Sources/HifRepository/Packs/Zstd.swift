import CZstd

/// A zstd frame that does not decompress to what was declared of it.
package struct ZstdError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What was wrong, for people; the library's own words where it found the fault.
    package let reason: String

    package var description: String { "zstd: \(reason)" }
}

/// Zstandard (RFC 8878, the system's libzstd) on arrays, with contexts that are kept from call to
/// call: making one costs more than compressing a small file.
///
/// One owner at a time: the contexts are not shared between threads, which is why the class is not
/// `Sendable`. A frame written here says its content's length, has no checksum (BLAKE3 names the
/// content) and no dictionary id.
package final class Zstd {
    /// The level for everything written while somebody waits. Measured on real edits, level 19
    /// gains a seventh over level 3; a previous version as prefix gains a factor of thirty.
    package static let levelOnline = 3

    private var compressor: OpaquePointer?
    private var decompressor: OpaquePointer?

    package init() {}

    deinit {
        ZSTD_freeCCtx(compressor)
        ZSTD_freeDCtx(decompressor)
    }

    /// One frame that holds `content`.
    ///
    /// - Parameters:
    ///   - level: 1 (fast) to 19 (small).
    ///   - prefix: content that the reader will have too, usually the previous version of the same
    ///     file; the frame may copy from anywhere in it, so it must be given again, byte for byte,
    ///     to decompress.
    package func compress(
        _ content: [UInt8], level: Int = Zstd.levelOnline, prefix: [UInt8] = []
    ) -> [UInt8] {
        compress(content, in: content.indices, level: level, prefix: prefix)
    }

    /// As `compress(_:level:prefix:)`, of a part of `content`.
    package func compress(
        _ content: [UInt8], in range: Range<Int>, level: Int = Zstd.levelOnline,
        prefix: [UInt8] = []
    ) -> [UInt8] {
        precondition((1...19).contains(level), "level \(level)")
        let context = compressionContext()
        check(ZSTD_CCtx_reset(context, ZSTD_reset_session_and_parameters))
        check(ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, Int32(level)))
        check(ZSTD_CCtx_setParameter(context, ZSTD_c_dictIDFlag, 0))
        if !prefix.isEmpty {
            // The window must reach from the content's last byte back to the prefix's first.
            let reach = prefix.count + range.count
            let bits = Int.bitWidth - (reach - 1).leadingZeroBitCount
            check(ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, Int32(min(max(bits, 10), 27))))
            if bits > 21 {
                check(ZSTD_CCtx_setParameter(context, ZSTD_c_enableLongDistanceMatching, 1))
            }
        }
        return prefix.withUnsafeBytes { prefix in
            content.withUnsafeBytes { content in
                let content = UnsafeRawBufferPointer(rebasing: content[range])
                if !prefix.isEmpty {
                    check(ZSTD_CCtx_refPrefix(context, prefix.baseAddress, prefix.count))
                }
                let bound = ZSTD_compressBound(content.count)
                return [UInt8](unsafeUninitializedCapacity: bound) { frame, count in
                    count = check(
                        ZSTD_compress2(
                            context, frame.baseAddress, frame.count, content.baseAddress,
                            content.count))
                }
            }
        }
    }

    /// The content of the one frame that fills `range` of `stored`.
    ///
    /// Nothing is allocated before the frame's own header agrees with `rawBytes` and `rawBytes` is
    /// within `rawBytesMax`, and never a byte more than `rawBytes` is written.
    ///
    /// - Parameter prefix: what the frame was compressed with.
    package func decompress(
        _ stored: [UInt8], in range: Range<Int>? = nil, rawBytes: Int, rawBytesMax: Int,
        prefix: [UInt8] = []
    ) throws(ZstdError) -> [UInt8] {
        guard rawBytes >= 0, rawBytes <= rawBytesMax else {
            throw ZstdError(reason: "\(rawBytes) bytes declared where \(rawBytesMax) are allowed")
        }
        let range = range ?? stored.indices
        let declared = stored.withUnsafeBytes { stored -> (content: UInt64, frame: Int) in
            let frame = UnsafeRawBufferPointer(rebasing: stored[range])
            return (
                ZSTD_getFrameContentSize(frame.baseAddress, frame.count),
                ZSTD_findFrameCompressedSize(frame.baseAddress, frame.count)
            )
        }
        // The two largest values mean "not said" and "not a frame"; neither equals `rawBytes`.
        guard declared.content == UInt64(rawBytes) else {
            throw ZstdError(reason: "not a frame of \(rawBytes) bytes")
        }
        guard declared.frame == range.count else {
            throw ZstdError(reason: "the frame is not exactly the stored bytes")
        }
        let context = decompressionContext()
        check(ZSTD_DCtx_reset(context, ZSTD_reset_session_and_parameters))
        var result = 0
        let content = prefix.withUnsafeBytes { prefix in
            stored.withUnsafeBytes { stored in
                let frame = UnsafeRawBufferPointer(rebasing: stored[range])
                if !prefix.isEmpty {
                    check(ZSTD_DCtx_refPrefix(context, prefix.baseAddress, prefix.count))
                }
                return [UInt8](unsafeUninitializedCapacity: rawBytes) { content, count in
                    result = ZSTD_decompressDCtx(
                        context, content.baseAddress, rawBytes, frame.baseAddress, frame.count)
                    count = ZSTD_isError(result) == 0 ? result : 0
                }
            }
        }
        guard ZSTD_isError(result) == 0 else { throw ZstdError(reason: Zstd.message(result)) }
        guard content.count == rawBytes else {
            throw ZstdError(reason: "\(content.count) bytes where \(rawBytes) were declared")
        }
        return content
    }

    private func compressionContext() -> OpaquePointer {
        if let compressor { return compressor }
        guard let created = ZSTD_createCCtx() else { preconditionFailure("out of memory") }
        compressor = created
        return created
    }

    private func decompressionContext() -> OpaquePointer {
        if let decompressor { return decompressor }
        guard let created = ZSTD_createDCtx() else { preconditionFailure("out of memory") }
        decompressor = created
        return created
    }

    /// For calls that can fail only if this file is wrong or memory has run out, where Swift's own
    /// allocations would trap too.
    @discardableResult
    private func check(_ result: Int) -> Int {
        precondition(ZSTD_isError(result) == 0, Zstd.message(result))
        return result
    }

    private static func message(_ result: Int) -> String {
        String(cString: ZSTD_getErrorName(result))
    }
}
