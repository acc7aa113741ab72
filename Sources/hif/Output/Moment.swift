import Glibc

/// Moments as text, by the C library.
enum Moment {
    /// `2026-11-22T15:22:43Z`, with milliseconds only where there are any.
    static func utc(_ millis: Int64) -> String {
        var seconds = time_t(floorDivide(millis, by: 1000))
        let rest = millis - Int64(seconds) * 1000
        var parts = tm()
        gmtime_r(&seconds, &parts)
        let fraction = rest == 0 ? "" : "." + padded(Int32(rest), 3)
        return date(parts) + "T" + clock(parts) + ":" + padded(parts.tm_sec, 2) + fraction + "Z"
    }

    /// `2026-11-22 15:22`, where the person is.
    static func local(_ millis: Int64) -> String {
        var seconds = time_t(floorDivide(millis, by: 1000))
        var parts = tm()
        localtime_r(&seconds, &parts)
        return date(parts) + " " + clock(parts)
    }

    /// Milliseconds since 1970.
    static func now() -> Int64 {
        var moment = timespec()
        clock_gettime(CLOCK_REALTIME, &moment)
        return Int64(moment.tv_sec) * 1000 + Int64(moment.tv_nsec) / 1_000_000
    }

    private static func floorDivide(_ value: Int64, by divisor: Int64) -> Int64 {
        value >= 0 ? value / divisor : -((-value + divisor - 1) / divisor)
    }

    private static func date(_ parts: tm) -> String {
        padded(parts.tm_year + 1900, 4) + "-" + padded(parts.tm_mon + 1, 2) + "-"
            + padded(parts.tm_mday, 2)
    }

    private static func clock(_ parts: tm) -> String {
        padded(parts.tm_hour, 2) + ":" + padded(parts.tm_min, 2)
    }

    private static func padded(_ value: Int32, _ width: Int) -> String {
        let text = String(value)
        return String(repeating: "0", count: max(0, width - text.count)) + text
    }
}
