package import HifCore

/// One kind of derived object and how it is built.
///
/// What is due follows from the log alone, and building writes nothing but objects that are put if
/// absent. So a job may be stopped anywhere and begun again, by any process, and several may run the
/// same one at once: they write the same.
///
/// Objects of one kind come into being in the order of the log: none before the ones before it
/// exist. A job that knows nothing looks back from the newest to the first that is there.
package protocol UpkeepJob: Sendable {
    /// For messages: what it builds.
    var name: String { get }

    /// Builds the next object that is due at or before the goal, if there is one.
    ///
    /// - Parameter done: everything of this kind that is due at or before this slot exists; nil when
    ///   nothing is known.
    /// - Returns: the same for afterwards: more than `done`, and `goal.epoch` when nothing is left.
    func step(after done: Epoch?, to goal: UpkeepGoal) async throws(ReadError) -> Epoch

    /// Builds every object due at or before the goal that is missing, also between others: what a
    /// repair does. Cost: a look at each.
    func fillHoles(upTo goal: UpkeepGoal) async throws(ReadError)
}

/// How far derived objects are to be built.
package struct UpkeepGoal: Hashable, Sendable {
    /// The newest slot.
    package let epoch: Epoch
    /// The latest slot at or before it after which a checkpoint is due; 0 for none.
    package let checkpointEpoch: Epoch
    /// The latest slot at or before it that replaced packs; 0 for none.
    package let replacedEpoch: Epoch

    package init(epoch: Epoch, checkpointEpoch: Epoch, replacedEpoch: Epoch = 0) {
        self.epoch = epoch
        self.checkpointEpoch = checkpointEpoch
        self.replacedEpoch = replacedEpoch
    }

    init(_ tip: LogTip) {
        self.init(
            epoch: tip.epoch, checkpointEpoch: tip.checkpoints.lastDue,
            replacedEpoch: tip.packs.lastReplacedEpoch)
    }
}
