/// Where a forge keeps its things and where it listens. The defaults serve one machine.
package struct ForgeConfiguration: Sendable {
    /// How gRPC is encrypted.
    package enum Encryption: Sendable, Hashable {
        /// With the forge's own certificate, made on first start.
        case selfSigned
        case files(certificate: String, key: String)
        /// Not at all. Allowed on loopback only.
        case plaintext
    }

    package var dataDirectory = "./data"
    package var http = HostPort(host: "127.0.0.1", port: 4000)
    package var rpc = HostPort(host: "127.0.0.1", port: 4001)
    package var encryption = Encryption.selfSigned
    /// What links and pages name as the forge's address; the HTTP address itself when nil.
    package var publicURL: String?
    /// Where clients dial gRPC, when a proxy stands before it; the listening address when nil.
    package var publicRPC: HostPort?
    /// Where clients fetch packs, when a cache stands before this forge's HTTP address: scheme, host and
    /// perhaps a path. Nil when there is none: then they get content over gRPC.
    package var cdn: String?
    /// What is kept of the store on this machine; nil for nothing.
    package var cache: CacheConfiguration?
    /// Where gRPC of the node listens that keeps the accounts; nil on that node, and on one alone.
    package var accountsKeeper: HostPort?
    /// Where other nodes of the forge reach gRPC of this one; nil for a node that is alone.
    package var node: HostPort?
    /// Who may make an account without an administrator.
    package var signUp = SignUpPolicy.invite
    /// How it sends mail; nil for not at all.
    package var mail: MailWay?
    /// What callers may ask for.
    package var allowances = Allowances()
    /// Whose `X-Forwarded-For` is believed; nobody's when empty.
    package var trustedProxies: [AddressBlock] = []
    /// Where pictures of accounts are asked for by their mail address; nil for nowhere.
    package var gravatar: GravatarAddress? = .usual
    /// Where the forge may fetch from.
    package var outbound = OutboundPolicy()
    /// How much search takes in.
    package var search = SearchBounds()
    /// How long what is under way may take when the server is told to stop.
    package var stoppingSecondsMax = 30

    package init() {}

    var files: DataFiles { DataFiles(directory: dataDirectory) }

    /// Refuses what would send credentials over a network in the clear.
    func check() throws(ForgeError) {
        if encryption == .plaintext, !rpc.isLoopback {
            throw ForgeError(
                .invalidArgument, "gRPC without TLS is for loopback only, and \(rpc) is not",
                hint: "leave --grpc-plaintext out")
        }
        guard rpc.isAddress || rpc.host == "localhost" else {
            throw .invalid("gRPC listens on an address, and '\(rpc.host)' is a name")
        }
        for (name, address) in [("--accounts", accountsKeeper), ("--node", node)] {
            guard let address else { continue }
            guard address.port > 0, !address.isWildcard else {
                throw .invalid("\(name) wants an address that can be dialled, not \(address)")
            }
            guard encryption != .plaintext || address.isLoopback else {
                throw .invalid("\(name) \(address) is on another machine: gRPC needs TLS for that")
            }
        }
        guard mail == nil || accountsKeeper == nil else {
            throw ForgeError(
                .invalidArgument, "this node keeps no accounts, so there is nobody it writes to",
                hint: "give --mail to the node that keeps them")
        }
        try checkCDN()
        guard let publicURL else { return }
        guard publicURL.hasPrefix("http://") || publicURL.hasPrefix("https://"),
            !publicURL.hasSuffix("/"), publicURL.split(separator: "/").count == 2
        else {
            throw .invalid(
                "'\(publicURL)' is no public URL: it is like https://forge.example.org")
        }
    }
}

extension ForgeConfiguration {
    /// What is kept of the store, and where.
    package struct CacheConfiguration: Sendable, Hashable {
        /// For this process alone. Made if need be.
        package var directory: String
        /// What the directory may take; 0 to keep nothing there.
        package var diskBytesMax: Int
        /// What may be held in memory; 0 to hold nothing there.
        package var memoryBytesMax: Int

        package init(directory: String, diskBytesMax: Int, memoryBytesMax: Int) {
            self.directory = directory
            self.diskBytesMax = diskBytesMax
            self.memoryBytesMax = memoryBytesMax
        }
    }

    private func checkCDN() throws(ForgeError) {
        guard let cdn else { return }
        let isPlain = cdn.utf8.allSatisfy {
            $0 > 0x20 && $0 < 0x7F && !"?#\\\"@".utf8.contains($0)
        }
        let parts = cdn.split(separator: "/")
        guard cdn.hasPrefix("http://") || cdn.hasPrefix("https://"), isPlain, !cdn.hasSuffix("/"),
            parts.count >= 2
        else {
            throw .invalid("'\(cdn)' is no address of a cache: it is like https://cdn.example.org")
        }
        let host = String(parts[1].prefix { $0 != ":" })
        guard cdn.hasPrefix("https://") || HostPort(host: host, port: 0).isLoopback else {
            throw .invalid("'\(cdn)' is on another machine: clients fetch over https only there")
        }
    }
}

/// The names of what lies in the data directory.
package struct DataFiles: Sendable {
    package let directory: String

    package init(directory: String) {
        self.directory = directory
    }

    package var accounts: String { "\(directory)/accounts.sqlite" }
    /// The root of the object store.
    package var store: String { "\(directory)/store" }
    /// Where content of the store is kept that was read.
    package var cache: String { "\(directory)/cache" }
    /// Where the indexes are that search looks into.
    package var search: String { "\(directory)/search" }
    package var tls: String { "\(directory)/tls" }
    /// Where a running server says how to reach it; see `RunFile`.
    package var run: String { "\(directory)/run.json" }
    /// Held by the server of this directory; see `ServeLock`.
    var lock: String { "\(directory)/serve.lock" }
}
