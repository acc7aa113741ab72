import HifCore

/// The script of session pages: puts what happens in an open session into the page, as the server
/// would have written it there. The page works without.
enum SessionScript {
    /// Where it lies. The name changes with the content.
    static let address = "/static/session-\(Blake3.hash(Array(text.utf8)).hex.prefix(12)).js"

    static let text = #"""
        "use strict";
        (() => {
          const feed = document.getElementById("feed");
          if (!feed || !window.EventSource) return;
          const live = document.getElementById("live");
          const stale = document.getElementById("stale");
          const source = new EventSource(feed.dataset.feed);

          // Somebody writes in it: what they typed is not taken away.
          const isBusy = (place) => place.contains(document.activeElement) ||
            [...place.querySelectorAll("textarea, input:not([type=hidden])")].some((field) => field.value !== field.defaultValue);

          const say = (text) => {
            stale.className = "notice";
            stale.replaceChildren();
            const words = document.createElement("p");
            words.textContent = text + " ";
            const again = document.createElement("a");
            again.href = feed.dataset.page;
            again.textContent = "Show it";
            words.append(again);
            stale.append(words);
          };

          const put = (part) => {
            const template = document.createElement("template");
            template.innerHTML = part.html;
            const old = document.getElementById(part.id);
            if (old) {
              if (isBusy(old)) return say("Something was added where you write.");
              old.replaceWith(template.content);
              return;
            }
            const after = part.after && document.getElementById(part.after);
            if (after) return after.after(template.content);
            const list = part.in && document.getElementById(part.in);
            if (list) list.append(template.content);
            else say("Something was added.");
          };

          source.onopen = () => { live.hidden = false; };
          source.onerror = () => { live.hidden = true; };
          source.onmessage = (message) => {
            const told = JSON.parse(message.data);
            for (const part of told.parts) put(part);
            if (told.notice) say(told.notice);
          };
          source.addEventListener("closed", (message) => {
            source.close();
            live.hidden = true;
            const told = JSON.parse(message.data);
            say(told.status === "landed" ? "The session has landed at @" + told.position + "." : "The session was closed.");
          });
        })();

        """#
}
