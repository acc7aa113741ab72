import GRDB

extension ForgeError {
    /// What an error of SQLite means; nil for any other error.
    ///
    /// - Parameter place: the file, for whoever runs the forge; nil for a client.
    init?(ofDatabase error: any Error, at place: String? = nil) {
        guard let error = error as? DatabaseError else { return nil }
        let isFull = error.resultCode == .SQLITE_FULL
        let reason = error.message ?? "no reason given"
        if let place {
            self.init(
                .unavailable, "\(place) cannot be used: \(reason)",
                hint: isFull
                    ? "free some space and run the command again: nothing is lost"
                    : "if the disk is sound, put a backup of this file in its place")
        } else if isFull {
            self.init(
                .unavailable, "the forge cannot write: its disk is full",
                hint: "whoever runs the forge has to look at its disk; then run the command again")
        } else {
            return nil
        }
    }
}
