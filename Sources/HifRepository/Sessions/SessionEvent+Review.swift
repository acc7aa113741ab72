package import HifCore

/// What reviewers write: comments on a message, a decision or a line, and verdicts on decisions.
extension SessionEvent {
    /// A line's text that a comment quotes.
    package static let quoteBytesMax = 1024
    /// What an event of a kind that this program does not know may hold.
    static let otherBytesMax = 2 * textBytesMax
    /// Kinds that say something and change nothing of what lands: one that is not known is kept as
    /// it is, and passed over.
    static let remarkKinds: ClosedRange<UInt8> = 5...127

    /// What a comment is on.
    package enum Subject: Hashable, Sendable {
        /// A note, a decision, or a comment: then on what that one is on.
        case event(EventID)
        case line(LineMark)
    }

    /// A line of a file that the session changes, as the one who commented saw it.
    package struct LineMark: Hashable, Sendable {
        package enum Side: UInt8, Hashable, Sendable {
            /// The file as it was.
            case old = 0
            /// The file as the session wants it.
            case new = 1
        }

        package let path: RepoPath
        package let side: Side
        /// From 1.
        package let line: UInt64
        /// The file's content on that side: a later draft may have another.
        package let content: Hash
        /// The line's text, without its end; at most `quoteBytesMax`, and cut there.
        package let text: String

        package init(path: RepoPath, side: Side, line: UInt64, content: Hash, text: String) {
            self.path = path
            self.side = side
            self.line = line
            self.content = content
            self.text = text.prefix(utf8Max: SessionEvent.quoteBytesMax)
        }
    }

    /// What somebody thinks of a decision. The last word of each account counts.
    package enum Verdict: UInt8, Hashable, Sendable, CaseIterable {
        case approve = 0
        /// A question: the decision waits for its answer.
        case ask = 1
        case object = 2
        /// Takes back what was said before.
        case withdraw = 3
    }

    /// A body of a kind from 5 on, without its length.
    static func remark(_ body: Body) -> (kind: UInt8, bytes: [UInt8])? {
        var writer = ByteWriter(capacity: 128)
        switch body {
        case .comment(let subject, let text):
            subject.encode(into: &writer)
            writer.prefixed(text)
            return (5, writer.bytes)
        case .verdict(let verdict, let decision, let text):
            writer.u8(verdict.rawValue)
            decision.encode(into: &writer)
            writer.prefixed(text)
            return (6, writer.bytes)
        case .other(let kind, let bytes): return (kind, bytes)
        case .started, .note, .decision, .abandonWished, .changed: return nil
        }
    }

    static func remark(kind: UInt8, from reader: inout ByteReader) throws(FormatError) -> Body {
        let bytes = try reader.prefixed(bytesMax: otherBytesMax)
        var inner = ByteReader(bytes, format: "session event of kind \(kind)")
        let body: Body
        switch kind {
        case 5:
            body = .comment(
                on: try Subject(from: &inner), text: try inner.string(bytesMax: textBytesMax))
        case 6:
            let word = try inner.u8()
            guard let verdict = Verdict(rawValue: word) else {
                throw inner.error("unknown verdict \(word)")
            }
            body = .verdict(
                verdict, on: try EventID(from: &inner),
                text: try inner.string(bytesMax: textBytesMax))
        default: return .other(kind: kind, bytes)
        }
        try inner.expectEnd()
        return body
    }
}

extension SessionEvent.Subject {
    fileprivate func encode(into writer: inout ByteWriter) {
        switch self {
        case .event(let id):
            writer.u8(0)
            id.encode(into: &writer)
        case .line(let mark):
            writer.u8(1)
            writer.prefixed(mark.path.bytes)
            writer.u8(mark.side.rawValue)
            writer.varint(mark.line)
            writer.hash(mark.content)
            writer.prefixed(mark.text)
        }
    }

    fileprivate init(from reader: inout ByteReader) throws(FormatError) {
        let kind = try reader.u8()
        switch kind {
        case 0: self = .event(try EventID(from: &reader))
        case 1:
            guard let path = try? RepoPath(try reader.prefixed(bytesMax: RepoPath.pathBytesMax))
            else {
                throw reader.error("a comment's path is none")
            }
            let word = try reader.u8()
            guard let side = SessionEvent.LineMark.Side(rawValue: word) else {
                throw reader.error("unknown side \(word)")
            }
            let line = try reader.varint()
            guard line > 0 else { throw reader.error("lines are counted from 1") }
            self = .line(
                SessionEvent.LineMark(
                    path: path, side: side, line: line, content: try reader.hash(),
                    text: try reader.string(bytesMax: SessionEvent.quoteBytesMax)))
        default: throw reader.error("a comment on something unknown, \(kind)")
        }
    }
}
