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

/// The carrier of reading history.
struct LogService: Micelio_V1_Log.SimpleServiceProtocol {
    let forge: Forge

    private func open(_ name: Micelio_V1_ProjectName) async throws -> OpenProject<Reading> {
        try await forge.open(ProjectPath(wire: name), for: Reading.self, as: .current)
    }

    func tip(
        request: Micelio_V1_TipRequest, context: ServerContext
    ) async throws -> Micelio_V1_TipReply {
        let project = try await open(request.project)
        return try await project.tip().wire(
            storeID: project.storeID, projectID: project.grant.project.storeProjectID)
    }

    func hasSlot(
        request: Micelio_V1_HasSlotRequest, context: ServerContext
    ) async throws -> Micelio_V1_HasSlotReply {
        let project = try await open(request.project)
        let hash = try Hash(wire: request.slotHash, "slot hash")
        let has = try await project.hasSlot(request.epoch, hash: hash)
        return .with { $0.has = has }
    }

    func landings(
        request: Micelio_V1_LandingsRequest, context: ServerContext
    ) async throws -> Micelio_V1_LandingsReply {
        let project = try await open(request.project)
        let asked = request.limit == 0 ? WireLimits.landingsPerPage : Int(request.limit)
        var query = LandingQuery(
            from: request.from == 0 ? nil : request.from,
            path: request.path.isEmpty ? nil : try RepoPath(wire: request.path),
            author: request.author.isEmpty ? nil : request.author,
            limit: min(asked, WireLimits.landingsPerPage))
        query.downTo = max(1, request.downTo)
        let page = try await project.landings(query)
        // What does not fit into a message is the beginning of the next page.
        let messages = page.entries.map { $0.landing.wire(at: $0.position) }
        let fitting =
            try framed(messages) { (try $0.serializedBytes() as [UInt8]).count }.first ?? []
        return .with {
            $0.landings = Array(fitting)
            $0.next =
                fitting.count < messages.count
                ? messages[fitting.count].position : page.next ?? 0
        }
    }

    func detail(
        request: Micelio_V1_DetailRequest, response: RPCWriter<Micelio_V1_DetailReply>,
        context: ServerContext
    ) async throws {
        let detail = try await open(request.project).detail(at: request.position)
        _ = try await write(detail, to: response)
    }

    func details(
        request: Micelio_V1_DetailsRequest, response: RPCWriter<Micelio_V1_DetailReply>,
        context: ServerContext
    ) async throws {
        let project = try await open(request.project)
        let limit = request.limit == 0 ? WireLimits.detailsPerRequest : Int(request.limit)
        var left = min(limit, WireLimits.detailsPerRequest)
        var bytesLeft = WireLimits.detailBytesPerRequest
        var next = max(1, request.from)
        while left > 0, bytesLeft > 0 {
            let asked = min(left, Limits.detailsAtOnce)
            let page = try await project.details(from: next, limit: asked)
            for detail in page where bytesLeft > 0 {
                bytesLeft -= try await write(detail, to: response)
            }
            guard page.count == asked else { return }
            next += UInt64(page.count)
            left -= page.count
        }
    }

    /// Sends a landing whole; returns about how many bytes that were.
    private func write(
        _ detail: LandingDetail, to response: RPCWriter<Micelio_V1_DetailReply>
    ) async throws -> Int {
        try await response.write(.with { $0.landing = detail.landing.wire(at: detail.position) })
        var byteCount = 1_000
        for frame in framed(detail.operations, bytes: { $0.operation.wireBytes + 20 }) {
            try await response.write(.with { $0.operations = frame.map(\.wire) })
            byteCount += frame.reduce(0) { $0 + $1.operation.wireBytes + 20 }
        }
        guard let document = detail.document?.encode() else { return byteCount }
        for start in stride(from: 0, to: document.count, by: WireLimits.frameBytes) {
            let end = min(start + WireLimits.frameBytes, document.count)
            try await response.write(.with { $0.document = Data(document[start..<end]) })
        }
        return byteCount + document.count
    }

    func operations(
        request: Micelio_V1_OperationsRequest, response: RPCWriter<Micelio_V1_OperationsReply>,
        context: ServerContext
    ) async throws {
        let max = WireLimits.operationsPerRead
        let operations = try await open(request.project).operations(
            from: request.first, through: request.last,
            operationsMax: request.operationsMax == 0 ? max : min(Int(request.operationsMax), max))
        guard let operations else {
            try await response.write(.with { $0.isTooMany = true })
            return
        }
        for frame in framed(operations, bytes: { $0.wireBytes }) {
            try await response.write(.with { $0.operations = frame.map(\.wire) })
        }
    }

    func tags(
        request: Micelio_V1_TagsRequest, response: RPCWriter<Micelio_V1_TagsReply>,
        context: ServerContext
    ) async throws {
        let tags = try await open(request.project).tags().sorted { $0.key < $1.key }
        for frame in framed(tags, bytes: { $0.key.utf8.count + 20 }) {
            try await response.write(
                .with { reply in for (name, position) in frame { reply.tags[name] = position } })
        }
    }
}
