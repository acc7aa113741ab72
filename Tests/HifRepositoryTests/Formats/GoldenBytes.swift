/// The bytes of the values of `Golden`, field by field. They never change: whoever has to change one
/// has changed a format.
extension Golden {
    static let genesisBytes = """
        48494653                             # "HIFS"
        0100                                 # version 1
        0000                                 # reserved
        0000000000000000                     # epoch
        0100000000000000                     # first position
        0000000000000000                     # landings
        0000000000000000000000000000000000000000000000000000000000000000  # hash of the slot before
        149da3db6f3adc63995a8ed5824100ebc959bd5a1a8b970ae30b157388c25433  # root
        4100000000000000 4200000000000000    # batch
        5100000000000000                     # clock
        0000000000000000                     # control epoch
        0000000000000000                     # checkpoint epoch
        00                                   # writer: empty
        31000000                             # length of the body
        00                                   # 0 records
        01                                   # control record follows
        1100000000000000 1200000000000000    # origin store
        2100000000000000 2200000000000000    # project
        07 616e612f617070                    # name: "ana/app"
        0100                                 # writer version
        00                                   # sealed
        00                                   # 0 tags
        00                                   # the slot that condemned packs before: none
        00                                   # 0 condemned packs
        00                                   # 0 replaced packs
        c4fe82873ea7c42e06f675d4ce17bd88e6d1878364ec7a93ec71fbd5945af140  # hash
        """

    static let slotBytes = """
        48494653                             # "HIFS"
        0100                                 # version 1
        0000                                 # reserved
        0700000000000000                     # epoch
        0600000000000000                     # first position
        0200000000000000                     # landings
        a100000000000000010000000000000002000000000000000300000000000000  # hash of the slot before
        a200000000000000010000000000000002000000000000000300000000000000  # root
        a300000000000000 a400000000000000    # batch
        a500000000000000                     # clock
        0700000000000000                     # control epoch
        0300000000000000                     # checkpoint epoch
        06 686f73743a31                      # writer: "host:1"
        59030000                             # length of the body
        03                                   # 3 records
        01                                   # landing
        01                                   # flags
        7100000000000000010000000000000002000000000000000300000000000000  # session
        03 616e61                            # account: "ana"
        03 626f74                            # agent: "bot"
        03 416e61                            # name: "Ana"
        0b 6140622e6578616d706c65            # address: "a@b.example"
        05 446f206974                        # goal line: "Do it"
        e803000000000000                     # started
        feffffffffffffff                     # landed
        7200000000000000010000000000000002000000000000000300000000000000  # source digest
        7300000000000000010000000000000002000000000000000300000000000000  # landed digest
        05                                   # created at @5
        02                                   # 2 events folded
        02                                   # 2 packs
        7400000000000000010000000000000002000000000000000300000000000000  # pack
        7500000000000000010000000000000002000000000000000300000000000000  # pack
        7600000000000000010000000000000002000000000000000300000000000000  # session document
        00                                   # pack ordinal 0
        40                                   # offset 64
        8201                                 # stored length 130
        01                                   # 1 merged paths
        01 61                                # path: "a"
        03                                   # 3 operations
        01 61                                # path: "a"
        06                                   # flags
        00 00                                # after: kind, flags
        ac02                                 # size 300
        6100000000000000010000000000000002000000000000000300000000000000  # hash
        01                                   # pack ordinal 1
        40                                   # offset 64
        f403                                 # stored length 500
        03 622f63                            # path: "b/c"
        0b                                   # flags
        01 00                                # before: kind, flags
        ac02                                 # size 300
        6200000000000000010000000000000002000000000000000300000000000000  # hash
        02 00                                # after: kind, flags
        02                                   # size 2
        6300000000000000010000000000000002000000000000000300000000000000  # hash
        01 64                                # path: "d"
        01                                   # flags
        03 01                                # before: kind, flags
        00                                   # size 0
        0000000000000000000000000000000000000000000000000000000000000000  # hash
        01                                   # landing
        02                                   # flags
        8100000000000000010000000000000002000000000000000300000000000000  # session
        00                                   # account: empty
        00                                   # agent: empty
        00                                   # name: empty
        00                                   # address: empty
        00                                   # goal line: empty
        0000000000000000                     # started
        0100000000000000                     # landed
        8200000000000000010000000000000002000000000000000300000000000000  # source digest
        8300000000000000010000000000000002000000000000000300000000000000  # landed digest
        00                                   # created at @0
        00                                   # 0 events folded
        01                                   # 1 packs
        8400000000000000010000000000000002000000000000000300000000000000  # pack
        00                                   # 0 merged paths
        8500000000000000010000000000000002000000000000000300000000000000  # operation list
        00                                   # pack ordinal 0
        e807                                 # offset 1000
        f0a204                               # stored length 70000
        8407                                 # 900 operations
        02                                   # 2 no-ops
        00                                   # operation 0
        ac02                                 # operation 300
        02                                   # abandon
        9100000000000000010000000000000002000000000000000300000000000000  # session
        03 62656e                            # account: "ben"
        00                                   # agent: empty
        03 42656e                            # name: "Ben"
        00                                   # address: empty
        0a 6e6f74206e6565646564              # reason: "not needed"
        0900000000000000                     # at
        01                                   # control record follows
        1100000000000000 1200000000000000    # origin store
        2100000000000000 2200000000000000    # project
        07 616e612f617070                    # name: "ana/app"
        0100                                 # writer version
        00                                   # sealed
        02                                   # 2 tags
        02 7631                              # tag: "v1"
        01                                   # @1
        04 76312e31                          # tag: "v1.1"
        ac02                                 # @300
        03                                   # the slot that condemned packs before
        02                                   # 2 condemned packs
        3100000000000000010000000000000002000000000000000300000000000000  # pack
        3200000000000000010000000000000002000000000000000300000000000000  # pack
        01                                   # 1 replaced pack
        3300000000000000010000000000000002000000000000000300000000000000  # pack
        3400000000000000010000000000000002000000000000000300000000000000  # by
        d44285b5314b1ef63bc19c61e48317949daff6ac9d1b323010525e6d99cd79a2  # hash
        """

    static let noteBytes = """
        48494556                             # "HIEV"
        0100                                 # version 1
        b100000000000000 b200000000000000    # event id
        03 616e61                            # account: "ana"
        03 626f74                            # agent: "bot"
        03 416e61                            # name: "Ana"
        0b 6140622e6578616d706c65            # address: "a@b.example"
        e803000000000000                     # at
        01                                   # note
        09 617373697374616e74                # role: "assistant"
        05 68656c6c6f                        # text: "hello"
        b30d39ea2f3a9a6ee2d353c06d9a3cfca34b28d6d83e404b696d5ace95b13e9d  # hash
        """

    static let lineCommentBytes = """
        48494556                             # "HIEV"
        0100                                 # version 1
        b300000000000000 b400000000000000    # event id
        03 616e61                            # account: "ana"
        03 626f74                            # agent: "bot"
        03 416e61                            # name: "Ana"
        0b 6140622e6578616d706c65            # address: "a@b.example"
        e803000000000000                     # at
        05                                   # comment
        33                                   # 51 bytes
        01                                   # on a line
        03 612f62                            # path: "a/b"
        01                                   # of the file as it is to be
        ac02                                 # line 300
        b500000000000000010000000000000002000000000000000300000000000000  # content
        05 6c65742078                        # the line: "let x"
        04 7768793f                          # text: "why?"
        ff1d3c3bed18bc8c0c185f9cfe121e1cbf5078467ff85b2b41daded7f79e12d9  # hash
        """

    static let verdictBytes = """
        48494556                             # "HIEV"
        0100                                 # version 1
        b600000000000000 b700000000000000    # event id
        03 616e61                            # account: "ana"
        03 626f74                            # agent: "bot"
        03 416e61                            # name: "Ana"
        0b 6140622e6578616d706c65            # address: "a@b.example"
        e803000000000000                     # at
        06                                   # verdict
        14                                   # 20 bytes
        02                                   # object
        0400000000000000 0500000000000000    # the decision's event id
        02 6e6f                              # text: "no"
        f978289ef2666bc63419528d989852a607c579f9156c2b072df8e9e3c3e9fb5e  # hash
        """

    static let documentBytes = """
        01                                   # version 1
        c100000000000000010000000000000002000000000000000300000000000000  # session
        03 616e61                            # account: "ana"
        03 626f74                            # agent: "bot"
        03 416e61                            # name: "Ana"
        0b 6140622e6578616d706c65            # address: "a@b.example"
        0a 446f2069740a77656c6c              # goal: "Do it well"
        e803000000000000                     # started
        05                                   # created at @5
        03                                   # 3 events
        0100000000000000 0200000000000000    # event id
        03 616e61                            # account: "ana"
        00                                   # agent: empty
        03 416e61                            # name: "Ana"
        00                                   # address: empty
        0300000000000000                     # at
        00                                   # started
        05 446f206974                        # goal: "Do it"
        05                                   # created at @5
        01 6b                                # key: "k"
        0400000000000000 0500000000000000    # event id
        03 616e61                            # account: "ana"
        00                                   # agent: empty
        03 416e61                            # name: "Ana"
        00                                   # address: empty
        0600000000000000                     # at
        02                                   # decision
        04 74686973                          # text: "this"
        07 62656361757365                    # why: "because"
        0700000000000000 0800000000000000    # event id
        03 616e61                            # account: "ana"
        00                                   # agent: empty
        03 416e61                            # name: "Ana"
        00                                   # address: empty
        0900000000000000                     # at
        03                                   # wish to abandon
        02 6e6f                              # reason: "no"
        01                                   # a git commit follows
        14 c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2  # commit: bytes
        01                                   # 1 parents
        14 c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3  # parent: bytes
        03 416e61                            # author: "Ana"
        03 614062                            # address: "a@b"
        3c00000000000000                     # seconds
        05 2b30323030                        # zone: "+0200"
        01 e9                                # committer: bytes
        00                                   # address: empty
        c4ffffffffffffff                     # seconds
        05 2d30303030                        # zone: "-0000"
        06 446f2069740a                      # message: "Do it "
        06 6c6174696e31                      # encoding: "latin1"
        28                                   # 40 side commits there were
        01                                   # 1 of them here
        14 c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4  # commit: bytes
        03 42656e                            # author: "Ben"
        04 73696465                          # subject: "side"
        """

    static let operationListBytes = """
        01                                   # version 1
        03                                   # 3 operations
        01 61                                # path: "a"
        06                                   # flags
        00 00                                # after: kind, flags
        ac02                                 # size 300
        6100000000000000010000000000000002000000000000000300000000000000  # hash
        01                                   # pack ordinal 1
        40                                   # offset 64
        f403                                 # stored length 500
        03 622f63                            # path: "b/c"
        0b                                   # flags
        01 00                                # before: kind, flags
        ac02                                 # size 300
        6200000000000000010000000000000002000000000000000300000000000000  # hash
        02 00                                # after: kind, flags
        02                                   # size 2
        6300000000000000010000000000000002000000000000000300000000000000  # hash
        01 64                                # path: "d"
        01                                   # flags
        03 01                                # before: kind, flags
        00                                   # size 0
        0000000000000000000000000000000000000000000000000000000000000000  # hash
        """

    static let runBytes = """
        4849464f                             # "HIFO"
        0100                                 # version 1
        0100                                 # level
        0200000000000000                     # block
        d100000000000000010000000000000002000000000000000300000000000000  # hash of the last slot
        02000000                             # entries
        02000000                             # packs
        d200000000000000 0100000000000000    # first half of the id
        01000000 a4000000 65000000           # pack ordinal, offset, stored length
        d300000000000000 0100000000000000    # first half of the id
        00000000 40000000 64000000           # pack ordinal, offset, stored length
        e100000000000000010000000000000002000000000000000300000000000000  # pack
        e200000000000000010000000000000002000000000000000300000000000000  # pack
        229810e2a0e32ebcad6ad20b93e1dedd29aa87a71b8961fdc91661b52aaa90b2  # hash
        """
}
