import HifCore

/// A session for a reader without a browser.
extension SessionAnswer {
    var markdown: String {
        var text = "# \(MarkdownText.escape(goal))\n\n"
        text += "\(status.rawValue)"
        if let landed { text += " at @\(landed.position), \(landed.at.iso)" }
        text +=
            " · \(MarkdownText.escape(author.text)) · base @\(base), tip @\(tip)\n\n`\(session)`\n"
        if !about.isEmpty { text += "\n\(MarkdownText.quote(about))\n" }
        text += "\n## Decisions\n\n"
        if decisions.isEmpty { text += "None.\n" }
        for decision in decisions { text += markdown(decision) }
        text += "\n## Conversation\n\n"
        if messages.isEmpty { text += "Nothing was said.\n" }
        for message in messages {
            text +=
                "\(message.id) \(MarkdownText.escape(message.role)) "
                + said(message.author, message.at, message.text)
            for case .comment(let comment) in remarks[message.id] ?? [] {
                text += markdown(comment)
            }
        }
        let onLines = comments.filter { $0.on == nil }
        if !onLines.isEmpty {
            text += "\n## Comments on lines\n\n"
            for comment in onLines { text += markdown(comment) }
        }
        if !conflicts.isEmpty {
            text += "\n## Conflicts\n\n"
            for conflict in conflicts {
                text +=
                    "- \(code(conflict.path)) \(conflict.theirs)"
                    + (conflict.landing.map { " by @\($0)" } ?? "")
                    + (conflict.by.map { " (\(MarkdownText.escape($0)))" } ?? "") + "\n"
            }
        }
        text += "\n## Changes\n\n\(changes.count) files, +\(changes.added) −\(changes.removed)\n\n"
        return text + changes.files.map(\.markdown).joined(separator: "\n")
    }

    private func markdown(_ decision: DecisionView) -> String {
        var text =
            "### \(decision.id) \(MarkdownText.escape(decision.decision)) (\(decision.standing))\n\n"
        if !decision.why.isEmpty { text += "\(MarkdownText.quote(decision.why))\n\n" }
        for said in remarks[decision.id] ?? [] {
            switch said {
            case .comment(let comment): text += markdown(comment)
            case .verdict(let verdict):
                let word = verdict.verdict + (verdict.counts ? "" : ", taken back since")
                text += "\(verdict.id) \(word): "
                text += self.said(verdict.author, verdict.at, verdict.text)
            }
        }
        return text
    }

    private func markdown(_ comment: CommentView) -> String {
        var text = comment.id
        if let place = comment.place {
            let side = place.side == "old" ? ", as it was" : ""
            text += " on \(code("\(place.path):\(place.line)"))\(side), \(code(place.quote)),"
        } else {
            text += " on \(comment.subject)"
        }
        return text + " " + said(comment.author, comment.at, comment.text)
    }

    private func said(_ author: AuthorView, _ at: Moment, _ words: String) -> String {
        let head = "\(MarkdownText.escape(author.text)), \(at.iso)"
        return words.isEmpty ? "\(head)\n\n" : "\(head):\n\n\(MarkdownText.quote(words))\n\n"
    }

    private func code(_ text: String) -> String {
        "`\(SafeText.escape(text).replacing("`", with: "'"))`"
    }
}
