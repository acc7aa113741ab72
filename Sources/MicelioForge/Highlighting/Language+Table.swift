extension Language {
    private static let slashes = ["//"]
    private static let stars = [Block("/*", "*/")]
    private static let hash = ["#"]
    private static let raw = Text("`", escape: nil, isMultiline: true)
    private static let sqlText = Text("'", escape: nil, isMultiline: true)

    /// The languages that are told apart. Words are those of each language's own reference.
    static let all: [Language] = [
        Language(
            "Swift", ["swift"], line: slashes, block: [Block("/*", "*/", nests: true)],
            texts: [
                Text("#\"\"\"", "\"\"\"#", escape: nil, isMultiline: true),
                Text("\"\"\"", isMultiline: true), Text("#\"", "\"#", escape: nil), Text("\""),
            ],
            words: """
                actor any as associatedtype async await borrowing break case catch class consuming continue
                default defer deinit do else enum extension fallthrough false fileprivate final for func guard
                if import in indirect init inout internal is isolated lazy let mutating nil nonisolated open
                operator override package precedencegroup private protocol public repeat required rethrows
                return self Self sending some static struct subscript super switch throw throws true try
                typealias unowned unsafe var weak where while yield
                """, wordBytes: "@#"),
        Language(
            "C", ["c", "h"], line: slashes, block: stars,
            words: """
                auto bool break case char const constexpr continue default do double else enum extern false
                float for goto if inline int long nullptr register restrict return short signed sizeof static
                static_assert struct switch thread_local true typedef typeof union unsigned void volatile while
                """, wordBytes: "#"),
        Language(
            "C++", ["cc", "cpp", "cxx", "hh", "hpp", "hxx"], line: slashes, block: stars,
            words: """
                alignas alignof auto bool break case catch char class co_await co_return co_yield concept const
                consteval constexpr constinit const_cast continue decltype default delete do double
                dynamic_cast else enum explicit export extern false final float for friend goto if inline int
                long mutable namespace new noexcept nullptr operator override private protected public
                reinterpret_cast requires return short signed sizeof static static_assert static_cast struct
                switch template this thread_local throw true try typedef typeid typename union unsigned using
                virtual void volatile while
                """, wordBytes: "#"),
        Language(
            "Go", ["go"], line: slashes, block: stars, texts: [raw, Text("\""), Text("'")],
            words: """
                break case chan const continue default defer else fallthrough false for func go goto if import
                interface map nil package range return select struct switch true type var
                """),
        Language(
            "Rust", ["rs"], line: slashes, block: [Block("/*", "*/", nests: true)],
            texts: [
                Text("r#\"", "\"#", escape: nil, isMultiline: true), Text("\"", isMultiline: true),
            ],
            words: """
                as async await break const continue crate dyn else enum extern false fn for if impl in let loop
                match mod move mut pub ref return self Self static struct super trait true type union unsafe
                use where while
                """, wordBytes: "!"),
        Language(
            "Java", ["java"], line: slashes, block: stars,
            texts: [Text("\"\"\"", isMultiline: true), Text("\""), Text("'")],
            words: """
                abstract assert boolean break byte case catch char class const continue default do double else
                enum extends false final finally float for goto if implements import instanceof int interface
                long native new null package permits private protected public record return sealed short static
                strictfp super switch synchronized this throw throws transient true try var void volatile while
                yield
                """, wordBytes: "@"),
        Language(
            "Kotlin", ["kt", "kts"], line: slashes, block: [Block("/*", "*/", nests: true)],
            texts: [Text("\"\"\"", escape: nil, isMultiline: true), Text("\""), Text("'")],
            words: """
                abstract as break by catch class companion const constructor continue data do else enum false
                final finally for fun if import in inline interface internal is lateinit null object open
                override package private protected public return sealed super suspend this throw true try
                typealias val var when where while
                """, wordBytes: "@"),
        Language(
            "JavaScript", ["js", "jsx", "mjs", "cjs"], line: slashes, block: stars,
            texts: [Text("`", isMultiline: true), Text("\""), Text("'")],
            words: """
                async await break case catch class const continue debugger default delete do else export
                extends false finally for from function get if import in instanceof let new null of return set
                static super switch this throw true try typeof undefined var void while with yield
                """, wordBytes: "$#"),
        Language(
            "TypeScript", ["ts", "tsx", "mts", "cts"], line: slashes, block: stars,
            texts: [Text("`", isMultiline: true), Text("\""), Text("'")],
            words: """
                abstract any as asserts async await boolean break case catch class const continue declare
                default delete do else enum export extends false finally for from function get if implements
                import in infer instanceof interface is keyof let namespace never new null number object of
                override private protected public readonly return satisfies set static string super switch
                symbol this throw true try type typeof undefined unknown var void while yield
                """, wordBytes: "$#@"),
        Language(
            "Python", ["py", "pyi"], line: hash,
            texts: [
                Text("\"\"\"", isMultiline: true), Text("'''", isMultiline: true), Text("\""),
                Text("'"),
            ],
            words: """
                and as assert async await break case class continue def del elif else except False finally for
                from global if import in is lambda match None nonlocal not or pass raise return True try while
                with yield
                """, wordBytes: "@"),
        Language(
            "Ruby", ["rb", "rake", "gemspec"], names: ["rakefile", "gemfile"], line: hash,
            words: """
                alias and begin break case class def defined? do else elsif end ensure false for if in module
                next nil not or redo rescue retry return self super then true undef unless until when while
                yield
                """, wordBytes: "@$?!:"),
        Language(
            "Shell", ["sh", "bash", "zsh"], names: [".bashrc", ".profile", "configure"], line: hash,
            texts: [Text("\"", isMultiline: true), Text("'", escape: nil, isMultiline: true)],
            words: """
                case do done elif else esac exit export fi for function if in local readonly return select set
                shift source then trap unset until while
                """, wordBytes: "$-", hasCalls: false),
        Language(
            "SQL", ["sql"], line: ["--"], block: stars, texts: [sqlText, Text("\"", escape: nil)],
            words: """
                add all alter and as asc begin between by case check column commit conflict constraint create
                cross default delete desc distinct do drop else end except exists foreign from full group
                having if in index inner insert intersect into is join key left like limit not null offset on
                or order outer primary references returning right rollback row rows select set strict table
                then to transaction trigger union unique update using values view when where with without
                """, ignoresCase: true),
        Language(
            "Protocol Buffers", ["proto"], line: slashes, block: stars,
            words: """
                bool bytes double enum extend false fixed32 fixed64 float import int32 int64 map max message
                oneof option optional package public repeated required reserved returns rpc service sfixed32
                sfixed64 sint32 sint64 stream string syntax to true uint32 uint64
                """),
        Language(
            "JSON", ["json", "jsonl", "geojson"], texts: [Text("\"")], words: "true false null",
            hasCalls: false),
        Language(
            "TOML", ["toml"], line: hash,
            texts: [
                Text("\"\"\"", isMultiline: true), Text("'''", escape: nil, isMultiline: true),
                Text("\""), Text("'", escape: nil),
            ], words: "true false", wordBytes: "-", hasCalls: false),
        Language(
            "YAML", ["yaml", "yml"], line: hash, texts: [Text("\""), Text("'", escape: nil)],
            words: "true false null yes no on off", wordBytes: "-", hasCalls: false),
        Language(
            "Makefile", ["mk"], names: ["makefile", "gnumakefile"], line: hash,
            words:
                "define else endef endif export ifdef ifeq ifndef ifneq include override unexport",
            wordBytes: "-.$", hasCalls: false),
        Language(
            "Dockerfile", [], names: ["dockerfile", "containerfile"], line: hash,
            words: """
                add arg cmd copy entrypoint env expose from healthcheck label onbuild run shell stopsignal user
                volume workdir as
                """, ignoresCase: true, hasCalls: false),
        Language(
            "CSS", ["css"], block: stars,
            words: "and from important media not only or root supports to", wordBytes: "-@!"),
        Language(
            "HTML", ["html", "htm", "xml", "svg"], block: [Block("<!--", "-->")],
            texts: [Text("\"", isMultiline: true)], wordBytes: "-:", hasCalls: false),
        Language(
            "Lua", ["lua"], line: ["--"], block: [Block("--[[", "]]")],
            texts: [Text("[[", "]]", escape: nil, isMultiline: true), Text("\""), Text("'")],
            words: """
                and break do else elseif end false for function goto if in local nil not or repeat return then
                true until while
                """),
        Language(
            "Zig", ["zig"], line: slashes,
            words: """
                align allowzero and anyframe anytype asm break callconv catch comptime const continue defer
                else enum errdefer error export extern false fn for if inline noalias null opaque or orelse
                packed pub return struct suspend switch test threadlocal true try undefined union unreachable
                usingnamespace var volatile while
                """, wordBytes: "@"),
    ]
}
