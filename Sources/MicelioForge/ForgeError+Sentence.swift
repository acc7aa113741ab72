import Foundation
import HifCore
import HifStore

extension ForgeError {
    /// What an error of the layers below means to whoever runs the forge, in one sentence.
    package static func sentence(for error: any Error) -> String {
        let text =
            switch error {
            case let error as ForgeError: error.message
            case let error as StoreError:
                error.cause.map { "\(error.message): \($0)" } ?? error.message
            case let error as CocoaError:
                [error.filePath, (error.underlying ?? error).localizedDescription]
                    .compactMap { $0 }.joined(separator: ": ")
            default:
                ForgeError(ofDatabase: error, at: "the database of accounts")?.message
                    ?? "\(error)"
            }
        return SafeText.escape(text)
    }
}
