import HifCore

/// Builds the rollups of ranges of slots that are finished.
struct RollupsJob: UpkeepJob {
    let builder: RollupBuilder

    var name: String { "rollups" }

    func step(after done: Epoch?, to goal: UpkeepGoal) async throws(ReadError) -> Epoch {
        try await builder.build(upTo: goal.epoch)
        return goal.epoch
    }

    func fillHoles(upTo goal: UpkeepGoal) async throws(ReadError) {
        try await builder.fillHoles(upTo: goal.epoch)
    }
}
