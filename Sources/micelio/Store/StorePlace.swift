import Foundation
import HifS3
import HifStore
import MicelioForge

/// A place of objects as people name it, for every command: a directory, or a bucket with what is
/// particular to it.
enum StorePlace: CustomStringConvertible {
    case directory(String)
    case bucket(S3Address, Particulars)

    /// What a bucket is reached with in place of what the options and the environment say, so that one
    /// command can read from one service and write to another:
    /// `s3://bucket/prefix?endpoint=https://s3.example.org&profile=backup`. No secret is among them.
    struct Particulars {
        var endpoint: String?
        var region: String?
        var dialect: String?
        var credentials: String?
        var profile: String?
        var ca: String?
    }

    /// - Parameter text: a path, or `s3://bucket/prefix`.
    init(_ text: String) throws(ForgeError) {
        guard !text.isEmpty else {
            throw .invalid("'' is no store: name a directory, or s3://bucket/prefix")
        }
        guard S3Address.isOne(text) else {
            self = .directory(text)
            return
        }
        let parts = text.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let address: S3Address
        do throws(StoreError) {
            address = try S3Address(String(parts[0]))
        } catch {
            throw .invalid(error.message)
        }
        self = .bucket(address, try Particulars(parts.count > 1 ? String(parts[1]) : ""))
    }

    /// Without particulars.
    var description: String {
        switch self {
        case .directory(let path): path
        case .bucket(let address, _): address.description
        }
    }
}

extension StorePlace.Particulars {
    /// - Parameter query: `name=value` joined by `&`, as in a URL.
    fileprivate init(_ query: String) throws(ForgeError) {
        guard !query.isEmpty else { return }
        guard let items = URLComponents(string: "?" + query)?.queryItems else {
            throw .invalid("'?\(query)' is not spelled as in a URL")
        }
        for item in items {
            guard let value = item.value, !value.isEmpty else {
                throw .invalid("'\(item.name)' behind ? has no value")
            }
            switch item.name {
            case "endpoint": endpoint = value
            case "region": region = value
            case "dialect": dialect = value
            case "credentials": credentials = value
            case "profile": profile = value
            case "ca": ca = value
            default:
                throw .invalid(
                    "'\(item.name)' behind ? is not known: "
                        + "endpoint, region, dialect, credentials, profile, ca")
            }
        }
    }
}
