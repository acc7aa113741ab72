import CBlake3

/// BLAKE3 over input that comes in pieces (O'Connor, Aumasson, Neves and Wilcox-O'Hearn 2020).
///
/// A value: a copy goes its own way from there. It holds 2.8 KB in one allocation; for input that
/// lies in memory as a whole the static functions are faster and allocate nothing. Feed pieces of
/// 16 KiB or more where speed matters, since only neighbouring chunks of one piece are hashed
/// side by side.
package struct Blake3: Sendable {
    /// A `cblake3_state`, which Swift would import as a tuple of two thousand elements.
    private var state: [UInt64]

    /// The plain hash.
    package init() {
        self.init(key: .initial, mode: .hash)
    }

    /// The keyed hash: a message authentication code under `key`.
    package init(key: Hash) {
        self.init(key: key, mode: .keyed)
    }

    /// Key derivation: the hash of what follows, in a domain of its own.
    ///
    /// - Parameter context: a constant that names the use and its version, such as
    ///   `hif tree cut v1`; never anything that comes from outside.
    package init(deriveKey context: String) {
        self.init(key: Blake3Context(context).key, mode: .derive)
    }

    /// As the other initialisers, hashing at most `lanes` chunks side by side.
    ///
    /// - Precondition: `lanes` is one of `laneWidths`.
    package init(key: Hash, mode: Mode, lanes: UInt32 = Blake3.lanes) {
        precondition(lanes <= Blake3.lanes, "this processor has no such lanes")
        state = [UInt64](repeating: 0, count: cblake3_state_words)
        unsafe state.withUnsafeMutableBufferPointer { buffer in
            unsafe cblake3_begin(
                OpaquePointer(buffer.baseAddress!), key.words, mode.rawValue, lanes)
        }
    }

    /// Appends `bytes` to the input.
    package mutating func update(_ bytes: [UInt8]) {
        unsafe update(bytes.span.bytes)
    }

    /// Appends `bytes` to the input.
    package mutating func update(_ bytes: RawSpan) {
        unsafe state.withUnsafeMutableBufferPointer { buffer in
            let pointer = OpaquePointer(buffer.baseAddress!)
            unsafe bytes.withUnsafeBytes { input in
                unsafe cblake3_update(pointer, input.baseAddress, input.count)
            }
        }
    }

    /// The hash of the input so far; more may follow.
    package func finalize() -> Hash {
        var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
        unsafe withUnsafeMutableBytes(of: &words) { output in
            unsafe finish(into: output)
        }
        return Hash(word0: words.0, word1: words.1, word2: words.2, word3: words.3)
    }

    /// The first `byteCount` bytes of extended output; its first 32 are those of `finalize()`.
    package func finalize(byteCount: Int) -> [UInt8] {
        unsafe [UInt8](unsafeUninitializedCapacity: byteCount) { output, count in
            unsafe finish(
                into: UnsafeMutableRawBufferPointer(
                    rebasing: UnsafeMutableRawBufferPointer(output)[..<byteCount]))
            count = byteCount
        }
    }

    private func finish(into output: UnsafeMutableRawBufferPointer) {
        unsafe state.withUnsafeBufferPointer { buffer in
            unsafe cblake3_finish(
                OpaquePointer(buffer.baseAddress!), output.baseAddress, output.count)
        }
    }
}

extension Blake3 {
    /// The plain hash of `bytes`.
    package static func hash(_ bytes: [UInt8]) -> Hash {
        unsafe hash(bytes.span.bytes, key: .initial, mode: .hash)
    }

    /// The plain hash of `bytes`.
    package static func hash(_ bytes: RawSpan) -> Hash {
        hash(bytes, key: .initial, mode: .hash)
    }

    /// The plain hash of a part of `bytes`, without copying it.
    ///
    /// - Precondition: `range` lies within `bytes`.
    package static func hash(_ bytes: [UInt8], range: Range<Int>) -> Hash {
        unsafe hash(bytes.span.bytes.extracting(range), key: .initial, mode: .hash)
    }

    /// The keyed hash of `bytes`.
    package static func hash(key: Hash, _ bytes: [UInt8]) -> Hash {
        unsafe hash(bytes.span.bytes, key: key, mode: .keyed)
    }

    /// The hash of `material` in the domain that `context` names. Hashes the context as well; keep
    /// a `Blake3Context` for many short inputs.
    package static func deriveKey(context: String, _ material: [UInt8]) -> Hash {
        Blake3Context(context).hash(material)
    }

    /// What every hash here comes down to: one call into C, without an allocation.
    ///
    /// - Precondition: `lanes` is one of `laneWidths`.
    package static func hash(
        _ bytes: RawSpan, key: Hash, mode: Mode, lanes: UInt32 = Blake3.lanes
    ) -> Hash {
        unsafe bytes.withUnsafeBytes { input in
            Hash(
                unsafe cblake3_hash(
                    key.words, mode.rawValue, lanes, input.baseAddress, input.count))
        }
    }
}

extension Blake3 {
    /// Which of BLAKE3's domains a hash belongs to.
    package enum Mode: Sendable {
        case hash
        case keyed
        /// Hashes the context of a key derivation.
        case context
        /// Hashes the material of a key derivation, under the key its context gave.
        case derive

        fileprivate var rawValue: UInt32 {
            switch self {
            case .hash: UInt32(cblake3_mode_hash)
            case .keyed: UInt32(cblake3_mode_keyed)
            case .context: UInt32(cblake3_mode_context)
            case .derive: UInt32(cblake3_mode_derive)
            }
        }
    }

    /// How many chunks this processor hashes side by side. The hash never depends on it.
    package static var lanes: UInt32 { cblake3_lanes() }

    /// Every width this processor has, for tests that compare them.
    package static var laneWidths: [UInt32] { [1, 4, 8, 16].filter { $0 <= lanes } }
}

extension Hash {
    /// The key of the modes that are handed none.
    fileprivate static var initial: Hash { Hash(cblake3_initial_key()) }

    fileprivate init(_ words: cblake3_words) {
        self.init(word0: words.word0, word1: words.word1, word2: words.word2, word3: words.word3)
    }

    fileprivate var words: cblake3_words {
        cblake3_words(word0: word0, word1: word1, word2: word2, word3: word3)
    }
}

/// A key-derivation context hashed once, for the many short inputs of one domain: a tree key of 60
/// bytes then costs a single compression.
package struct Blake3Context: Sendable {
    fileprivate let key: Hash

    /// - Parameter context: a constant that names the use and its version, such as
    ///   `hif tree cut v1`.
    package init(_ context: String) {
        key = unsafe Blake3.hash(
            Array(context.utf8).span.bytes, key: .initial, mode: .context)
    }

    /// The same as `Blake3.deriveKey(context:_:)`.
    package func hash(_ bytes: [UInt8]) -> Hash {
        unsafe Blake3.hash(bytes.span.bytes, key: key, mode: .derive)
    }

    /// The same as `Blake3.deriveKey(context:_:)`.
    package func hash(_ bytes: RawSpan) -> Hash {
        Blake3.hash(bytes, key: key, mode: .derive)
    }
}
