import Foundation
import HifCore
import Testing

@testable import HifWorkspace

@Suite struct GitSourceTests {
    /// A work tree with `count` commits on `trunk`.
    private func workTree(_ path: String, commits count: Int) throws {
        try run("git", "init", "-q", "--initial-branch=trunk", path)
        for number in 0..<count {
            try Data("\(number)".utf8).write(to: URL(fileURLWithPath: "\(path)/file"))
            try run("git", "-C", path, "add", "file")
            try run("git", "-C", path, "commit", "-q", "-m", "\(number)")
        }
    }

    private func code(_ body: () throws -> GitSource) -> GitError.Code? {
        #expect(throws: GitError.self) { try body() }?.code
    }

    @Test func `work tree, git directory, bare clone and linked work tree are one repository`()
        throws
    {
        let scratch = try ScratchDirectory()
        try workTree(scratch("work"), commits: 2)
        try run("git", "clone", "-q", "--bare", scratch("work"), scratch("bare"))
        try run(
            "git", "-C", scratch("work"), "worktree", "add", "-q", "-b", "other", scratch("linked"))
        let head = try GitSource.open(path: scratch("work")).head
        for (path, branch) in [
            ("work", "trunk"), ("work/.git", "trunk"), ("bare", "trunk"), ("linked", "other"),
        ] {
            let source = try GitSource.open(path: scratch(path))
            #expect(source.head == head)
            #expect(source.branch == branch)
            #expect(try GitLine(of: source).count == 2)
        }
        try run("git", "-C", scratch("work"), "checkout", "-q", "--detach", "HEAD~1")
        let detached = try GitSource.open(path: scratch("work"))
        #expect(detached.branch == nil && detached.head != head)
        #expect(try GitSource.open(path: scratch("work"), branch: "trunk").head == head)
    }

    @Test func `what cannot be read is refused with its reason`() throws {
        let scratch = try ScratchDirectory()
        try workTree(scratch("work"), commits: 3)
        try FileManager.default.createDirectory(
            atPath: scratch("work/inner"), withIntermediateDirectories: true)
        try run("git", "init", "-q", scratch("empty"))
        try run(
            "git", "clone", "-q", "--depth=1", "file://" + scratch("work"), scratch("shallow"))
        try run("git", "init", "-q", "--object-format=sha256", scratch("sha256"))
        #expect(code { try GitSource.open(path: scratch("nowhere")) } == .notARepository)
        #expect(code { try GitSource.open(path: scratch.path) } == .notARepository)
        #expect(code { try GitSource.open(path: scratch("work/inner")) } == .notARepository)
        #expect(code { try GitSource.open(path: scratch("work/file")) } == .notARepository)
        #expect(code { try GitSource.open(path: scratch("empty")) } == .empty)
        #expect(code { try GitSource.open(path: scratch("shallow")) } == .shallow)
        #expect(code { try GitSource.open(path: scratch("sha256")) } == .unsupported)
        let error = #expect(throws: GitError.self) {
            try GitSource.open(path: scratch("work"), branch: "--all")
        }
        #expect(error?.code == .empty)
        #expect(error?.hint?.contains("trunk") == true)
    }

    @Test func `a URL is cloned once and fetched after`() throws {
        let scratch = try ScratchDirectory()
        try workTree(scratch("work"), commits: 1)
        let url = try GitLocation("file://" + scratch("work"))
        let first = try GitSource.open(url, cache: scratch("cache"))
        try workTree(scratch("other"), commits: 1)
        try run("git", "-C", scratch("work"), "tag", "t")
        try run("git", "-C", scratch("work"), "checkout", "-q", "-b", "next")
        try run("git", "-C", scratch("work"), "commit", "-q", "--allow-empty", "-m", "more")
        let second = try GitSource.open(url, cache: scratch("cache"))
        #expect(second.branch == "next" && first.branch == "trunk")
        let line = try GitLine(of: second)
        #expect(line.commits.first == first.head && line.count == 2)
        #expect(try second.tags(on: line).map(\.index) == [0])
        let other = try GitLocation("file://" + scratch("other"))
        #expect(code { try GitSource.open(other, cache: scratch("cache")) } == .notEmpty)
        let gone = try GitLocation("file://" + scratch("gone"))
        #expect(code { try GitSource.open(gone, cache: scratch("cache2")) } == .failed)
        #expect(!FileManager.default.fileExists(atPath: scratch("cache2")))
    }

    @Test(arguments: [
        "ext::sh -c id", "fd::17", "-oProxyCommand=id", "--upload-pack=id",
        "ssh://-oProxyCommand=id",
        "ftp://example.org/x", "javascript://x", "", "x\ny", ":x", "host:", "host:-x",
    ])
    func `what git would run or take for an option is refused`(text: String) {
        let error = #expect(throws: GitError.self) { try GitLocation(text) }
        #expect(error?.code == .refused)
    }

    @Test func `paths and URLs are told apart as git does`() throws {
        #expect(try GitLocation("a/b:c") == .path("a/b:c"))
        #expect(try GitLocation("./x::y") == .path("./x::y"))
        #expect(try GitLocation("git@example.org:a/b") == .url("git@example.org:a/b"))
        #expect(try GitLocation("HTTPS://example.org/x") == .url("HTTPS://example.org/x"))
    }

    @Test func `settings and environment of the user do not lead elsewhere`() {
        let environment = GitTool.environment
        #expect(environment["GIT_DIR"] == nil && environment["GIT_INDEX_FILE"] == nil)
        #expect(environment["GIT_TERMINAL_PROMPT"] == "0")
    }
}
