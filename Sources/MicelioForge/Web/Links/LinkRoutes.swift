import HTTPTypes
import Hummingbird

/// The pages behind links that somebody follows once. Opening one changes nothing, because mail
/// programs and chats open links on their own.
struct LinkRoutes {
    let forge: Forge

    func add(to router: Router<WebContext>) {
        for address in ["/setup/:link", "/password/:link"] {
            router.get(RouterPath(address)) { _, context in
                let link = try context.parameters.require("link")
                return Response.page(Pages.link(try await forge.purpose(ofLink: link)))
            }
            router.post(RouterPath(address)) { request, context in
                let link = try context.parameters.require("link")
                return try await use(
                    link, form: request.formFields(), address: context.remoteAddress)
            }
        }
    }

    private func use(_ link: String, form: FormFields, address: String) async throws -> Response {
        let purpose = try await forge.purpose(ofLink: link)
        do {
            let user = try await forge.useLink(
                link, handle: form["handle"], password: form["password"],
                repeated: form["repeated"], address: address)
            return Response.page(
                Pages.message(
                    "Saved", "The password of \(user.handle) is set.",
                    hint: "Sign in from a terminal:",
                    command: "hif auth login \(forge.addresses.publicURL)"))
        } catch let error as ForgeError
            where error.code == .invalidArgument || error.code == .alreadyExists
        {
            return Response.page(
                Pages.link(purpose, handle: form["handle"], problem: error.message),
                status: error.code.httpStatus)
        }
    }
}
