package import HifCore

/// A three-way merge of one path: kind and content are merged separately, so that a change of the
/// executable bit on one side and of the text on the other are both kept.
package enum LeafMerge {
    /// Contents longer than this are not merged by line.
    package static let bytesMax = 8 << 20

    package enum Outcome: Sendable {
        /// One of the three leaves is the result as it stands.
        case leaf(Leaf?)
        /// New content, not conflicting, of this kind.
        case content([UInt8], Leaf.Kind)
        /// Both sides changed the same thing. For texts: the ranges, and the content with markers.
        /// The kind is merged all the same; nil where it is in conflict itself.
        case conflict(hunks: [LandOutcome.Hunk], marked: [UInt8]?, kind: Leaf.Kind?)
    }

    /// The part that needs no content: nil when contents have to be merged.
    package static func withoutContent(base: Leaf?, ours: Leaf?, theirs: Leaf?) -> Outcome? {
        if ours == theirs || theirs == base { return .leaf(ours) }
        if ours == base { return .leaf(theirs) }
        guard let ours, let theirs, ours.isFile, theirs.isFile else {
            return .conflict(hunks: [], marked: nil, kind: nil)
        }
        // Both sides have a file and both differ from the base.
        let baseFile = base.flatMap { $0.isFile ? $0 : nil }
        guard let kind = mergedKind(baseFile?.kind, ours.kind, theirs.kind) else {
            return .conflict(hunks: [], marked: nil, kind: nil)
        }
        if ours.hash == theirs.hash {
            return .leaf(Leaf(kind: kind, size: ours.size, hash: ours.hash))
        }
        if let baseFile {
            if ours.hash == baseFile.hash {
                return .leaf(Leaf(kind: kind, size: theirs.size, hash: theirs.hash))
            }
            if theirs.hash == baseFile.hash {
                return .leaf(Leaf(kind: kind, size: ours.size, hash: ours.hash))
            }
        }
        if max(ours.size, theirs.size, baseFile?.size ?? 0) > UInt64(bytesMax) {
            return .conflict(hunks: [], marked: nil, kind: kind)
        }
        return nil
    }

    /// Merges contents of files for which `withoutContent` gave no answer. A missing base is empty,
    /// which makes two different additions a conflict.
    package static func contents(
        base: (kind: Leaf.Kind, bytes: [UInt8])?, ours: (kind: Leaf.Kind, bytes: [UInt8]),
        theirs: (kind: Leaf.Kind, bytes: [UInt8]), labels: ThreeWayMerge.Labels
    ) -> Outcome {
        let baseBytes = base?.bytes ?? []
        guard let kind = mergedKind(base?.kind, ours.kind, theirs.kind) else {
            return .conflict(hunks: [], marked: nil, kind: nil)
        }
        guard [baseBytes, ours.bytes, theirs.bytes].allSatisfy(TextLines.isText) else {
            return .conflict(hunks: [], marked: nil, kind: kind)
        }
        let merge = ThreeWayMerge(
            base: baseBytes, ours: ours.bytes, theirs: theirs.bytes, labels: labels)
        if merge.isClean { return .content(merge.bytes, kind) }
        return .conflict(
            hunks: merge.conflicts.map {
                LandOutcome.Hunk(base: $0.base, ours: $0.ours, theirs: $0.theirs)
            },
            marked: merge.bytes, kind: kind)
    }

    private static func mergedKind(
        _ base: Leaf.Kind?, _ ours: Leaf.Kind, _ theirs: Leaf.Kind
    ) -> Leaf.Kind? {
        if ours == theirs || theirs == base { return ours }
        return ours == base ? theirs : nil
    }
}

extension Leaf {
    /// A file or an executable: something whose content can be merged by line.
    package var isFile: Bool { kind == .file || kind == .executable }
}

extension Operation {
    /// The operation to submit again: `result` is what merging it with `theirs`, which stands there
    /// now, has come to.
    package func merged(into result: Leaf?, over theirs: Leaf?) -> Operation {
        // What merges into what is there already becomes a no-op, which keeps its old before.
        Operation(path: path, before: result == theirs ? before : theirs, after: result)
    }
}
