/// Which names git takes for branches and tags (`git help check-ref-format`).
enum GitRefName {
    /// Whether `refs/heads/<name>` and `refs/tags/<name>` are names git accepts; a leading `-`,
    /// which git would take for an option elsewhere, is refused too.
    static func isValid(_ name: [UInt8]) -> Bool {
        guard !name.isEmpty, name.count <= 200, name != [UInt8(ascii: "@")],
            name.first != UInt8(ascii: "-"), name.last != UInt8(ascii: ".")
        else { return false }
        let forbidden = Array(" ~^:?*[\\".utf8)
        for byte in name where byte < 0x20 || byte == 0x7F || forbidden.contains(byte) {
            return false
        }
        for (first, second) in zip(name, name.dropFirst()) {
            if first == UInt8(ascii: "."), second == UInt8(ascii: ".") { return false }
            if first == UInt8(ascii: "@"), second == UInt8(ascii: "{") { return false }
        }
        return name.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
            .allSatisfy {
                !$0.isEmpty && $0.first != UInt8(ascii: ".")
                    && !$0.suffix(5).elementsEqual(".lock".utf8)
            }
    }
}

/// The tags written so far, so that one more can be refused before git refuses all of them: a
/// reference cannot be a directory of another.
struct GitTagNames {
    private var names: Set<[UInt8]> = []
    private var directories: Set<[UInt8]> = []

    /// False for a name that is invalid, taken, or in the way of another.
    mutating func insert(_ name: [UInt8]) -> Bool {
        guard GitRefName.isValid(name), !names.contains(name), !directories.contains(name) else {
            return false
        }
        let slashes = name.indices.filter { name[$0] == UInt8(ascii: "/") }
        let above = slashes.map { Array(name[..<$0]) }
        guard above.allSatisfy({ !names.contains($0) }) else { return false }
        names.insert(name)
        directories.formUnion(above)
        return true
    }
}
