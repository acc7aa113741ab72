import HifCore

/// The conversation, with what was said of each message.
extension SessionPage {
    var talkSection: HTML {
        let empty: HTML? =
            answer.messages.isEmpty ? "<p class=\"soft\">Nothing was said.</p>" : nil
        return """
            <section aria-labelledby="talk"><div class="sect"><h2 id="talk">Conversation</h2><p>\
            \(answer.messages.count)</p></div>
            \(empty)<ol class="talk" id="talk-list">\(items)</ol>
            \(sayForm)</section>
            """
    }

    /// The messages, with a line above the first that is new.
    private var items: [HTML] {
        let new = answer.messages.firstIndex { viewer.isNew($0.event, by: $0.author) }
        return answer.messages.enumerated().map { index, message in
            guard index == new else { return item(message) }
            return """
                <li class="since"><span>New since \(frame.time(viewer.seenMillis))</span></li>
                \(item(message))
                """
        }
    }

    func item(_ message: MessageView) -> HTML {
        let isHuman = message.role == "human"
        let role: HTML? =
            message.role.isEmpty || isHuman ? nil : "<span class=\"tag\">\(message.role)</span>"
        let voice = Voice(message.author, isHuman: isHuman)
        let by = self.by(
            message.author, message.at, message.id, event: message.event, isHuman: isHuman,
            more: role)
        return """
            <li id="\(message.id)">\(voice.picture)<div>\(by)\
            \(text(message))\(said(on: message))\(hasForms ? reply(message) : nil)</div></li>

            """
    }

    /// What a tool printed is folded; what somebody said is not.
    private func text(_ message: MessageView) -> HTML {
        guard message.role == "tool" else { return SessionPage.prose(message.text) }
        let lines = message.text.split(separator: "\n", omittingEmptySubsequences: false)
        let first = lines.first.map { String($0.prefix(200)) } ?? ""
        return """
            <details class="tool"><summary><code>\(first)</code> \(lines.count) line\(lines.count == 1 ? "" : "s")</summary><pre tabindex="0" aria-label="Output">\(message.text)</pre></details>
            """
    }

    /// Comments on a message.
    func said(on message: MessageView) -> HTML {
        let comments = (answer.remarks[message.id] ?? []).compactMap { remark -> HTML? in
            guard case .comment(let comment) = remark else { return nil }
            return item(comment)
        }
        return """
            <ol class="talk on" id="\(message.id)-said" aria-label="Comments on \(message.id)">\
            \(comments)</ol>
            """
    }

    func item(_ comment: CommentView, more: HTML? = nil) -> HTML {
        """
        <li id="\(comment.id)">\(Voice(comment.author).picture)<div>\
        \(by(comment.author, comment.at, comment.id, event: comment.event, more: more))\
        \(SessionPage.prose(comment.text))</div></li>
        """
    }

    private func reply(_ message: MessageView) -> HTML {
        let name = FormProblem.name("sessions.comment", on: message.id)
        return """
            <details class="ask"\(isWrong(name) ? " open" : "")><summary \
            class="act">Comment<span class="vh"> on \(message.id)</span></summary>\
            \(form("comments", name: name, """
            <input type="hidden" name="on" value="\(message.id)"><label class="vh" for="\
            \(message.id)-c">Your comment on \(message.id)</label><textarea id="\(message.id)-c" \
            name="text" required>\(typed(name, "text"))</textarea><button>Comment</button>
            """))</details>
            """
    }

    private var sayForm: HTML? {
        guard isOpen else { return nil }
        guard viewer.mayWrite else {
            guard viewer.handle == nil else {
                return
                    "<p class=\"soft\">To say something here takes the role <code>write</code> in the project.</p>"
            }
            return """
                <p class="soft"><a href="/signin?to=\(PercentCoding.encode(frame.address.utf8))">Sign in</a> \
                to say something.</p>
                """
        }
        let name = FormProblem.name("sessions.note")
        return form(
            "notes", name: name, class: "say",
            """
            <label for="say">Add to the conversation</label><textarea id="say" name="text" \
            required>\(typed(name, "text"))</textarea><p class="row"><button>Send</button>\
            <span class="hint">Markdown</span></p>
            """)
    }
}
