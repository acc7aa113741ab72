/// A tag, and what it finally names.
package struct GitTag: Hashable, Sendable {
    /// What an annotated tag says beside the name.
    package struct Annotation: Hashable, Sendable {
        /// Nil in very old tags.
        package let tagger: GitPerson?
        package let message: [UInt8]

        package init(tagger: GitPerson?, message: [UInt8]) {
            self.tagger = tagger
            self.message = message
        }
    }

    /// Without `refs/tags/`; bytes, since references are.
    package let name: [UInt8]
    /// The object at the end of the chain of tags.
    package let target: GitID
    /// Index on the first-parent line; nil for a tag of another commit, of a tree or of a blob.
    package let index: Int?
    /// Nil for a lightweight tag. For a tag of a tag, the outer one's.
    package let annotation: Annotation?
}

extension GitSource {
    /// Every tag of the repository, in the order of their names.
    package func tags(on line: GitLine) throws -> [GitTag] {
        let output = try GitProcess.output(
            arguments(
                "for-each-ref", "--format=%(objectname) %(objecttype) %(refname)", "refs/tags"))
        var names: [[UInt8]] = []
        var isAnnotated: [Bool] = []
        let peeled = try GitScratchFile()
        let annotated = try GitScratchFile()
        for entry in output.split(separator: 0x0A) {
            let fields = entry.split(separator: 0x20, maxSplits: 2)
            guard fields.count == 3, let id = GitID(hex: fields[0]) else {
                throw GitError(.damaged, "Git lists tags in an unknown way.")
            }
            names.append(Array(fields[2].dropFirst("refs/tags/".utf8.count)))
            isAnnotated.append(fields[1].elementsEqual("tag".utf8))
            try peeled.line(Array(id.hex.utf8) + Array("^{}".utf8))
            if isAnnotated.last == true { try annotated.line(id) }
        }
        let targets = try GitProcess.output(
            arguments("cat-file", "--batch-check=%(objectname)", "--buffer"), input: .lines(peeled)
        ).split(separator: 0x0A)
        let objects = try GitObjects(self, list: annotated)
        var indexes: [GitID: Int] = [:]
        for (index, id) in line.commits.enumerated() { indexes[id] = index }
        var tags: [GitTag] = []
        for (number, name) in names.enumerated() {
            var annotation: GitTag.Annotation?
            if isAnnotated[number] {
                guard let header = try objects.next() else {
                    throw GitError(.damaged, "A tag could not be read.")
                }
                let (headers, message) = GitHeaders.split(try objects.content(header))
                annotation = GitTag.Annotation(
                    tagger: headers.first("tagger").map { GitPerson(line: $0, encoding: nil) },
                    message: message)
            }
            // A tag whose object is gone names nothing.
            guard number < targets.count, let target = GitID(hex: targets[number]) else { continue }
            tags.append(
                GitTag(name: name, target: target, index: indexes[target], annotation: annotation))
        }
        return tags
    }
}
