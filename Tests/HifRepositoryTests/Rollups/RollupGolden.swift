import HifCore
import HifRepository
import Support

extension Golden {
    /// A run with one slot of each form of postings: one, all, few and every other one.
    static let rollup: RollupRun = {
        var slots: [[UInt64]] = (0..<32).map { number in
            [0x0203_0405_0607] + (number % 2 == 1 ? [0xFFFF_FFFF_FFFF] : [])
        }
        slots[5].insert(0x1, at: 0)
        slots[0].insert(0x0203_0405_0608, at: 1)
        slots[31].insert(0x0203_0405_0608, at: 1)
        return rollup(RollupSpan(level: 1, block: 2), slots)
    }()

    /// A run of slots with these keys, a landing in each from @100 on.
    static func rollup(_ span: RollupSpan, _ keys: [[UInt64]]) -> RollupRun {
        RollupRun(
            span: span,
            slots: keys.enumerated().map { offset, values in
                let number = UInt64(offset)
                return SlotKeys(
                    epoch: span.firstEpoch + number, hash: testHash(0x40 + number),
                    previous: testHash(0x3F + number), firstPosition: 100 + number,
                    nextPosition: 101 + number, values: values)
            })
    }

    static let pathKey: UInt64 = 0x90A0_6DB9_F4A8
    static let directoryKey: UInt64 = 0x9EA5_A195_4702
    static let authorKey: UInt64 = 0xC8D8_4D4B_1C3C

    static let rollupBytes = """
        48494652                             # "HIFR"
        0200                                 # version 2
        0100                                 # level
        0200000000000000                     # block
        6400000000000000                     # first position
        2000000000000000                     # landings
        3f00000000000000010000000000000002000000000000000300000000000000  # hash of the slot before
        5f00000000000000010000000000000002000000000000000300000000000000  # hash of the last slot
        04000000                             # keys
        01000000                             # blocks
        3300000000000000                     # postings
        01000000                             # filter blocks
        d2000000                             # bytes of the head
        0f01000000000000                     # bytes in all
        00881010000a00080400800c08080004000608010000808208c4000080002210  # filter
        010000000000                         # fence: key
        00000000                             # offset
        fa09d5c55b9848d5                     # checksum of the block
        f5ea46e534c3fb241eb80953cea0e8829c60abed95b7182e934b7bd9d786e657  # hash of the head
        000b                                 # key 1: step 0, slot 5
        868c94a0b040f20100                   # step; 32 slots, consecutive, from 0
        0100001e                             # step; 2 slots, gaps, from 0, 30 between
        f7f3ebdfcfbf3f740104aaaaaa2a         # step; 16 slots, bitmap, from 1, 4 bytes
        82abd4640342275fa69275eb0ba30c287947d833ac5f05d65cd760333a3a75b6  # hash
        """
}
