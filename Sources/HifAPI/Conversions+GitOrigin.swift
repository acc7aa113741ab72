package import HifRepository

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

extension GitOrigin {
    package init(wire message: Micelio_V1_GitOrigin) {
        self.init(
            commit: Array(message.commit), parents: message.parents.map { Array($0) },
            author: Signature(wire: message.author), committer: Signature(wire: message.committer),
            message: Array(message.message), encoding: Array(message.encoding),
            sideCommits: message.sideCommits.map {
                SideCommit(
                    id: Array($0.id), author: Array($0.author), subject: Array($0.subject))
            },
            sideCommitCount: message.sideCommitCount)
    }

    package var wire: Micelio_V1_GitOrigin {
        var wire = Micelio_V1_GitOrigin()
        wire.commit = Data(commit)
        wire.parents = parents.map { Data($0) }
        wire.author = author.wire
        wire.committer = committer.wire
        wire.message = Data(message)
        wire.encoding = Data(encoding)
        wire.sideCommits = sideCommits.map { side in
            var wire = Micelio_V1_GitOrigin.SideCommit()
            wire.id = Data(side.id)
            wire.author = Data(side.author)
            wire.subject = Data(side.subject)
            return wire
        }
        wire.sideCommitCount = sideCommitCount
        return wire
    }
}

extension GitOrigin.Signature {
    fileprivate init(wire message: Micelio_V1_GitOrigin.Signature) {
        self.init(
            name: Array(message.name), email: Array(message.email), seconds: message.seconds,
            zone: Array(message.zone))
    }

    fileprivate var wire: Micelio_V1_GitOrigin.Signature {
        var wire = Micelio_V1_GitOrigin.Signature()
        wire.name = Data(name)
        wire.email = Data(email)
        wire.seconds = seconds
        wire.zone = Data(zone)
        return wire
    }
}
