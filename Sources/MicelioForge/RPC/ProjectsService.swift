import GRPCCore
import HifAPI
import SwiftProtobuf

/// The carrier of making and finding projects.
struct ProjectsService: Micelio_V1_Projects.SimpleServiceProtocol {
    let forge: Forge

    func create(
        request: Micelio_V1_CreateProjectRequest, context: ServerContext
    ) async throws -> Micelio_V1_Project {
        try await forge.createProject(
            ProjectPath(wire: request.name), description: request.description_p,
            isPublic: request.visibility == .public, as: .current
        ).wire
    }

    func list(
        request: Micelio_V1_ListProjectsRequest, context: ServerContext
    ) async throws -> Micelio_V1_ListProjectsReply {
        let owner = request.owner.isEmpty ? nil : try Handle(request.owner)
        let (page, next) = try await forge.projects(
            of: owner, limit: Int(request.limit), cursor: request.cursor, as: .current)
        return .with {
            $0.projects = page.map(\.wire)
            $0.nextCursor = next ?? ""
        }
    }

    func get(
        request: Micelio_V1_GetProjectRequest, context: ServerContext
    ) async throws -> Micelio_V1_Project {
        try await forge.project(ProjectPath(wire: request.name), as: .current).wire
    }
}

extension ProjectPath {
    init(wire: Micelio_V1_ProjectName) throws(ForgeError) {
        self.init(owner: try Handle(wire.owner), name: try ProjectName(wire.name))
    }

    var wire: Micelio_V1_ProjectName {
        .with {
            $0.owner = owner.text
            $0.name = name.text
        }
    }
}

extension ProjectView {
    var wire: Micelio_V1_Project {
        .with {
            $0.name = project.path.wire
            $0.description_p = project.description
            $0.visibility = project.isPublic ? .public : .private
            $0.createdMillis = project.createdMillis
            $0.projectID = project.storeProjectID
            $0.storeID = storeID
            $0.role = role.wire
        }
    }
}

extension Role {
    var wire: Micelio_V1_Role {
        switch self {
        case .read: .read
        case .write: .write
        case .owner: .owner
        }
    }
}
