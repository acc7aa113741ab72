/// The time and randomness a repository is given: it reads no clock and draws no bits itself, so a
/// simulator can hand it others.
package struct World: Sendable {
    /// Milliseconds since 1970.
    package let now: @Sendable () -> Int64
    /// 64 random bits.
    package let random: @Sendable () -> UInt64
    /// Returns after about this many milliseconds; at once when the task is cancelled.
    package let pause: @Sendable (_ millis: UInt64) async -> Void

    package init(
        now: @escaping @Sendable () -> Int64, random: @escaping @Sendable () -> UInt64,
        pause: @escaping @Sendable (_ millis: UInt64) async -> Void
    ) {
        self.now = now
        self.random = random
        self.pause = pause
    }

    /// The randomness as a generator.
    package var generator: Generator { Generator(world: self) }

    package struct Generator: RandomNumberGenerator, Sendable {
        fileprivate let world: World

        package mutating func next() -> UInt64 { world.random() }
    }
}
