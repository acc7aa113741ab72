import GRPCCore

/// The services that a forge offers.
enum RPCServices {
    static func all(_ forge: Forge) -> [any RegistrableRPCService] {
        [
            AuthService(forge: forge), ProjectsService(forge: forge), LogService(forge: forge),
            ContentService(forge: forge), SessionsService(forge: forge),
            LandingsService(forge: forge),
        ]
    }
}
