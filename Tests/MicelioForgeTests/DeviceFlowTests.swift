import Support
import Testing

@testable import MicelioForge

@Suite struct DeviceFlowTests {
    private func start(_ test: TestForge, address: String = "192.0.2.1") async throws -> DeviceStart
    {
        try await test.forge.startDevice(
            clientName: "hif", deviceName: "laptop", address: address)
    }

    private func ready() async throws -> TestForge {
        let test = try await TestForge()
        try await test.user("ana")
        try await test.setPassword("correct horse", of: "ana")
        return test
    }

    @Test func `an approved code gives tokens once`() async throws {
        let test = try await ready()
        let start = try await start(test)
        #expect(
            start.verificationURIComplete
                == "http://forge.test/device?user_code=\(start.request.userCode)")
        #expect(
            try await test.forge.pollDevice(start.deviceCode.text) == .pending(intervalSeconds: 5))
        let step = try await test.forge.approveDevice(
            typed: start.request.userCode.description.lowercased(), handle: "ana",
            password: "correct horse", address: "")
        guard case .done(let user) = step else {
            Issue.record("a code was asked for")
            return
        }
        #expect(user.handle.text == "ana")
        guard case .approved(let pair) = try await test.forge.pollDevice(start.deviceCode.text)
        else {
            Issue.record("not approved")
            return
        }
        #expect(pair.handle.text == "ana")
        let principal = try await test.forge.authenticator.authenticate(
            authorization: ["Bearer \(pair.access.text)"])
        #expect(principal.user?.handle.text == "ana")
        #expect(try await test.forge.pollDevice(start.deviceCode.text) == .expired)
    }

    @Test func `approving takes the right password, and works once`() async throws {
        let test = try await ready()
        let start = try await start(test)
        let code = start.request.userCode.description
        func approve(_ password: String) async -> ForgeError.Code? {
            await refusal {
                _ = try await test.forge.approveDevice(
                    typed: code, handle: "ana", password: password, address: "")
            }
        }
        #expect(await approve("wrong") == .loginFailed)
        #expect(
            try await test.forge.pollDevice(start.deviceCode.text) == .pending(intervalSeconds: 5))
        #expect(await approve("correct horse") == nil)
        #expect(await approve("correct horse") == .notFound)
        #expect(
            await refusal { try await test.forge.denyDevice(typed: code, address: "") } == .notFound
        )
    }

    @Test func `a refused code says so once and is gone`() async throws {
        let test = try await ready()
        let start = try await start(test)
        try await test.forge.denyDevice(
            typed: start.request.userCode.description, address: "")
        #expect(try await test.forge.pollDevice(start.deviceCode.text) == .denied)
        #expect(try await test.forge.pollDevice(start.deviceCode.text) == .expired)
    }

    @Test func `a code expires for everybody`() async throws {
        let test = try await ready()
        let start = try await start(test)
        test.clock.advance(millis: Limits.deviceCodeMillis)
        #expect(try await test.forge.pollDevice(start.deviceCode.text) == .expired)
        let code = await refusal {
            _ = try await test.forge.approveDevice(
                typed: start.request.userCode.description, handle: "ana",
                password: "correct horse", address: "")
        }
        #expect(code == .notFound)
    }

    @Test func `polling too fast slows down, and stays slow`() async throws {
        let test = try await ready()
        let code = try await start(test).deviceCode.text
        #expect(try await test.forge.pollDevice(code) == .pending(intervalSeconds: 5))
        test.clock.advance(millis: 1_000)
        #expect(try await test.forge.pollDevice(code) == .slowDown(intervalSeconds: 10))
        test.clock.advance(millis: 5_000)
        #expect(try await test.forge.pollDevice(code) == .slowDown(intervalSeconds: 15))
        test.clock.advance(millis: 14_500)
        #expect(try await test.forge.pollDevice(code) == .pending(intervalSeconds: 15))
    }

    @Test func `guessing codes is limited by network and altogether`() async throws {
        let test = try await ready()
        let start = try await start(test)
        for _ in 0..<Limits.userCodeTries.tries {
            let code = await refusal {
                _ = try await test.forge.pendingDevice(
                    typed: "BBBB-BBBB", address: "198.51.100.7")
            }
            #expect(code == .notFound)
        }
        let right = start.request.userCode.description
        let code = await refusal {
            _ = try await test.forge.pendingDevice(typed: right, address: "198.51.100.99")
        }
        #expect(code == .rateLimited)
        let elsewhere = try await test.forge.pendingDevice(typed: right, address: "203.0.113.1")
        #expect(elsewhere.deviceName == "laptop")
        for index in 0..<Limits.userCodeTries.globalTries {
            _ = await refusal {
                _ = try await test.forge.pendingDevice(typed: "x", address: "10.0.\(index).1")
            }
        }
        let flooded = await refusal {
            _ = try await test.forge.pendingDevice(typed: right, address: "203.0.113.200")
        }
        #expect(flooded == .rateLimited)
        test.clock.advance(millis: Limits.userCodeTries.windowMillis)
        // The window is over; the code, which lives longer, still waits.
        let later = await refusal {
            _ = try await test.forge.pendingDevice(typed: right, address: "203.0.113.200")
        }
        #expect(later == nil)
    }

    @Test func `codes that wait are bounded`() async throws {
        let test = try await ready()
        var last: ForgeError.Code?
        for index in 0...Limits.deviceStarts.globalTries {
            last = await refusal {
                _ = try await start(test, address: "10.\(index / 250).\(index % 250).1")
            }
        }
        #expect(last == .rateLimited)
    }

    @Test func `names that a client sends are cut and made harmless`() async throws {
        let test = try await ready()
        let start = try await test.forge.startDevice(
            clientName: "", deviceName: "\u{1B}[31m" + String(repeating: "x", count: 500),
            address: "")
        #expect(start.request.clientName == "a program")
        #expect(!start.request.deviceName.unicodeScalars.contains("\u{1B}"))
        #expect(start.request.deviceName.utf8.count <= Limits.deviceNameBytesMax + 8)
    }

    @Test func `codes are typed in any manner, and nothing else is one`() {
        var generator = SeededGenerator(seed: 7)
        for _ in 0..<100 {
            let code = UserCode(using: &generator)
            #expect(UserCode(typed: code.description) == code)
            #expect(UserCode(typed: " \(code.letters.lowercased()) ") == code)
        }
        for text in ["", "BCDF", "ABCD-EFGH", "BCDF-GHJKL", "BCDF-GHJ1", "B\u{202E}CDFGHJK"] {
            #expect(UserCode(typed: text) == nil)
        }
    }

    @Test(arguments: [
        ("192.0.2.7", "192.0.2.0/24"), ("::ffff:192.0.2.7", "192.0.2.0/24"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"), ("2001:db8::1", "2001:db8:0:0::/64"),
        ("::1", "0:0:0:0::/64"), ("unknown", "unknown"),
    ])
    func `tries are counted by network`(_ address: String, _ expected: String) {
        #expect(network(of: address) == expected)
    }
}
