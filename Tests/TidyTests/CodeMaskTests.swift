import Testing

/// The rules are only as good as what they take for code.
@Suite struct CodeMaskTests {
    @Test(arguments: [
        ("let a = 1 // Task {", "let a = 1          "),
        (#"f("Task {", b)"#, #"f("      ", b)"#),
        (#"f("a \(g("x")) b")"#, #"f("    g(" ")   ")"#),
        ("a /* b /* c */ d */ e", "a                   e"),
        (##"f(#"a "q" \(b)"#) + c"##, ##"f(#"          "#) + c"##),
        ("func `a Task { b`() {}", "func `          `() {}"),
        ("f(\"\"\"\n  Task \\\n  \"\"\") // x", "f(\"\"\"\n        \n  \"\"\")     "),
    ])
    func `comments, literals and sentences are not code`(text: String, code: String) {
        #expect(String(decoding: CodeMask.code(of: Array(text.utf8)), as: UTF8.self) == code)
    }
}
