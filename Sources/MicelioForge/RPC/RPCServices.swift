import GRPCCore

/// The services that a forge offers.
enum RPCServices {
    /// - Parameter relay: the way to the node that keeps the accounts; nil on that node.
    static func all(_ forge: Forge, relay: Relay?) -> [any RegistrableRPCService] {
        let accounts: [any RegistrableRPCService] =
            if let relay {
                [AuthRelay(relay: relay), ProjectsRelay(relay: relay)]
            } else {
                [AuthService(forge: forge), ProjectsService(forge: forge)]
            }
        return accounts + [
            LogService(forge: forge), ContentService(forge: forge), SessionsService(forge: forge),
            LandingsService(forge: forge), NodesService(forge: forge),
        ]
    }
}
