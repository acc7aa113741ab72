import Foundation

/// The installed git: where it is, and the surroundings every command gets.
package enum GitTool {
    /// The executable, from `PATH`. Throws `notInstalled`.
    package static func path() throws -> String {
        guard let found else {
            throw GitError(
                .notInstalled, "Git is not installed, or not on PATH.",
                hint: "Install git 2.30 or later, then try again.")
        }
        return found
    }

    private static let found: String? = {
        let search = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin"
        return search.split(separator: ":").map { "\($0)/git" }
            .first { FileManager.default.isExecutableFile(atPath: $0) }
    }()

    /// Ahead of every command: nothing a repository brings along is run.
    static let settings = [
        "--no-pager", "-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false",
        "-c", "protocol.ext.allow=never", "-c", "gc.auto=0", "-c", "maintenance.auto=false",
        "-c", "advice.detachedHead=false",
    ]

    /// The user's environment (credentials, proxies, `safe.directory` settings) without what would
    /// point git at another repository, as it does inside a hook; messages in English, no prompts,
    /// and history as it was written: no replacement objects, no grafts.
    static let environment: [String: String] = {
        var result = ProcessInfo.processInfo.environment
        for name in [
            "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_CEILING_DIRECTORIES", "GIT_COMMON_DIR",
            "GIT_DIR", "GIT_INDEX_FILE", "GIT_INTERNAL_SUPER_PREFIX", "GIT_NAMESPACE",
            "GIT_OBJECT_DIRECTORY", "GIT_PREFIX", "GIT_REPLACE_REF_BASE", "GIT_SHALLOW_FILE",
            "GIT_WORK_TREE", "GIT_IMPLICIT_WORK_TREE", "GIT_EXTERNAL_DIFF", "GIT_DIFF_OPTS",
            "GIT_ICASE_PATHSPECS", "GIT_GLOB_PATHSPECS", "GIT_NOGLOB_PATHSPECS",
            "GIT_TRACE", "GIT_DEFAULT_HASH", "GIT_TEMPLATE_DIR",
        ] {
            result[name] = nil
        }
        result["LC_ALL"] = "C"
        result["GIT_TERMINAL_PROMPT"] = "0"
        result["GIT_NO_REPLACE_OBJECTS"] = "1"
        result["GIT_GRAFT_FILE"] = "/dev/null"
        result["GIT_ADVICE"] = "0"
        result["GIT_OPTIONAL_LOCKS"] = "0"
        result["GIT_LFS_SKIP_SMUDGE"] = "1"
        result["GIT_ALLOW_PROTOCOL"] = "file:git:http:https:ssh"
        result["GIT_PROTOCOL_FROM_USER"] = "1"
        return result
    }()
}
