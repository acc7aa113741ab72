/// The fields of a submitted form or of a query (`application/x-www-form-urlencoded`).
///
/// Strict on purpose: a name that comes twice, or that looks like an array (`email[]`), is refused,
/// because code that expects one value and gets several has cost other sites accounts.
struct FormFields {
    private let fields: [String: String]

    init(_ body: some Collection<UInt8>) throws(ForgeError) {
        var fields: [String: String] = [:]
        for pair in body.split(separator: UInt8(ascii: "&")) {
            let parts = pair.split(
                separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            let name = try FormFields.decode(parts[0])
            let value = parts.count == 2 ? try FormFields.decode(parts[1]) : ""
            guard fields[name] == nil, !name.contains("[") else {
                throw .invalid("the form has the field '\(name.prefix(40))' more than once")
            }
            fields[name] = value
        }
        self.fields = fields
    }

    var names: [String] { fields.keys.sorted() }

    /// The value of a field; empty when it is not there.
    subscript(_ name: String) -> String {
        fields[name] ?? ""
    }

    private static func decode(_ bytes: some Collection<UInt8>) throws(ForgeError) -> String {
        var result: [UInt8] = []
        var iterator = bytes.makeIterator()
        while let byte = iterator.next() {
            switch byte {
            case UInt8(ascii: "+"): result.append(0x20)
            case UInt8(ascii: "%"):
                guard let high = iterator.next().flatMap(PercentCoding.nibble),
                    let low = iterator.next().flatMap(PercentCoding.nibble)
                else { throw .invalid("the form is damaged") }
                result.append(high << 4 | low)
            default: result.append(byte)
            }
        }
        guard let text = String(validating: result, as: UTF8.self), !result.contains(0) else {
            throw .invalid("the form is not UTF-8")
        }
        return text
    }
}
