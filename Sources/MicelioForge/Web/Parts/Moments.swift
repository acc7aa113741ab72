/// A moment as pages and JSON write it: milliseconds since 1970, in UTC.
struct Moment: Hashable, Sendable, Encodable {
    let millis: Int64

    init(_ millis: Int64) {
        // Imported commits may claim any time; what a calendar cannot show is cut to what it can.
        self.millis = min(max(millis, -62_135_596_800_000), 253_402_300_799_999)
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(iso)
    }

    /// Year, month and day of the Gregorian calendar (Howard Hinnant, "chrono-Compatible Low-Level
    /// Date Algorithms", `civil_from_days`).
    private var civil: (year: Int64, month: Int, day: Int) {
        let days = millis.flooredQuotient(by: 86_400_000) + 719_468
        let era = days.flooredQuotient(by: 146_097)
        let dayOfEra = days - era * 146_097
        let yearOfEra =
            (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shifted = (5 * dayOfYear + 2) / 153
        let day = Int(dayOfYear - (153 * shifted + 2) / 5 + 1)
        let month = Int(shifted < 10 ? shifted + 3 : shifted - 9)
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
    }

    private var secondOfDay: Int64 {
        (millis - millis.flooredQuotient(by: 86_400_000) * 86_400_000) / 1000
    }

    private static func two(_ number: some BinaryInteger) -> String {
        number < 10 ? "0\(number)" : "\(number)"
    }

    /// RFC 3339, to the second.
    var iso: String {
        let (year, month, day) = civil
        let padded = String(repeating: "0", count: max(0, 4 - "\(year)".count)) + "\(year)"
        return
            "\(padded)-\(Moment.two(month))-\(Moment.two(day))T\(clock):\(Moment.two(secondOfDay % 60))Z"
    }

    /// Hours and minutes.
    var clock: String {
        "\(Moment.two(secondOfDay / 3600)):\(Moment.two(secondOfDay / 60 % 60))"
    }

    private var weekday: String {
        let days = millis.flooredQuotient(by: 86_400_000)
        let names = [
            "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday",
        ]
        return names[Int((days % 7 + 11) % 7)]
    }

    /// `Sunday, 22 November 2026`.
    var dayName: String {
        let (year, month, day) = civil
        return "\(weekday), \(day) \(Moment.months[month - 1]) \(year)"
    }

    /// As mail has it (RFC 5322, 3.3): `Sun, 22 Nov 2026 08:12:05 +0000`.
    var mailDate: String {
        let (year, month, day) = civil
        let date = "\(day) \(Moment.months[month - 1].prefix(3)) \(year)"
        return "\(weekday.prefix(3)), \(date) \(clock):\(Moment.two(secondOfDay % 60)) +0000"
    }

    /// `22 Nov 2026, 08:12`.
    var short: String {
        let (year, month, day) = civil
        return "\(day) \(Moment.months[month - 1].prefix(3)) \(year), \(clock)"
    }

    private static let months = [
        "January", "February", "March", "April", "May", "June", "July", "August", "September",
        "October", "November", "December",
    ]

    /// How long ago it is, in the largest unit: `3 hours ago`; for what is to come, `in 3 hours`.
    func distance(from now: Int64) -> String {
        let seconds = (now - millis) / 1000
        // What is to come is rounded up: a link for 14 days has two weeks, not one, a second later.
        let past = seconds < 0 ? 59 - seconds : seconds
        let units: [(Int64, String)] = [
            (365 * 86_400, "year"), (30 * 86_400, "month"), (7 * 86_400, "week"), (86_400, "day"),
            (3600, "hour"), (60, "minute"),
        ]
        guard let (size, name) = units.first(where: { past >= $0.0 }) else { return "just now" }
        let count = past / size
        let words = "\(count) \(name)\(count == 1 ? "" : "s")"
        return seconds > 0 ? "\(words) ago" : "in \(words)"
    }
}

extension Int64 {
    fileprivate func flooredQuotient(by divisor: Int64) -> Int64 {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? quotient - 1 : quotient
    }
}

extension Frame {
    /// How long ago, with the exact moment beside it.
    func time(_ millis: Int64) -> HTML {
        let moment = Moment(millis)
        return """
            <time datetime="\(moment.iso)" title="\(moment.short) UTC">\(moment.distance(from: now))</time>
            """
    }
}

extension BinaryInteger {
    /// With commas between thousands.
    var grouped: String {
        let digits = Array(String(magnitude))
        var text = self < 0 ? "−" : ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index) % 3 == 0 { text.append(",") }
            text.append(digit)
        }
        return text
    }

    /// As a size of bytes: `1.6 KB`.
    var byteSize: String {
        let bytes = Double(self)
        if bytes < 1000 { return "\(self) bytes" }
        let units = ["KB", "MB", "GB", "TB"]
        var value = bytes / 1000
        var unit = 0
        while value >= 999.95, unit < units.count - 1 {
            value /= 1000
            unit += 1
        }
        let tenths = Int((value * 10).rounded())
        return "\(tenths / 10).\(tenths % 10) \(units[unit])"
    }
}
