/// How much one caller may ask for: so many units at once, which come back evenly over so many seconds.
///
/// A unit is what reading one thing costs; what takes the forge longer costs more (`Route.cost`,
/// `RPCTable`).
package struct Allowance: Hashable, Sendable, CustomStringConvertible {
    package let units: Int
    package let seconds: Int

    static let unitsMax = 10_000_000
    static let secondsMax = 86_400

    package init(units: Int, seconds: Int) throws(ForgeError) {
        // At least a microsecond for a unit, in which moments are counted.
        guard (1...Allowance.unitsMax).contains(units),
            (1...Allowance.secondsMax).contains(seconds), units <= seconds * 1_000_000
        else {
            throw .invalid(
                "an allowance of \(units) units in \(seconds) s cannot be: it has up to 1,000,000 a second, over at most a day"
            )
        }
        self.units = units
        self.seconds = seconds
    }

    /// `3000/60`: units, and the seconds in which they come back.
    package init(_ text: String) throws(ForgeError) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let units = Int(parts[0]), let seconds = Int(parts[1]) else {
            throw .invalid("'\(text)' is no allowance: it is units/seconds, like 3000/60, or off")
        }
        try self.init(units: units, seconds: seconds)
    }

    private init(known units: Int, _ seconds: Int) {
        self.units = units
        self.seconds = seconds
    }

    package var description: String { "\(units)/\(seconds)" }

    /// Of a network of which nobody is signed in.
    package static let anonymous = Allowance(known: 3_000, 60)
    /// Of a token, and of an account in browsers. With `hif`, a session from start to landing takes some
    /// 15 units, so nobody gets here who does not mean to.
    package static let signedIn = Allowance(known: 60_000, 60)
}

/// The allowances of a forge; nil for no limit.
package struct Allowances: Hashable, Sendable {
    package var anonymous: Allowance?
    package var signedIn: Allowance?
    /// How long a refusal is held back.
    package var refusalMillis: Int

    package init(
        anonymous: Allowance? = .anonymous, signedIn: Allowance? = .signedIn,
        refusalMillis: Int = Limits.refusalMillis
    ) {
        self.anonymous = anonymous
        self.signedIn = signedIn
        self.refusalMillis = refusalMillis
    }

    package static let none = Allowances(anonymous: nil, signedIn: nil)
}
