package import HifCore
package import HifStore

/// Why content could not be read or written, sorted by what the caller has to do about it.
package struct ContentError: Error, Hashable, Sendable {
    package enum Code: String, Hashable, Sendable, CaseIterable {
        /// The pack is not in the store: it was compacted or collected since the location was
        /// learnt. Refresh the index and try again with the new location, once.
        case missing
        /// The bytes are not what their id, or their location, says. Read again past the caches;
        /// if it stays, `fsck`.
        case damaged
        /// More bytes than the caller allows, or than the format can hold.
        case tooLarge
        /// The store did not answer; `cause` says whether trying again may help.
        case unavailable
    }

    package let code: Code
    /// What was asked for; zero for a footer.
    package let id: Hash
    /// The pack in question; nil where none is.
    package let pack: Hash?
    /// What is wrong, for people.
    package let message: String
    /// What the store said.
    package let cause: StoreError?

    package init(
        _ code: Code, id: Hash, pack: Hash?, _ message: String, cause: StoreError? = nil
    ) {
        self.code = code
        self.id = id
        self.pack = pack
        self.message = message
        self.cause = cause
    }

    init(_ error: StoreError, id: Hash, pack: Hash) {
        let code: Code =
            switch error.code {
            case .notFound: .missing
            case .rangeNotSatisfiable, .corrupt: .damaged
            default: .unavailable
            }
        self.init(code, id: id, pack: pack, error.message, cause: error)
    }

    init(_ error: FormatError, id: Hash, pack: Hash) {
        self.init(.damaged, id: id, pack: pack, error.description)
    }
}

extension ContentError: CustomStringConvertible {
    package var description: String {
        var text = "\(id): \(message)"
        if let pack { text += " [pack \(pack)]" }
        if let cause { text += ": \(cause)" }
        return "\(text) (\(code.rawValue))"
    }
}
