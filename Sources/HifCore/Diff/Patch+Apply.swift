extension Patch.FileChange {
    /// The new content of the file whose present content is `old`; empty for a file that is added.
    ///
    /// Every line that the patch shows of the old file has to be there, as it is. Where the hunk lies is
    /// searched for around the place it names, nearest first, as `git apply` does; nothing is left out
    /// of the comparison to make it fit. O(lines · hunks) at worst.
    ///
    /// - Throws: `PatchError` with `doesNotFit` and the line of the hunk.
    package func apply(to old: [UInt8]) throws(PatchError) -> [UInt8] {
        if let content { return content }
        let text = TextLines(old)
        var result: [UInt8] = []
        var place = 0
        var shift = 0
        for hunk in hunks {
            guard let found = hunk.place(in: text, from: place, near: hunk.linesBefore + shift)
            else {
                throw PatchError(
                    .doesNotFit, line: hunk.line,
                    "the lines it changes are not in '\(self.old ?? new!)' as it says")
            }
            result += text[place..<found]
            place = found
            shift = found - hunk.linesBefore
            for line in hunk.lines {
                switch line {
                case .context(let bytes):
                    result += bytes
                    place += 1
                case .removed: place += 1
                case .added(let bytes): result += bytes
                }
            }
        }
        return result + text[place..<text.count]
    }
}

extension Patch.Hunk {
    /// The line of `text` at which the hunk fits, at or after `from`, nearest to `wanted`.
    fileprivate func place(in text: TextLines, from: Int, near wanted: Int) -> Int? {
        var old: [[UInt8]] = []
        var contextCount = 0
        var contextAfter = 0
        for line in lines {
            switch line {
            case .context(let bytes):
                old.append(bytes)
                contextCount += 1
                contextAfter += 1
            case .removed(let bytes):
                old.append(bytes)
                contextAfter = 0
            case .added: contextAfter = 0
            }
        }
        let last = text.count - old.count
        guard from <= last else { return nil }
        // A hunk that began with the file begins with it still, and one that shows nothing below its
        // change ended with it. (Without any context, as `diff -U0` writes it, nothing shows that.)
        var range = from...last
        if linesBefore == 0 { range = from...from }
        if contextAfter == 0, contextCount > 0 {
            guard range.contains(last) else { return nil }
            range = last...last
        }
        guard linesBefore > 0 || from == 0 else { return nil }
        func fits(_ start: Int) -> Bool {
            for (index, line) in old.enumerated() where !text[start + index].elementsEqual(line) {
                return false
            }
            return true
        }
        let middle = min(max(wanted, range.lowerBound), range.upperBound)
        for distance in 0...(range.upperBound - range.lowerBound) {
            for start in distance == 0 ? [middle] : [middle + distance, middle - distance]
            where range.contains(start) && fits(start) {
                return start
            }
        }
        return nil
    }
}
