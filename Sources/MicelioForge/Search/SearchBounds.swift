/// How much search takes in and looks through; tests have smaller ones.
package struct SearchBounds: Sendable {
    /// A longer file is found by its name only.
    var fileBytesMax = Limits.searchFileBytesMax
    /// What is kept of a session's words.
    var sessionBytesMax = Limits.searchSessionBytesMax
    /// Events of one that is open, and how many of those are looked at.
    var eventsMax = Limits.searchEventsMax
    var openSessionsMax = Limits.searchOpenSessionsMax
    /// Text in the index of one project; of files beyond it only names are taken in.
    var projectBytesMax = Limits.searchProjectBytesMax
    /// Files of the indexes of all projects.
    var bytesMax = Limits.searchBytesMax
    var openMax = Limits.searchOpenMax
    /// Changes that are taken in at a time, and the bytes of their contents.
    var stepChanges = Limits.searchStepChanges
    var stepBytesMax = Limits.searchStepBytesMax
    /// Text that one search looks through.
    var scanBytesMax = Limits.searchScanBytesMax

    package init() {}
}
