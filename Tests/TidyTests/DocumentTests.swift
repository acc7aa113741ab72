import Testing

/// Documents name what exists, and can be found.
@Suite struct DocumentTests {
    let tree = SourceTree.shared

    @Test func `the documents a reader expects are there`() {
        for path in [
            "README.md", "ARCHITECTURE.md", "STYLE.md", "CONTRIBUTING.md", "CHANGELOG.md",
            "LICENSE",
            "docs/glossary.md", "docs/design/README.md",
        ] {
            #expect(tree.exists(path), "\(path) is missing")
        }
        #expect(
            tree.file("CHANGELOG.md")?.lines.contains { $0.hasPrefix("## Unreleased") } == true,
            "CHANGELOG.md: begin with a section '## Unreleased'")
    }

    @Test func `a link in a document leads to a file of the project`() {
        var findings: [Finding] = []
        for file in tree.markdown {
            for (index, line) in file.lines.enumerated() {
                for match in line.matches(of: /\]\(([^)\s]+)\)/) {
                    let target = String(match.1)
                    if target.contains("://") || target.hasPrefix("#")
                        || target.hasPrefix("mailto:")
                    {
                        continue
                    }
                    let path = target.split(separator: "#").first.map(String.init) ?? target
                    guard let resolved = resolve(path, from: file.directory), tree.exists(resolved)
                    else {
                        findings.append(
                            Finding(file.path, index + 1, "the link '\(target)' leads nowhere"))
                        continue
                    }
                }
            }
        }
        expectNone(findings)
    }

    @Test func `a path named in a document exists`() {
        let folders = tree.files.compactMap { $0.path.split(separator: "/").first }
        let roots = Set(folders.map(String.init)).filter { !$0.hasSuffix(".md") && $0 != "docs" }
            .union(["docs/design", "docs/formats", "docs/guides"])
        var findings: [Finding] = []
        for file in tree.markdown {
            for (index, line) in file.lines.enumerated() {
                for match in line.matches(of: /`([\w.+-]+\/[\w.+\/-]*)`/) {
                    let path = String(match.1).trimmedOfSlashes
                    guard roots.contains(where: { path.hasPrefix($0 + "/") }),
                        !tree.exists(path)
                    else { continue }
                    findings.append(Finding(file.path, index + 1, "there is no '\(path)'"))
                }
            }
        }
        expectNone(findings)
    }

    @Test func `a document named in a comment exists`() {
        var findings: [Finding] = []
        for file in tree.files
        where file.path.hasPrefix("Sources/") || file.path.hasPrefix("Tests/") {
            for (index, line) in file.lines.enumerated() {
                // What stands in a literal is often an example's name; a comment speaks of ours.
                guard line.utf8.contains(".md".utf8), let comment = line.firstRange(of: "//")
                else { continue }
                for match in line[comment.lowerBound...].matches(of: /[\w\/.-]+\.md\b/) {
                    let path = String(match.0)
                    guard !tree.exists(path) else { continue }
                    findings.append(
                        Finding(
                            file.path, index + 1,
                            "there is no '\(path)': write it, or say it here"))
                }
            }
        }
        expectNone(findings)
    }

    @Test func `nothing names a place outside the project`() {
        // A home, a machine's own folder, a neighbour of the checkout.
        let words = ["/work/", "/root/", "shared"]
        let outside = /(?:^|[\s`"'(])(?:\/work\/|\/root\/|(?:\.\.\/)+shared\b)[\w.\/-]*/
        expectNone(
            tree.files.flatMap { file in
                file.lines.enumerated().compactMap { index, line in
                    guard file.path != "Tests/TidyTests/DocumentTests.swift",
                        words.contains(where: { line.utf8.contains($0.utf8) })
                    else { return nil }
                    return line.firstMatch(of: outside).map {
                        Finding(
                            file.path, index + 1,
                            "'\(line[$0.range])': the project stands on its own; say it here")
                    }
                }
            })
    }

    @Test func `every page below docs is linked from an index`() {
        let indexes = [
            "README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "docs/design/README.md",
            "docs/formats/README.md", "docs/guides/README.md",
        ].compactMap(tree.file)
        let linked = Set(
            indexes.flatMap { file in
                file.lines.flatMap { line in
                    line.matches(of: /\]\(([^)\s#]+)/).compactMap {
                        resolve(String($0.1), from: file.directory)
                    }
                        + line.matches(of: /`(docs\/[\w\/.-]+)`/).map { String($0.1) }
                }
            })
        expectNone(
            tree.markdown.filter { $0.path.hasPrefix("docs/") && !linked.contains($0.path) }.map {
                Finding($0.path, 1, "link it from the README of its folder or ARCHITECTURE.md")
            })
    }

    @Test func `CI runs exactly make test, and the README begins with the two commands`() {
        let runs = tree.file(".ci/run")?.lines.last { !$0.isEmpty } ?? ""
        #expect(runs.contains("exec make test"), ".ci/run: end with `exec make test`")
        let commands = tree.file("README.md")?.lines.filter { $0.hasPrefix("make ") } ?? []
        #expect(
            commands.prefix(2).map { $0.split(separator: " ").prefix(2).joined(separator: " ") }
                == ["make demo", "make test"], "README.md: the two commands come first")
    }

    @Test func `Scripts are executable and say what they do`() {
        for file in tree.files where file.path.hasPrefix("Scripts/") {
            #expect(
                file.lines.first?.hasPrefix("#!") == true && file.lines.count > 1
                    && (file.lines[1].hasPrefix("#") || file.lines[1].hasPrefix("\"\"\"")),
                "\(file.path):1: begin with #! and a sentence about what it does")
        }
    }

    /// `path` as seen from `directory`, as a path from the root; nil when it leads out.
    private func resolve(_ path: String, from directory: String) -> String? {
        var parts = path.hasPrefix("/") ? [] : directory.split(separator: "/").map(String.init)
        for part in path.split(separator: "/") {
            switch part {
            case ".": continue
            case "..":
                guard parts.popLast() != nil else { return nil }
            default: parts.append(String(part))
            }
        }
        return parts.joined(separator: "/")
    }
}
