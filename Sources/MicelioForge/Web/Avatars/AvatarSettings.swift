import HTTPTypes
import Hummingbird

/// Giving an account or an organisation a picture, and taking it away: with a form that sends a file, or
/// over the API with the bytes as they are.
enum AvatarSettings {
    static let all: [Route] = own + ofOrganisation

    /// The field of the form.
    static let field = "picture"

    private static let set = "Gives it a picture: cropped to its middle square and encoded anew"
    private static let remove = "Takes its picture away"

    private static let own: [Route] =
        [
            Route.account(.post, "/settings/picture", .page, "avatar.set", set) { call, grant in
                try await ProfileSettings.answering(call, grant) {
                    _ = try await call.forge.setAvatar(grant, try await call.file(field))
                }
            }
        ].taking(["multipart/form-data"]).costing(5)
        + [
            Route.account(.put, "/api/v1/me/avatar", .api, "avatar.set", set) { call, grant in
                let tag = try await call.forge.setAvatar(grant, try await call.picture())
                return .json(AvatarView(handle: grant.user.handle, tag: tag))
            }
        ].taking(PictureKind.mediaTypes).answering(AvatarView.shape).refusing(.unprocessable)
        .costing(5)
        + Route.ending(
            page: "/settings/picture/remove", api: "/api/v1/me/avatar", "avatar.remove", remove,
            back: "/settings"
        ) { call, grant in try await call.forge.removeAvatar(grant) }
        .refusing(.notFound)

    private static let page = "/organisations/{organisation}/picture"
    private static let api = "/api/v1/organisations/{organisation}/avatar"

    private static let ofOrganisation: [Route] =
        [
            Route.organisation(.post, page, .page, .owner, "organisations.set_avatar", set) {
                call, grant in
                try await OrganisationRoutes.changing(call, grant) {
                    _ = try await call.forge.setAvatar(grant, try await call.file(field))
                }
            }
        ].taking(["multipart/form-data"]).costing(5)
        + [
            Route.organisation(.put, api, .api, .owner, "organisations.set_avatar", set) {
                call, grant in
                let tag = try await call.forge.setAvatar(grant, try await call.picture())
                return .json(AvatarView(handle: grant.organisation.handle, tag: tag))
            }
        ].taking(PictureKind.mediaTypes).answering(AvatarView.shape).refusing(.unprocessable)
        .costing(5)
        + [
            Route.organisation(
                .post, "\(page)/remove", .page, .owner, "organisations.remove_avatar", remove
            ) { call, grant in
                try await OrganisationRoutes.changing(call, grant) {
                    try await call.forge.removeAvatar(grant)
                }
            },
            Route.organisation(.delete, api, .api, .owner, "organisations.remove_avatar", remove) {
                call, grant in
                try await call.forge.removeAvatar(grant)
                return .json(Route.Ended())
            },
        ].answering(Route.Ended.shape)
}

/// The answer to who gave an account a picture.
struct AvatarView: Encodable, Sendable {
    let address: String

    init(handle: Handle, tag: String) {
        address = "\(AvatarRoutes.address(handle.text, .large))?v=\(tag)"
    }

    static let shape = JSONShape.answer(
        "Avatar", [.init("address", .string, "Where this forge serves it")])
}

extension Call {
    /// The file that a form has in that field.
    fileprivate func file(_ field: String) async throws -> [UInt8] {
        let body = try await request.collected(
            upTo: Limits.pictureBytesMax + Limits.uploadHeadBytesMax + 256)
        let file = try UploadedFile(
            body, contentType: request.headers[.contentType] ?? "", field: field)
        guard !file.bytes.isEmpty else { throw ForgeError.invalid("choose a picture first") }
        return file.bytes
    }

    /// A body that is a picture.
    fileprivate func picture() async throws -> [UInt8] {
        let type = (request.headers[.contentType] ?? "").prefix { $0 != ";" && $0 != " " }
        guard PictureKind.mediaTypes.contains(type.lowercased()) else {
            throw ForgeError(
                .unsupportedMediaType,
                "this address takes \(PictureKind.mediaTypes.joined(separator: ", "))",
                hint: "say so in Content-Type")
        }
        return try await request.collected(upTo: Limits.pictureBytesMax)
    }
}
