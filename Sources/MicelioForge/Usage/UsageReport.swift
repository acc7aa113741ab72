import Logging
import ServiceLifecycle

/// Says in the log, now and then and at the end, what was done for whom: a line for each account and
/// project for which there was something. Lines of all nodes are to be added up.
struct UsageReport: Service {
    let usage: Usage
    let logger: Logger

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while (try? await Task.sleep(for: .seconds(Limits.usageReportSeconds))) != nil {
                report()
            }
        }
        report()
    }

    private func report() {
        for (key, counts) in usage.take() {
            logger.info(
                "usage",
                metadata: [
                    "project": "\(key.projectID)", "account": "\(key.account)",
                    "requests": "\(counts.requests)", "landings": "\(counts.landings)",
                    "bytes_received": "\(counts.received)", "bytes_sent": "\(counts.sent)",
                ])
        }
    }
}
