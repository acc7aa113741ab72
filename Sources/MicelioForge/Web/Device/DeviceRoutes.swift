import HTTPTypes

/// The pages of the device flow. Two steps: the code finds the login that waits; the second page
/// shows what it is and asks for handle and password. Neither address approves anything by itself.
enum DeviceRoutes {
    static let all: [Route] = finding + deciding.costing(10)

    private static let finding: [Route] = [
        .free(.get, "/device", .page, "device.code", "Asks for the code that a device shows") {
            call in
            let code = UserCode(typed: call.query["user_code"])?.description ?? ""
            return .page { DevicePages.code($0, prefilled: code) }
        },
        .free(.post, "/device", .page, "device.show", "Shows the login that waits") { call in
            try await show(call, typed: call.form()["user_code"])
        },
    ]

    private static let deciding: [Route] = [
        .free(
            .post, "/device/decision", .page, "device.decide", "Approves or refuses a login"
        ) { call in
            try await decide(call, call.form())
        }
    ]

    private static func show(_ call: Call, typed: String) async throws -> Reply {
        do {
            let request = try await call.forge.pendingDevice(
                typed: typed, address: call.context.remoteAddress)
            let user = call.principal.user
            return .page { DevicePages.approval($0, request, handle: user?.handle.text ?? "") }
        } catch let error as ForgeError {
            let code = UserCode(typed: typed)?.description ?? ""
            return .page(
                { DevicePages.code($0, prefilled: code, problem: error.message) },
                error.code.httpStatus)
        }
    }

    private static func decide(_ call: Call, _ form: FormFields) async throws -> Reply {
        let code = form["user_code"]
        let address = call.context.remoteAddress
        switch form["decision"] {
        case "deny":
            try await call.forge.denyDevice(typed: code, address: address)
            return .page { $0.message("Refused", "The device was not signed in.") }
        case "approve":
            do {
                // The password is asked for although a browser may be signed in: a code that
                // somebody was talked into typing must cost them a second thought.
                let step = try await call.forge.approveDevice(
                    typed: code, handle: form["handle"], password: form["password"],
                    address: address)
                switch step {
                case .done(let user): return approved(user)
                case .needsCode(let ticket):
                    return .page { DevicePages.secondFactor($0, code, ticket: ticket.text) }
                }
            } catch let error as ForgeError where error.code == .loginFailed {
                // Same code, so the page can be shown again; the try was counted.
                guard let request = try await call.forge.waitingDevice(typed: code) else {
                    throw error
                }
                return .page(
                    {
                        DevicePages.approval(
                            $0, request, handle: form["handle"], problem: error.message)
                    },
                    error.code.httpStatus)
            }
        case "code":
            do {
                return approved(
                    try await call.forge.approveDevice(
                        typed: code, ticket: form["ticket"], code: form["code"], address: address))
            } catch let error as ForgeError where error.code == .loginFailed {
                return .page(
                    {
                        DevicePages.secondFactor(
                            $0, code, ticket: form["ticket"], problem: error.message)
                    }, error.code.httpStatus)
            }
        default:
            throw ForgeError.invalid("the form says neither approve nor deny")
        }
    }

    private static func approved(_ user: User) -> Reply {
        .page {
            $0.message(
                "Signed in", "The device now acts as \(user.handle). You can close this page.")
        }
    }
}
