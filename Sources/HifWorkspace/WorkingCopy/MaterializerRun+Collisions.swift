import HifCore

extension MaterializerRun {
    /// The plans whose path the file system takes for another one of the target, as one without
    /// upper and lower case does; each is reported as obstructed.
    ///
    /// Costs one `stat` where names are told apart, and O(names tracked and wanted) where not.
    func collisions() throws -> Set<Int> {
        guard try isFoldingCase() else { return [] }
        var known: [String: [UInt8]] = [:]
        materializer.index.forEach { path, _ in
            if !isRemoved(path) { _ = collision(of: path, among: &known) }
        }
        var found: Set<Int> = []
        for position in plans.indices where plans[position].change.new != nil {
            let path = plans[position].change.path
            guard let (own, other) = collision(of: path, among: &known),
                let twin = try? RepoPath(other)
            else { continue }
            report.obstructions.append(
                Obstruction(
                    kind: .caseCollision(with: twin), path: (try? RepoPath(own)) ?? path,
                    blocker: own))
            found.insert(position)
        }
        return found
    }

    /// Whether `.HIF` is `.hif`. That name is reserved in any case, so no project has it; a person
    /// may, and then it is listed.
    private func isFoldingCase() throws -> Bool {
        let upper = Array(".HIF".utf8)
        guard try materializer.root.stat(upper) != nil else { return false }
        return try !materializer.root.names().contains(upper)
    }

    /// The first part of `path`, from the top, that is spelled differently in `known`; if there is
    /// none, all parts are known from now on.
    private func collision(
        of path: RepoPath, among known: inout [String: [UInt8]]
    ) -> (own: [UInt8], other: [UInt8])? {
        let bytes = path.bytes
        for end in bytes.indices.dropFirst() where bytes[end] == RepoPath.slash {
            if let other = spelling(of: Array(bytes[..<end]), among: &known) {
                return (Array(bytes[..<end]), other)
            }
        }
        return spelling(of: bytes, among: &known).map { (bytes, $0) }
    }

    private func spelling(of name: [UInt8], among known: inout [String: [UInt8]]) -> [UInt8]? {
        let folded = String(decoding: name, as: UTF8.self).lowercased()
        guard let other = known[folded] else {
            known[folded] = name
            return nil
        }
        return other == name ? nil : other
    }
}
