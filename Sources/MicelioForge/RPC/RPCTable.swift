/// Every RPC of the forge: what it asks of its caller, and what it takes of their allowance. What is not
/// here is not answered; the test that tries every kind of caller on every RPC goes by it.
enum RPCTable {
    enum Need: Hashable, Sendable {
        /// What it takes is the credential itself.
        case nothing
        /// A token, whatever it may be used for.
        case token
        /// To make projects under the caller's own name.
        case creating
        /// To know of the project, with a token for any use of it.
        case knowing
        /// To be a node of this forge, which its proof says; no credential counts.
        case node
        /// A role in the project, and a token that may be used for it.
        case project(Role, ScopeSet.Verb)
    }

    struct Row: Hashable, Sendable {
        let need: Need
        let cost: Int

        init(_ need: Need, cost: Int = 1) {
            self.need = need
            self.cost = cost
        }
    }

    static let rows: [String: Row] = [
        "micelio.v1.Auth/StartDevice": Row(.nothing),
        "micelio.v1.Auth/PollDevice": Row(.nothing),
        "micelio.v1.Auth/Refresh": Row(.nothing),
        "micelio.v1.Auth/Revoke": Row(.nothing),
        "micelio.v1.Auth/WhoAmI": Row(.token),

        "micelio.v1.Projects/Create": Row(.creating, cost: 5),
        "micelio.v1.Projects/List": Row(.nothing),
        "micelio.v1.Projects/Get": Row(.project(.read, .read)),

        "micelio.v1.Log/Tip": Row(.project(.read, .read)),
        "micelio.v1.Log/HasSlot": Row(.project(.read, .read)),
        "micelio.v1.Log/Landings": Row(.project(.read, .read)),
        "micelio.v1.Log/Detail": Row(.project(.read, .read)),
        "micelio.v1.Log/Details": Row(.project(.read, .read), cost: 10),
        "micelio.v1.Log/Operations": Row(.project(.read, .read), cost: 5),
        "micelio.v1.Log/Tags": Row(.project(.read, .read)),

        "micelio.v1.Content/Tree": Row(.project(.read, .read)),
        "micelio.v1.Content/Nodes": Row(.project(.read, .read)),
        "micelio.v1.Content/Blobs": Row(.project(.read, .read), cost: 5),
        "micelio.v1.Content/Lack": Row(.project(.read, .read)),

        "micelio.v1.Sessions/AppendEvent": Row(.project(.write, .write)),
        "micelio.v1.Sessions/Events": Row(.project(.read, .read)),
        "micelio.v1.Sessions/ListOpen": Row(.project(.read, .read)),
        "micelio.v1.Sessions/Closing": Row(.project(.read, .read)),

        "micelio.v1.Landings/UploadPack": Row(.project(.write, .write), cost: 5),
        "micelio.v1.Landings/Land": Row(.project(.write, .write), cost: 5),
        "micelio.v1.Landings/Submit": Row(.project(.write, .write), cost: 5),

        // Of other nodes, in the name of a client who has paid there already.
        "micelio.v1.Nodes/Identify": Row(.token, cost: 0),
        "micelio.v1.Nodes/FindProject": Row(.knowing, cost: 0),
        "micelio.v1.Nodes/Forward": Row(.node, cost: 0),
    ]
}
