import HifCore
package import Logging
package import NIOPosix
import ServiceLifecycle

/// Sends the forge's letters, one after another in the background: who asked for one does not wait for a mail
/// server, and cannot tell by the time whether there was a letter to send.
///
/// In memory: a forge that is ended takes with it what it did not send. All that is lost is a link, and one
/// can have another.
package final class Mailer: Sendable {
    /// Makes letters when their turn has come; none where there is nothing to send.
    typealias Making = @Sendable () async throws -> [Letter]

    private struct Job: Sendable {
        /// Who asked, for the audit log.
        let actor: Actor
        let make: Making
    }

    private let way: MailWay
    private let addresses: Addresses
    private let threads: NIOThreadPool
    private let now: @Sendable () -> Int64
    private let wait: @Sendable (Duration) async throws -> Void
    private let logger: Logger
    private let jobs: AsyncStream<Job>
    private let queue: AsyncStream<Job>.Continuation

    /// - Parameters:
    ///   - threads: may block. Started by the caller, who shuts it down.
    ///   - wait: pauses between two tries.
    package init(
        _ way: MailWay, addresses: Addresses, threads: NIOThreadPool,
        now: @escaping @Sendable () -> Int64,
        wait: @escaping @Sendable (Duration) async throws -> Void = {
            try await Task.sleep(for: $0)
        },
        logger: Logger
    ) {
        self.way = way
        self.addresses = addresses
        self.threads = threads
        self.now = now
        self.wait = wait
        self.logger = logger
        (jobs, queue) = AsyncStream.makeStream(
            bufferingPolicy: .bufferingOldest(Limits.mailsWaitingMax))
    }

    /// Has letters sent, some time.
    ///
    /// - Throws: `unavailable` when too many wait.
    func enqueue(_ make: @escaping Making) throws(ForgeError) {
        guard case .enqueued = queue.yield(Job(actor: Actor.current, make: make)) else {
            throw ForgeError(
                .unavailable, "too much mail waits to be sent", hint: "try again in some minutes")
        }
    }

    /// Sends what there is to send until the task is cancelled.
    func run() async {
        await withTaskGroup(of: Void.self) { group in
            var count = 0
            for await job in jobs {
                if count == Limits.mailsAtOnce {
                    await group.next()
                    count -= 1
                }
                group.addTask { await self.send(job) }
                count += 1
            }
        }
    }

    /// Takes no more: `run` returns when what waits was sent.
    func finish() {
        queue.finish()
    }

    private func send(_ job: Job) async {
        do {
            for letter in try await Actor.$current.withValue(job.actor, operation: job.make) {
                await send(letter)
            }
        } catch {
            logger.error(
                "a letter could not be made",
                metadata: ["why": "\(ForgeError.sentence(for: error))"])
        }
    }

    private func send(_ letter: Letter) async {
        let mail = letter.bytes(
            LetterHead(
                from: way.from, name: HeaderText(addresses.host), sentMillis: now(),
                id: Mailer.newID()))
        var tries = 0
        while true {
            tries += 1
            do {
                let (carrier, from, to) = (way.carrier, way.from, letter.to)
                try await threads.runIfActive { try carrier.deliver(mail, from: from, to: to) }
                logger.info(
                    "mail sent", metadata: ["kind": "\(letter.kind)", "to": "\(letter.to)"])
                return
            } catch {
                let failure = error as? MailFailure
                let isLast = tries > Limits.mailPauses.count || failure?.isPassing != true
                let why = SafeText.escape(failure?.sentence ?? "the forge is ending")
                logger.log(
                    level: isLast ? .error : .warning,
                    isLast ? "mail was not sent" : "mail has to be tried again",
                    metadata: [
                        "kind": "\(letter.kind)", "to": "\(letter.to)", "tries": "\(tries)",
                        "why": "\(why)",
                    ])
                if isLast { return }
                do {
                    try await wait(Limits.mailPauses[tries - 1])
                } catch {
                    logger.error(
                        "mail was not sent",
                        metadata: [
                            "kind": "\(letter.kind)", "to": "\(letter.to)",
                            "why": "the forge is ending",
                        ])
                    return
                }
            }
        }
    }

    private static func newID() -> String {
        (0..<4).map { _ in String(UInt32.random(in: 0...UInt32.max), radix: 36) }
            .joined(separator: ".")
    }
}

/// Sends mail for as long as the server serves.
struct MailService: Service {
    let mailer: Mailer

    func run() async throws {
        await cancelWhenGracefulShutdown { await mailer.run() }
    }
}
