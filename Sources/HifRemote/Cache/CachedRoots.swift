import Foundation
import Glibc
import HifCore
import Synchronization

/// Which tree stands at which position, as far as this machine was told: lines of a position and a
/// root, appended, the last one counting.
///
/// Read only when the forge cannot be asked: a history that was replaced has other roots at the same
/// positions.
final class CachedRoots: Sendable {
    private static let bytesMax = 1 << 20

    private let path: String
    private let known = Mutex<[Position: Hash]?>(nil)

    init(path: String) {
        self.path = path
    }

    subscript(position: Position) -> Hash? {
        get { known.withLock { load(&$0)[position] } }
        set {
            guard let root = newValue else { return }
            known.withLock { known in
                guard load(&known)[position] != root else { return }
                known?[position] = root
                append(position, root)
            }
        }
    }

    private func load(_ known: inout [Position: Hash]?) -> [Position: Hash] {
        if let known { return known }
        var roots: [Position: Hash] = [:]
        let data = FileManager.default.contents(atPath: path) ?? Data()
        if data.count > CachedRoots.bytesMax {
            // Only a convenience; begin anew.
            unlink(path)
        }
        for line in data.split(separator: UInt8(ascii: "\n")) {
            // A line that was cut short, or joined to another, says nothing.
            let fields = String(decoding: line, as: UTF8.self).split(separator: " ")
            guard fields.count == 2, let position = Position(fields[0]),
                let root = Hash(hex: String(fields[1]))
            else { continue }
            roots[position] = root
        }
        known = roots
        return roots
    }

    private func append(_ position: Position, _ root: Hash) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return }
        _ = CacheFile.writeAll(Array("\n\(position) \(root.hex)\n".utf8), to: descriptor)
        close(descriptor)
    }
}
