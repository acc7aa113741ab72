import GRPCCore
import HifAPI
import HifCore
import HifRepository
import SwiftProtobuf

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// The carrier of open sessions.
struct SessionsService: Micelio_V1_Sessions.SimpleServiceProtocol {
    let forge: Forge

    private func open(_ name: Micelio_V1_ProjectName) async throws -> OpenProject<Reading> {
        try await forge.open(ProjectPath(wire: name), for: Reading.self, as: .current)
    }

    func appendEvent(
        request: Micelio_V1_AppendEventRequest, context: ServerContext
    ) async throws -> Micelio_V1_AppendEventReply {
        let project = try await forge.open(
            ProjectPath(wire: request.project), for: Writing.self, as: .current)
        let session = try SessionID(wire: request.sessionID)
        let event: SessionEvent
        do {
            event = try SessionEvent(decoding: Array(request.event))
        } catch {
            throw WireError(error.description)
        }
        let number = try await project.append(event, to: session, from: request.known)
        return .with { $0.number = number }
    }

    func events(
        request: Micelio_V1_EventsRequest, response: RPCWriter<Micelio_V1_EventsReply>,
        context: ServerContext
    ) async throws {
        let project = try await open(request.project)
        var frame = Micelio_V1_EventsReply()
        var size = 0
        try await project.events(of: SessionID(wire: request.sessionID), from: request.from) {
            event in
            let bytes = event.encode()
            if size + bytes.count > WireLimits.frameBytes, !frame.events.isEmpty {
                try await response.write(frame)
                frame = Micelio_V1_EventsReply()
                size = 0
            }
            frame.events.append(Data(bytes))
            size += bytes.count
        }
        if !frame.events.isEmpty { try await response.write(frame) }
    }

    func listOpen(
        request: Micelio_V1_ListOpenRequest, context: ServerContext
    ) async throws -> Micelio_V1_ListOpenReply {
        let sessions = try await open(request.project).openSessions(limit: Int(request.limit))
        return .with { $0.sessionIds = sessions.map(\.hash.wire) }
    }

    func closing(
        request: Micelio_V1_ClosingRequest, context: ServerContext
    ) async throws -> Micelio_V1_ClosingReply {
        Micelio_V1_ClosingReply(
            try await open(request.project).closing(
                of: SessionID(wire: request.sessionID), createdAt: request.createdPosition))
    }
}
