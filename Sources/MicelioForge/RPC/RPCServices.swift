import GRPCCore

/// The services that a forge offers. What needs projects' content is offered only by a forge that
/// keeps projects.
enum RPCServices {
    static func all(_ forge: Forge) -> [any RegistrableRPCService] {
        var services: [any RegistrableRPCService] = [AuthService(forge: forge)]
        if forge.repositories != nil {
            services.append(ProjectsService(forge: forge))
        }
        return services
    }
}
