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

/// The carrier of reading content.
struct ContentService: Micelio_V1_Content.SimpleServiceProtocol {
    let forge: Forge

    private func open(_ name: Micelio_V1_ProjectName) async throws -> OpenProject<Reading> {
        try await forge.open(ProjectPath(wire: name), for: Reading.self, as: .current)
    }

    func tree(
        request: Micelio_V1_TreeRequest, context: ServerContext
    ) async throws -> Micelio_V1_TreeReply {
        let tree = try await open(request.project).tree(at: request.position)
        return .with { $0.root = tree.root.wire }
    }

    func nodes(
        request: Micelio_V1_NodesRequest, response: RPCWriter<Micelio_V1_NodesReply>,
        context: ServerContext
    ) async throws {
        let hashes = try ContentService.hashes(request.hashes)
        let nodes = try await open(request.project).nodes(hashes, at: request.position)
        for frame in framed(nodes, bytes: { $0.bytes.count }) {
            try await response.write(.with { $0.nodes = frame.map { Data($0.bytes) } })
        }
    }

    func blobs(
        request: Micelio_V1_BlobsRequest, response: RPCWriter<Micelio_V1_BlobsReply>,
        context: ServerContext
    ) async throws {
        let hashes = try ContentService.hashes(request.hashes)
        let project = try await open(request.project)
        if request.takesPlaces, forge.packs.base != nil {
            return try await places(of: hashes, request, project, response)
        }
        var frame = Micelio_V1_BlobsReply()
        var size = 0
        try await project.blobs(hashes, at: request.position) { piece in
            var start = 0
            repeat {
                let end = min(start + WireLimits.frameBytes, piece.bytes.count)
                if size + end - start > WireLimits.frameBytes, !frame.pieces.isEmpty {
                    try await response.write(frame)
                    frame = Micelio_V1_BlobsReply()
                    size = 0
                }
                frame.pieces.append(
                    .with {
                        $0.hash = piece.id.wire
                        $0.data = Data(piece.bytes[start..<end])
                        $0.isLast = piece.isLast && end == piece.bytes.count
                    })
                // What a piece costs beside its data: small files come by the thousand.
                size += end - start + 48
                start = end
            } while start < piece.bytes.count
        }
        if !frame.pieces.isEmpty { try await response.write(frame) }
    }

    /// Says where blobs are to be fetched.
    private func places(
        of hashes: [Hash], _ request: Micelio_V1_BlobsRequest, _ project: OpenProject<Reading>,
        _ response: RPCWriter<Micelio_V1_BlobsReply>
    ) async throws {
        let places = try await project.places(of: hashes, at: request.position)
        let now = forge.now()
        var packCount: UInt32 = 0
        var last: Hash?
        // A place takes some 50 bytes, and up to 300 more with the pack's address.
        for part in framed(places, bytes: { _ in 350 }) {
            var frame = Micelio_V1_BlobsReply()
            for place in part {
                let pack = place.location.pack
                // They come pack by pack.
                if pack != last {
                    last = pack
                    packCount += 1
                    frame.packs.append(
                        .with {
                            $0.hash = pack.wire
                            $0.url = forge.packs.address(of: pack, project.grant, now: now) ?? ""
                        })
                }
                frame.places.append(
                    Micelio_V1_BlobPlace(place.id, place.location, pack: packCount - 1))
            }
            try await response.write(frame)
        }
    }

    func lack(
        request: Micelio_V1_LackRequest, context: ServerContext
    ) async throws -> Micelio_V1_LackReply {
        let hashes = try ContentService.hashes(request.hashes)
        let lacking = try await open(request.project).lacking(hashes)
        return .with { $0.lacking = lacking.map(\.wire) }
    }

    private static func hashes(_ messages: [Data]) throws(WireError) -> [Hash] {
        var hashes: [Hash] = []
        hashes.reserveCapacity(messages.count)
        for message in messages { hashes.append(try Hash(wire: message, "hash")) }
        return hashes
    }
}
