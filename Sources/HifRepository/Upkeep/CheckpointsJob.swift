import HifCore

/// Builds the checkpoints that are due.
struct CheckpointsJob: UpkeepJob {
    let builder: CheckpointBuilder

    var name: String { "checkpoints" }

    func step(after done: Epoch?, to goal: UpkeepGoal) async throws(ReadError) -> Epoch {
        if let done, done >= goal.checkpointEpoch { return goal.epoch }
        // One before the newest may be a while ago; those that are there are not looked at again.
        guard let built = try await builder.buildOldest(dueAt: goal.checkpointEpoch),
            built < goal.checkpointEpoch
        else { return goal.epoch }
        return built
    }

    func fillHoles(upTo goal: UpkeepGoal) async throws(ReadError) {
        try await builder.buildMissing(upTo: goal.checkpointEpoch)
    }
}
