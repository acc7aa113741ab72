import HifCore

/// What happened in a session since its viewer looked last.
struct SessionNews {
    let page: SessionPage

    /// Kinds in the order of the page, with how many are new and the first of them.
    private var news: [(count: Int, word: String, anchor: String)] {
        let answer = page.answer
        let viewer = page.viewer
        func found<Item>(
            _ items: [Item], _ word: String, _ id: (Item) -> String, _ event: (Item) -> Int,
            _ author: (Item) -> AuthorView
        ) -> (count: Int, word: String, anchor: String)? {
            let new = items.filter { viewer.isNew(event($0), by: author($0)) }
            guard let first = new.first else { return nil }
            return (new.count, word, id(first))
        }
        return [
            found(answer.decisions, "decision", \.id, \.event, \.author),
            found(answer.verdicts, "verdict", \.id, \.event, \.author),
            found(answer.messages, "message", \.id, \.event, \.author),
            found(answer.comments, "comment", \.id, \.event, \.author),
            answer.draftEvent.flatMap { event in
                viewer.seen.map { event >= $0 } == true ? (1, "change of files", "changes") : nil
            },
        ].compactMap(\.self)
    }

    var notice: HTML? {
        let news = news
        guard let first = news.first, page.viewer.seen != nil else { return nil }
        let words = news.map { "\($0.count) \($0.word)\($0.count == 1 ? "" : "s")" }
        return """
            <div class="notice"><p><b>Since you last looked</b> \
            \(page.frame.time(page.viewer.seenMillis)): \(words.joined(separator: ", ")).</p>\
            <form class="push row" method="post" action="\(page.address)/seen"><a href="#\
            \(first.anchor)">The first</a><input type="hidden" name="events" value="\
            \(page.answer.events)"><button class="quiet">Mark all as read</button></form></div>
            """
    }
}
