import HifCore
import HifRepository

extension SessionEvent {
    /// Whether `event` says the same, so that it is this one sent again: by the same account and agent,
    /// and in the same words. What a comment's line said may have changed meanwhile.
    func isRepeated(by event: SessionEvent) -> Bool {
        guard author.account == event.author.account, author.agent == event.author.agent else {
            return false
        }
        switch (body, event.body) {
        case (.started(let goal, _, let key), .started(let again, _, let otherKey)):
            return goal == again && key == otherKey
        case (.comment(.line(let mark), let text), .comment(.line(let other), let again)):
            return text == again && mark.path == other.path && mark.side == other.side
                && mark.line == other.line
        default: return body == event.body
        }
    }
}
