import Testing

/// Rules of STYLE.md that a machine can see.
@Suite struct CodeTests {
    let tree = SourceTree.shared

    /// A file that reached this length holds more than one idea.
    static let linesMax = 700
    static let columnsMax = 100
    /// The formatter does not break comments, so a word may stick out.
    static let commentColumnsMax = 110

    @Test func `no file has more than 700 lines`() {
        expectNone(
            tree.swift.filter { $0.lines.count > CodeTests.linesMax }.map {
                Finding(
                    $0.path, $0.lines.count,
                    "\($0.lines.count) lines: split it by idea (Type+Aspect.swift)")
            })
    }

    @Test func `no line is much longer than 100 columns`() {
        var findings: [Finding] = []
        for file in tree.swift {
            for (index, line) in file.lines.enumerated()
            where line.utf8.count > CodeTests.columnsMax && line.count > CodeTests.columnsMax {
                let code = file.code[index].trimmingEnd
                // Text in a literal cannot be broken: what stands around it must be.
                let isLiteral = code.contains("\"") || code.isEmpty && !line.contains("//")
                if isLiteral || code.count <= CodeTests.columnsMax,
                    isLiteral || line.count <= CodeTests.commentColumnsMax
                {
                    continue
                }
                findings.append(Finding(file.path, index + 1, "\(line.count) columns: break it"))
            }
        }
        expectNone(findings)
    }

    @Test func `the main type of every file says what it is`() {
        var findings: [Finding] = []
        for file in tree.swift
        where file.path.hasPrefix("Sources/") || file.path.hasPrefix("Tests/Support/") {
            guard let index = mainDeclaration(of: file), !isCommand(file.lines[index]) else {
                continue
            }
            if !isDocumented(file, index) {
                findings.append(
                    Finding(file.path, index + 1, "say in a /// comment what it is and is for"))
            }
        }
        expectNone(findings)
    }

    @Test func `nothing in Sources traps on purpose, but where it is listed`() {
        /// Each with the reason why a trap is right there.
        let allowed: [String: String] = [:]
        let pattern = /\btry!|\bfatalError\b|\bas!\s|\bunsafeBitCast\b|\bexit\(/
        expectNone(
            libraryFiles.filter { allowed[$0.path] == nil }.flatMap { file in
                file.findings(
                    anyOf: ["try!", "fatalError", "as!", "unsafeBitCast", "exit("], pattern
                ) {
                    "'\($0)': throw, or a precondition with its reason; or list the file here"
                }
            })
    }

    @Test func `nothing is left to be done in a comment`() {
        // Spelled in parts, so that this line is not one of them.
        let words = ["TO" + "DO", "FIX" + "ME", "XX" + "X:"]
        expectNone(
            tree.files.filter { $0.path != "LICENSE" }.flatMap { file in
                file.lines.enumerated().compactMap { index, line in
                    words.first { line.utf8.contains($0.utf8) }.map {
                        Finding(file.path, index + 1, "\($0): do it, or open an issue and drop it")
                    }
                }
            })
    }

    @Test func `nothing is public`() {
        expectNone(
            tree.swift.filter { $0.path.hasPrefix("Sources/") }.flatMap {
                $0.findings(anyOf: ["public", "open"], /^\s*(?:@\w+ )*(?:public|open class)\s/) {
                    _ in
                    "promise nothing to the world: `package`, or less"
                }
            })
    }

    @Test func `libraries print nothing`() {
        expectNone(
            libraryFiles.flatMap {
                $0.findings(anyOf: ["print("], /(?:^|[^\w.])(?:debugPrint|print)\(/) { _ in
                    "return a value, tell an observer, or log"
                }
            })
    }

    /// Sources of all targets but the executables, which may print and end their process.
    private var libraryFiles: [SourceFile] {
        let executables = ["Sources/hif/", "Sources/hif-sim/", "Sources/micelio/"]
        return tree.swift.filter { file in
            file.path.hasPrefix("Sources/") && !executables.contains { file.path.hasPrefix($0) }
        }
    }

    // MARK: Finding the main type

    /// The type the file is named after, else its first declaration that is not an extension.
    private func mainDeclaration(of file: SourceFile) -> Int? {
        let pattern =
            #/
            ^(?:(?:package|internal|private|fileprivate|final|indirect|@\w+(?:\([^)]*\))?)\s)*
            (?:struct|class|enum|actor|protocol|typealias)\s(\w+)
            /#
        let found = file.code.enumerated().compactMap {
            index, line -> (index: Int, name: String)? in
            guard line.utf8.first.map({ $0 != UInt8(ascii: " ") }) == true else { return nil }
            return line.firstMatch(of: pattern).map { (index: index, name: String($0.1)) }
        }
        let stem = file.baseName.split(separator: "+").first.map(String.init)
        return (found.first { $0.name == stem } ?? found.first)?.index
    }

    private func isDocumented(_ file: SourceFile, _ declaration: Int) -> Bool {
        var index = declaration - 1
        while index >= 0, file.lines[index].hasPrefix("@") { index -= 1 }
        return index >= 0 && file.lines[index].hasPrefix("///")
    }

    /// A command's `abstract` is its documentation.
    private func isCommand(_ line: String) -> Bool {
        ["ParsableCommand", "ParsableArguments", "HifCommand"].contains { line.contains($0) }
    }
}

extension String {
    var trimmingEnd: Substring {
        var text = self[...]
        while text.last == " " { text.removeLast() }
        return text
    }
}
