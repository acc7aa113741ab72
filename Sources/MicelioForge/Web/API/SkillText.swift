/// The text that teaches an agent. `Scripts/check-skill` runs every command in it, in order, as it stands.
enum SkillText {
    static func text(publicURL: String) -> String {
        template.replacing("FORGE_URL", with: publicURL)
    }

    private static let template = #"""
        ---
        name: micelio
        description: Work on a project of the micelio forge at FORGE_URL, over HTTP alone or with hif. Use it to read a project, to change files in a session, to record decisions, and to land.
        ---

        # Working on a micelio forge

        One piece of work is a **session**: a goal, what was said and decided, and the files it changes. It becomes history by **landing**
        at a numbered position, `@42`. Nobody waits for a lock: edits of different places merge, and what really conflicts comes back as
        data, with the landing that was first. Record *why* as you go: a decision with its reason is what later readers look for.

        You need a token (`mic_pat_…`) with the scopes `read`, `write` and, to make projects, `manage`. Keep it in the environment,
        never in an address. These commands use `curl`, and `python3` to read answers.

        ```sh
        : "${MICELIO_TOKEN:?put your token into MICELIO_TOKEN}"
        export FORGE=FORGE_URL API=FORGE_URL/api/v1
        call() { curl -sS -H "Authorization: Bearer $MICELIO_TOKEN" -H "Content-Type: application/json" "$@"; }
        field() { python3 -c 'import json, sys; v = json.load(sys.stdin)
        for k in sys.argv[1:]: v = v[int(k)] if k.isdigit() else v[k]
        print(v)' "$@"; }
        ME=$(call "$API/me" | field handle)
        ```

        Every answer that is not a success is `application/problem+json`: `code` is stable, `title` says what happened, `detail` what
        helps, and `next`, where one is likeliest, names the call to make.

        ## Make a project, or read one

        ```sh
        call "$API/projects" -d "{\"name\": \"$ME/greetings\", \"description\": \"Made by an agent\", \"public\": true}"
        P="$API/projects/$ME/greetings"
        call "$P" | field tip
        ```

        Every page has a twin: the same address with `.md` or `.json`. `$FORGE/$ME/greetings.md` is the project, `…/log.md` its
        history, `…/file.md/@latest/PATH` a file, `…/blame.json/@latest/PATH` the landing behind each line, `…/@42.md` a landing with its
        reasons.

        ## Work: start, change, decide, land

        An `Idempotency-Key` makes a repeated call the same call where something is said (a session started, a note, a decision, a
        comment, a verdict), so send it again when an answer was lost. Files say what they replace (`expected`), and landing is safe to repeat.

        ```sh
        S=$(call "$P/sessions" -H "Idempotency-Key: first" -d '{"goal": "Greet people", "agent": "skill"}' | field session)
        call "$P/sessions/$S/files" -d '{"agent": "skill", "files": [
          {"path": "words.txt", "content": "hello\ngood morning\n", "expected": null}]}'
        call "$P/sessions/$S/notes" -d '{"text": "English first; the file is one greeting a line.", "agent": "skill"}'
        call "$P/sessions/$S/decisions" -d '{"decision": "One greeting a line", "why": "Lines merge, a table would not.", "agent": "skill"}'
        call "$P/sessions/$S" | field status
        call "$P/sessions/$S/land" -d '{"agent": "skill"}' | field position
        ```

        A file is sent whole. `expected` is the content hash that you saw (`null`: no file): if it has changed meanwhile, nothing is
        applied. `"delete": true` deletes, `"revert": true` takes a path out of the session, `content_base64` is for bytes.

        ## When somebody else was first

        Two sessions change the same line. The first lands; the second is told.

        ```sh
        A=$(call "$P/sessions" -d '{"goal": "Be formal"}' | field session)
        B=$(call "$P/sessions" -d '{"goal": "Greet the world"}' | field session)
        call "$P/sessions/$A/files" -d '{"files": [{"path": "words.txt", "content": "good day\ngood morning\n"}]}'
        call "$P/sessions/$B/files" -d '{"files": [{"path": "words.txt", "content": "hello, world\ngood morning\n"}]}'
        call "$P/sessions/$A/land" -d '{}' | field position
        call "$P/sessions/$B/land" -d '{}' | field code
        ```

        That printed `conflict`. The answer names the paths, the landing that was first and the lines in dispute. Read the file as it is
        now, put both wishes into it, and send it with the position you looked at as `base`. Then land again.

        ```sh
        TIP=$(call "$P" | field tip)
        call "$P/sessions/$B" | field conflicts 0 path
        call "$P/raw/@$TIP/words.txt"
        call "$P/sessions/$B/files" -d "{\"base\": $TIP, \"files\": [{\"path\": \"words.txt\", \"content\": \"good day, world\ngood morning\n\"}]}"
        call "$P/sessions/$B/land" -d '{}' | field status
        ```

        Landing is safe to repeat: the same session lands once. When you give up, say why: `POST …/sessions/ID/abandon` with `reason`.

        ## Review, and be reviewed

        Decisions are `d1`, `d2`, …, messages `m1`, …, comments `c1`, …. A comment is on one of them, or on a line of a file that the session
        changes. A verdict on a decision is `approve`, `ask`, `object` or `withdraw`; an objection stops the landing until it is taken back.

        ```sh
        R=$(call "$P/sessions" -d '{"goal": "Say goodbye"}' | field session)
        call "$P/sessions/$R/decisions" -d '{"decision": "One goodbye", "why": "short"}' | field id
        call "$P/sessions/$R/files" -d '{"files": [{"path": "bye.txt", "content": "bye\n"}]}'
        call "$P/sessions/$R/comments" -d '{"path": "bye.txt", "line": 1, "text": "Too short?"}' | field id
        call "$P/sessions/$R/verdicts" -d '{"on": "d1", "verdict": "object", "text": "Two are better."}' | field id
        call "$P/sessions/$R/land" -d '{}' | field code
        call "$P/sessions/$R/comments" -d '{"on": "d1", "text": "The second comes next."}' | field id
        call "$P/sessions/$R/verdicts" -d '{"on": "d1", "verdict": "withdraw"}' | field id
        call "$P/sessions/$R/land" -d '{}' | field position
        call "$P/sessions/$R/events" | field count
        ```

        `…/events?from=N` tells what came since; with `Accept: text/event-stream` it goes on telling until the session is closed, and
        `Last-Event-ID` goes on after a break.

        ## Find out why a line is as it is

        All words have to be there; `"in quotes"` they stand together, `path:docs/` is for files named so, `in=sessions` looks for reasons.

        ```sh
        call -G "$P/search" --data-urlencode 'q="good morning"' | field files 0 path
        call -G "$P/search" -d in=sessions -d q=greeting | field sessions 0 position
        L=$(call "$P/blame/@latest/words.txt" | field runs 1 position)
        call "$P/landings/@$L" | field decisions 0 why
        ```

        ## With a checkout

        `hif` does the same with files on your disk, and is better for large changes. `hif skill` explains all of it.

        ```sh
        hif auth login "$FORGE" --token "$MICELIO_TOKEN"
        hif checkout "$ME/greetings" greetings
        cd greetings
        hif session start "Say good night"
        echo "good night" >> words.txt
        hif session decide "Good night comes last" --why "the file follows the day"
        hif session land
        hif blame words.txt
        ```

        ## When you ask too much

        Every answer says what your token has left: in `RateLimit: "default";r=R;t=T` it is R units, and all are back in T seconds. Reading
        one thing costs 1, a directory 3, a diff or an edit 5, blame 10, a search 20. Who has too few left gets 429 with the code `rate_limited`;
        nothing was done, and after the seconds in `Retry-After` (`retry_after` in the answer) the same call is let through. Wait so long, and
        not less:

        ```sh
        patient() {
          while call "$@" -D head -o body && grep -q "^HTTP/[0-9.]* 429" head; do
            echo "waiting $(field retry_after < body) s" >&2
            sleep "$(field retry_after < body)"
          done
          cat body; }
        for i in $(seq 40); do patient "$P/blame/@latest/words.txt" > blame.json; done
        field runs 0 position < blame.json
        ```

        """#
}
