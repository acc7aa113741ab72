/// Which bytes of an object a read wants, with the semantics of an HTTP `Range` header.
package enum ByteRange: Hashable, Sendable {
    /// The whole object, which may be empty.
    case all
    /// `count` bytes from `offset`. Fewer come back when the object ends inside the range; a range
    /// that starts at or after the end is `rangeNotSatisfiable`. `count` is at least 1.
    case range(offset: Int, count: Int)
    /// The last bytes, at least 1 asked for: the whole object when it is shorter, and
    /// `rangeNotSatisfiable` when it is empty.
    case suffix(Int)

    /// The indices to return of an object of `size` bytes; nil when not satisfiable.
    package func resolved(size: Int) -> Range<Int>? {
        switch self {
        case .all:
            return 0..<size
        case .range(let offset, let count):
            precondition(offset >= 0 && count > 0, "a range has a start and at least one byte")
            guard offset < size else { return nil }
            // Compared this way around because offset + count may overflow.
            return offset..<(count < size - offset ? offset + count : size)
        case .suffix(let count):
            precondition(count > 0, "a suffix has at least one byte")
            guard size > 0 else { return nil }
            return max(0, size - count)..<size
        }
    }
}
