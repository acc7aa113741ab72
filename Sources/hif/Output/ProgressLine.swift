import HifCore

/// One line on a terminal's standard error that says how far something is: after 300 ms, ten times
/// a second, and gone at the end. Nothing where nobody looks.
final class ProgressLine {
    private static let firstAfterMillis: Int64 = 300
    private static let everyMillis: Int64 = 100

    private let console: Console
    private let now: () -> Int64
    private var due: Int64
    private var isShown = false

    init(_ console: Console, now: @escaping () -> Int64) {
        self.console = console
        self.now = now
        due = now() + ProgressLine.firstAfterMillis
    }

    func show(_ text: @autoclosure () -> String) {
        guard console.isErrorTerminal, !console.isJSON, !console.isQuiet else { return }
        let moment = now()
        guard moment >= due else { return }
        due = moment + ProgressLine.everyMillis
        isShown = true
        console.transient(text())
    }

    func end() {
        if isShown { console.transient("") }
        isShown = false
    }
}
