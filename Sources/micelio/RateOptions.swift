import ArgumentParser
import MicelioForge

/// What callers of a forge may ask for, and whose word counts on where they come from.
struct RateOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "What a network (/24, /64) may ask for that is not signed in, or off.",
            valueName: "units/seconds"))
    var rateAnonymous = "\(Allowance.anonymous)"

    @Option(
        help: ArgumentHelp(
            "What a token may ask for, or off.",
            valueName: "units/seconds"))
    var rateSignedIn = "\(Allowance.signedIn)"

    @Option(
        help: ArgumentHelp(
            "A proxy whose X-Forwarded-For is believed; again for another. Nobody's else.",
            valueName: "address or block"))
    var trustedProxy: [String] = []

    var allowances: Allowances {
        get throws {
            Allowances(
                anonymous: try RateOptions.allowance(rateAnonymous),
                signedIn: try RateOptions.allowance(rateSignedIn))
        }
    }

    private static func allowance(_ text: String) throws -> Allowance? {
        text == "off" ? nil : try Allowance(text)
    }
}
