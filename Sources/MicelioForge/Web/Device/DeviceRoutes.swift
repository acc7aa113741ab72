import HTTPTypes
import Hummingbird

/// The pages of the device flow. Two steps: the code finds the login that waits; the second page
/// shows what it is and asks for handle and password. Neither address approves anything by itself.
struct DeviceRoutes {
    let forge: Forge

    func add(to router: Router<WebContext>) {
        router.get("/device") { request, _ in
            let typed = request.uri.queryParameters["user_code"].map { String($0) } ?? ""
            let code = UserCode(typed: typed).map(\.description) ?? ""
            return Response.page(Pages.deviceCode(prefilled: code))
        }
        router.post("/device") { request, context in
            try await showRequest(
                request.formFields()["user_code"], address: context.remoteAddress)
        }
        router.post("/device/decision") { request, context in
            try await decide(request.formFields(), address: context.remoteAddress)
        }
    }

    private func showRequest(_ typed: String, address: String) async throws -> Response {
        do {
            let request = try await forge.pendingDevice(typed: typed, address: address)
            return Response.page(Pages.deviceApproval(request, now: forge.now()))
        } catch let error as ForgeError {
            return Response.page(
                Pages.deviceCode(
                    prefilled: UserCode(typed: typed).map(\.description) ?? "",
                    problem: error.message),
                status: error.code.httpStatus)
        }
    }

    private func decide(_ form: FormFields, address: String) async throws -> Response {
        let code = form["user_code"]
        switch form["decision"] {
        case "deny":
            try await forge.denyDevice(typed: code, address: address)
            return Response.page(
                Pages.message("Refused", "The device was not signed in."))
        case "approve":
            do {
                let user = try await forge.approveDevice(
                    typed: code, handle: form["handle"], password: form["password"],
                    address: address)
                return Response.page(
                    Pages.message(
                        "Signed in",
                        "The device now acts as \(user.handle). You can close this page."))
            } catch let error as ForgeError where error.code == .loginFailed {
                // Same code, so the page can be shown again; the try was counted.
                guard let typed = UserCode(typed: code),
                    let request = try await forge.accounts.pendingDevice(typed, now: forge.now())
                else { throw error }
                return Response.page(
                    Pages.deviceApproval(
                        request, now: forge.now(), handle: form["handle"], problem: error.message),
                    status: error.code.httpStatus)
            }
        default:
            throw ForgeError.invalid("the form says neither approve nor deny")
        }
    }
}
