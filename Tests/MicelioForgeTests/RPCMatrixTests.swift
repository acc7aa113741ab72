import Foundation
import GRPCCore
import GRPCNIOTransportHTTP2Posix
import GRPCProtobuf
import HifAPI
import HifCore
import SwiftProtobuf
import Testing

@testable import MicelioForge

/// Every RPC with every kind of credential, on a public and a private project. What is expected follows
/// from the RPC's row in `RPCTable` and from nothing else; an RPC without a row, or without a call here,
/// fails.
@Suite struct RPCMatrixTests {
    typealias Client = GRPCClient<HTTP2ClientTransport.Posix>

    enum Credential: String, CaseIterable {
        case none, garbage, expired, doubled
        case strangerToken, readerToken, writerToken, ownerToken
        /// Of the owner, but good for less.
        case emptyScope, readScope, otherScope
        case ownerBasic
        /// As a cookie, which counts on pages only.
        case ownerCookie

        func role(_ isPublic: Bool) -> Role? {
            switch self {
            case .ownerToken, .ownerBasic, .emptyScope, .readScope, .otherScope: .owner
            case .writerToken: .write
            case .readerToken: .read
            default: isPublic ? .read : nil
            }
        }

        var isRefused: Bool { [.garbage, .expired, .doubled].contains(self) }
        var isSignedIn: Bool { ![.none, .ownerCookie].contains(self) && !isRefused }
        var isOwner: Bool { role(false) == .owner }

        func allows(_ verb: ScopeSet.Verb) -> Bool {
            switch self {
            case .emptyScope, .otherScope: false
            case .readScope, .none, .ownerCookie: verb == .read
            default: true
            }
        }
    }

    /// The status that a caller gets; nil for one who is let in, whatever becomes of the call.
    private static func expected(
        _ need: RPCTable.Need, _ credential: Credential, isPublic: Bool
    ) -> RPCError.Code? {
        // None of them has a node's proof.
        if need == .node { return .permissionDenied }
        if credential.isRefused {
            return credential == .doubled ? .invalidArgument : .unauthenticated
        }
        switch need {
        case .nothing, .node: return nil
        case .token: return credential.isSignedIn ? nil : .unauthenticated
        case .creating:
            guard credential.isSignedIn else { return .unauthenticated }
            return credential.isOwner && credential.allows(.manage) ? nil : .permissionDenied
        case .knowing:
            let mayUse = ScopeSet.Verb.allCases.contains { credential.allows($0) }
            return credential.role(isPublic) != nil && mayUse ? nil : .notFound
        case .project(let role, let scope):
            guard let own = credential.role(isPublic),
                credential.allows(.read) || credential.allows(scope)
            else { return .notFound }
            guard own >= role else {
                return credential.isSignedIn ? .permissionDenied : .unauthenticated
            }
            return credential.allows(scope) ? nil : .permissionDenied
        }
    }

    @Test func `every RPC asks of every caller what its row says`() async throws {
        // It asks for more than one network may, on a machine that is quick enough.
        try await TestServer.with({ $0.allowances = .none }) { server in
            let forge = server.forge
            var tokens: [String: String] = [:]
            for handle in ["ana", "writer", "reader", "stranger"] {
                tokens[handle] = try await server.token(handle)
            }
            let owner = try Handle("ana")
            func personal(_ scopes: ScopeSet, expires: Int64? = nil) async throws -> String {
                try await forge.accounts.createPersonalToken(
                    for: owner, label: "", scopes: scopes, expires: expires, now: forge.now()
                ).text
            }
            let empty = try await personal(.none)
            let reading = try await personal(ScopeSet(parsing: "read:*"))
            let other = try await personal(ScopeSet(parsing: "read:ana/else write:ana/else"))
            let expired = try await personal(.everything, expires: 1)
            let user = try #require(try await forge.accounts.user(owner))
            let cookie = try await forge.accounts.beginBrowser(
                user, replacing: nil, browser: "", address: "", now: forge.now())
            for project in ["open", "closed"] {
                let record = try await server.makeProject(
                    "ana/\(project)", isPublic: project == "open")
                try await forge.accounts.setMember(Handle("writer"), of: record, role: .write)
                try await forge.accounts.setMember(Handle("reader"), of: record, role: .read)
                try await server.land(
                    "ana/\(project)", token: tokens["ana"] ?? "", goal: "Begin", [("a.md", "x\n")])
            }

            func metadata(_ credential: Credential) -> Metadata {
                func bearer(_ token: String?) -> Metadata {
                    ["authorization": "Bearer \(token ?? "")"]
                }
                switch credential {
                case .none: return [:]
                case .garbage: return bearer("mic_pat_nothing")
                case .expired: return bearer(expired)
                case .doubled:
                    var two = bearer(tokens["ana"])
                    two.addString("Bearer \(tokens["ana"] ?? "")", forKey: "authorization")
                    return two
                case .strangerToken: return bearer(tokens["stranger"])
                case .readerToken: return bearer(tokens["reader"])
                case .writerToken: return bearer(tokens["writer"])
                case .ownerToken: return bearer(tokens["ana"])
                case .emptyScope: return bearer(empty)
                case .readScope: return bearer(reading)
                case .otherScope: return bearer(other)
                case .ownerBasic:
                    let pair = Base64.encode(Array("x:\(tokens["ana"] ?? "")".utf8))
                    return ["authorization": "Basic \(pair)"]
                case .ownerCookie: return ["cookie": "micelio=\(cookie.text)"]
                }
            }

            let carried = Dictionary(
                uniqueKeysWithValues: Credential.allCases.map { ($0, metadata($0)) })
            try await server.rpc { client in
                var count = 0
                for (name, row) in RPCTable.rows.sorted(by: { $0.key < $1.key }) {
                    let call = try #require(RPCMatrixTests.calls[name], "no call of \(name)")
                    for project in ["open", "closed"] {
                        for credential in Credential.allCases {
                            let wanted = RPCMatrixTests.expected(
                                row.need, credential, isPublic: project == "open")
                            let code = await RPCMatrixTests.code {
                                try await call(
                                    client, carried[credential] ?? [:],
                                    .with {
                                        $0.owner = "ana"
                                        $0.name = project
                                    })
                            }
                            count += 1
                            let isRight =
                                if let wanted { code == wanted } else {
                                    ![.unauthenticated, .permissionDenied, .notFound].contains(code)
                                }
                            #expect(
                                isRight,
                                "\(name) of \(project) with \(credential): \(code as Any), not \(wanted as Any)"
                            )
                        }
                    }
                }
                #expect(count > 600, "only \(count) combinations were tried")
            }
        }
    }

    @Test func `every RPC that is answered has a row, and every row is of one`() async throws {
        let test = try await TestForge()
        var router = RPCRouter<HTTP2ServerTransport.Posix>()
        for service in RPCServices.all(test.forge, relay: nil) {
            service.registerMethods(with: &router)
        }
        let answered = Set(router.methods.map(\.fullyQualifiedMethod))
        #expect(answered == Set(RPCTable.rows.keys))
        #expect(answered == Set(RPCMatrixTests.calls.keys))
    }

    /// The status of a call; nil for one that succeeds.
    private static func code(_ call: () async throws -> Void) async -> RPCError.Code? {
        do {
            try await call()
            return nil
        } catch let error as RPCError {
            return error.code
        } catch {
            Issue.record("\(error)")
            return .unknown
        }
    }

    private typealias Call =
        @Sendable (Client, Metadata, Micelio_V1_ProjectName) async throws
        -> Void

    /// A call of each RPC that needs nothing but leave: what is let in succeeds, or fails for what is
    /// missing in it on purpose.
    private static let calls: [String: Call] = [
        "micelio.v1.Auth/StartDevice": { client, metadata, _ in
            _ = try await Micelio_V1_Auth.Client(wrapping: client).startDevice(
                .init(), metadata: metadata)
        },
        "micelio.v1.Auth/PollDevice": { client, metadata, _ in
            // What it takes is the credential; one that nobody has is refused for itself.
            let start = try await Micelio_V1_Auth.Client(wrapping: client).startDevice(
                .init(), metadata: metadata)
            _ = try await Micelio_V1_Auth.Client(wrapping: client).pollDevice(
                .with { $0.deviceCode = start.deviceCode }, metadata: metadata)
        },
        "micelio.v1.Auth/Refresh": { client, metadata, _ in
            do {
                _ = try await Micelio_V1_Auth.Client(wrapping: client).refresh(
                    .with { $0.refreshToken = TokenText(.refresh).text }, metadata: metadata)
            } catch let error as RPCError {
                let reason = try error.unpackGoogleRPCStatus()?.details.lazy
                    .compactMap(\.errorInfo).first?.reason
                // Refused for the token in the message, which no forge knows.
                if reason != "token_unknown" { throw error }
            }
        },
        "micelio.v1.Auth/Revoke": { client, metadata, _ in
            _ = try await Micelio_V1_Auth.Client(wrapping: client).revoke(
                .with { $0.token = TokenText(.refresh).text }, metadata: metadata)
        },
        "micelio.v1.Auth/WhoAmI": { client, metadata, _ in
            _ = try await Micelio_V1_Auth.Client(wrapping: client).whoAmI(
                .init(), metadata: metadata)
        },
        "micelio.v1.Projects/Create": { client, metadata, name in
            _ = try await Micelio_V1_Projects.Client(wrapping: client).create(
                .with { $0.name = name }, metadata: metadata)
        },
        "micelio.v1.Projects/List": { client, metadata, _ in
            _ = try await Micelio_V1_Projects.Client(wrapping: client).list(
                .init(), metadata: metadata)
        },
        "micelio.v1.Projects/Get": { client, metadata, name in
            _ = try await Micelio_V1_Projects.Client(wrapping: client).get(
                .with { $0.name = name }, metadata: metadata)
        },
        "micelio.v1.Log/Tip": { client, metadata, name in
            _ = try await Micelio_V1_Log.Client(wrapping: client).tip(
                .with { $0.project = name }, metadata: metadata)
        },
        "micelio.v1.Log/HasSlot": { client, metadata, name in
            _ = try await Micelio_V1_Log.Client(wrapping: client).hasSlot(
                .with {
                    $0.project = name
                    $0.slotHash = Hash.zero.wire
                }, metadata: metadata)
        },
        "micelio.v1.Log/Landings": { client, metadata, name in
            _ = try await Micelio_V1_Log.Client(wrapping: client).landings(
                .with { $0.project = name }, metadata: metadata)
        },
        "micelio.v1.Log/Detail": { client, metadata, name in
            try await Micelio_V1_Log.Client(wrapping: client).detail(
                .with {
                    $0.project = name
                    $0.position = 1
                }, metadata: metadata
            ) { for try await _ in $0.messages {} }
        },
        "micelio.v1.Log/Details": { client, metadata, name in
            try await Micelio_V1_Log.Client(wrapping: client).details(
                .with { $0.project = name }, metadata: metadata
            ) { for try await _ in $0.messages {} }
        },
        "micelio.v1.Log/Operations": { client, metadata, name in
            try await Micelio_V1_Log.Client(wrapping: client).operations(
                .with {
                    $0.project = name
                    $0.first = 1
                    $0.last = 1
                }, metadata: metadata
            ) { for try await _ in $0.messages {} }
        },
        "micelio.v1.Log/Tags": { client, metadata, name in
            try await Micelio_V1_Log.Client(wrapping: client).tags(
                .with { $0.project = name }, metadata: metadata
            ) { for try await _ in $0.messages {} }
        },
        "micelio.v1.Content/Tree": { client, metadata, name in
            _ = try await Micelio_V1_Content.Client(wrapping: client).tree(
                .with { $0.project = name }, metadata: metadata)
        },
        "micelio.v1.Content/Nodes": { client, metadata, name in
            try await Micelio_V1_Content.Client(wrapping: client).nodes(
                .with { $0.project = name }, metadata: metadata
            ) { for try await _ in $0.messages {} }
        },
        "micelio.v1.Content/Blobs": { client, metadata, name in
            try await Micelio_V1_Content.Client(wrapping: client).blobs(
                .with { $0.project = name }, metadata: metadata
            ) { for try await _ in $0.messages {} }
        },
        "micelio.v1.Content/Lack": { client, metadata, name in
            _ = try await Micelio_V1_Content.Client(wrapping: client).lack(
                .with { $0.project = name }, metadata: metadata)
        },
        "micelio.v1.Sessions/AppendEvent": { client, metadata, name in
            // No event: refused for that, once the caller is let in.
            _ = try await Micelio_V1_Sessions.Client(wrapping: client).appendEvent(
                .with {
                    $0.project = name
                    $0.sessionID = Hash.zero.wire
                }, metadata: metadata)
        },
        "micelio.v1.Sessions/Events": { client, metadata, name in
            try await Micelio_V1_Sessions.Client(wrapping: client).events(
                .with {
                    $0.project = name
                    $0.sessionID = Hash.zero.wire
                }, metadata: metadata
            ) { for try await _ in $0.messages {} }
        },
        "micelio.v1.Sessions/ListOpen": { client, metadata, name in
            _ = try await Micelio_V1_Sessions.Client(wrapping: client).listOpen(
                .with { $0.project = name }, metadata: metadata)
        },
        "micelio.v1.Sessions/Closing": { client, metadata, name in
            _ = try await Micelio_V1_Sessions.Client(wrapping: client).closing(
                .with {
                    $0.project = name
                    $0.sessionID = Hash.zero.wire
                }, metadata: metadata)
        },
        "micelio.v1.Landings/UploadPack": { client, metadata, name in
            _ = try await Micelio_V1_Landings.Client(wrapping: client).uploadPack(
                metadata: metadata
            ) { writer in
                try await writer.write(
                    .with {
                        $0.header = .with {
                            $0.project = name
                            $0.pack = Hash.zero.wire
                        }
                    })
            }
        },
        "micelio.v1.Landings/Land": { client, metadata, name in
            // Prepared for another store.
            _ = try await Micelio_V1_Landings.Client(wrapping: client).land(metadata: metadata) {
                writer in
                try await writer.write(
                    .with {
                        $0.header = .with {
                            $0.project = name
                            $0.storeID = "other"
                        }
                    })
            }
        },
        "micelio.v1.Landings/Submit": { client, metadata, name in
            _ = try await Micelio_V1_Landings.Client(wrapping: client).submit(metadata: metadata) {
                writer in
                try await writer.write(
                    .with {
                        $0.header = .with {
                            $0.project = name
                            $0.storeID = "other"
                        }
                    })
            }
        },
        "micelio.v1.Nodes/Identify": { client, metadata, _ in
            _ = try await Micelio_V1_Nodes.Client(wrapping: client).identify(
                .init(), metadata: metadata)
        },
        "micelio.v1.Nodes/FindProject": { client, metadata, name in
            _ = try await Micelio_V1_Nodes.Client(wrapping: client).findProject(
                .with { $0.name = name }, metadata: metadata)
        },
        "micelio.v1.Nodes/Forward": { client, metadata, _ in
            try await Micelio_V1_Nodes.Client(wrapping: client).forward(metadata: metadata) {
                writer in
                try await writer.write(
                    .with {
                        $0.header = .with {
                            $0.projectID = String(repeating: "0", count: 32)
                            $0.storeID = "other"
                        }
                    })
            } onResponse: {
                for try await _ in $0.messages {}
            }
        },
    ]
}
