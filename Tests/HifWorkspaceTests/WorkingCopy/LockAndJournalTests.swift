import Glibc
import HifCore
import Testing

@testable import HifWorkspace

@Suite struct LockAndJournalTests {
    @Test func `a lock that is taken names the process and its age`() throws {
        let directory = TemporaryDirectory()
        let handle = try directory.root
        do {
            let lock = try WorkspaceLock(hifDirectory: handle, nowSeconds: 1000)
            let error = #expect(throws: WorkingCopyError.self) {
                _ = try WorkspaceLock(hifDirectory: handle, nowSeconds: 1042)
            }
            #expect(error?.code == .locked)
            #expect(error?.message.contains("process \(getpid()) ") == true)
            #expect(error?.message.contains("42 s") == true)
            _ = consume lock
        }
        // Freed with the value; the note of the last holder means nothing.
        _ = try WorkspaceLock(hifDirectory: handle, nowSeconds: 1043)
    }

    static let entry = JournalEntry(
        operation: "goto", fromPosition: 3, fromRoot: Blake3.hash([1]), toPosition: 9,
        toRoot: Blake3.hash([2]), note: "label", startedSeconds: 1_700_000_000)

    @Test func `a journal is pending until it is finished`() throws {
        let directory = TemporaryDirectory()
        let journal = Journal(hifDirectory: try directory.root)
        #expect(try journal.pending() == nil)
        try journal.begin(Self.entry)
        #expect(try journal.pending() == Self.entry)
        try journal.finish()
        #expect(try journal.pending() == nil)
    }

    @Test func `the golden bytes are those of the format page`() {
        let entry = JournalEntry(
            operation: "goto", fromPosition: 3, fromRoot: .zero, toPosition: 9, toRoot: .zero,
            note: "n", startedSeconds: 5)
        let fields =
            """
            4849464a 01000000 04676f746f
            0300000000000000 \(String(repeating: "00", count: 32))
            0900000000000000 \(String(repeating: "00", count: 32))
            016e 0500000000000000
            """.filter { !$0.isWhitespace }
        #expect(entry.encoded().dropLast(32).hex == fields)
    }

    @Test func `every cut and every flipped bit of a journal is refused`() throws {
        let bytes = Self.entry.encoded()
        #expect(try JournalEntry(decoding: bytes).encoded() == bytes)
        for count in bytes.indices {
            #expect(throws: FormatError.self) { try JournalEntry(decoding: Array(bytes[..<count])) }
        }
        for position in 0..<bytes.count * 8 {
            var damaged = bytes
            damaged[position / 8] ^= 1 << UInt8(position % 8)
            #expect(throws: FormatError.self) { try JournalEntry(decoding: damaged) }
        }
        let directory = TemporaryDirectory()
        directory.write("journal", "HIFJ nonsense")
        let error = #expect(throws: WorkingCopyError.self) {
            try Journal(hifDirectory: directory.root).pending()
        }
        #expect(error?.code == .journalUnreadable)
    }
}
