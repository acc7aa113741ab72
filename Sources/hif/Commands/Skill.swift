import ArgumentParser

struct Skill: HifCommand {
    static let configuration = CommandConfiguration(
        commandName: "skill", abstract: "Print a guide for agents.", discussion: "hif skill")

    @OptionGroup var common: CommonOptions

    static let data: Shape = .object(["text": .string])

    func run(_ context: Context) async throws -> Outcome {
        context.console.line(Skill.text)
        return Outcome(data: ["text": .string(Skill.text)])
    }

    static let text = """
        # Working with hif

        hif is version control that keeps the why: a session (goal, conversation, decisions, \
        changes) becomes history by landing at a numbered position @N. There are no branches, no \
        staging area and no push: each checkout is its own line of work, and landing is immediate.

        ## The loop

            hif session start "one sentence: the goal" --key <your task id>
            ... edit files as usual; new files count without being added ...
            hif status --json            # what changed
            hif diff                     # the patch
            hif session note "what the person asked, or what you found" --role human
            hif session decide "what was chosen" --why "the reason"
            hif session land --json      # data.position is the new @N

        Without a session: hif land "what you did" [paths]. Many files at once, all or none: \
        hif apply - with a patch or a JSON list of edits (hif apply --help).

        ## When others landed meanwhile

        Landing merges by itself where the lines differ. Where they do not, it exits with 3 and \
        lists error.details.conflicts[] (path, position, hunks). Then:

            hif update                   # puts conflict markers into those files (exit 3)
            ... edit the files: keep what is right, remove the markers ...
            hif session resolve
            hif session land

        ## Reading

            hif log --json [--path P] [--author A] [--limit N] [--cursor N]
            hif show @5 --json           # goal, conversation, decisions, changes
            hif diff @3 @5 [paths]       hif cat PATH --at @4      hif ls DIR --at @4
            hif blame PATH --json        # line -> landing -> goal

        ## Reviewing

            hif session show ses_1f3a    # m1, d1, c1, ... name messages, decisions, comments
            hif session comment "measured?" --on d1 --session ses_1f3a
            hif session review d1 object "French is next month" --session ses_1f3a
            hif session review d1 approve --session ses_1f3a

        Read what reviewers wrote in yours with hif session show before you land.

        ## Undoing

            hif revert PATH...           # back to what was checked out; copies in .hif/backup
            hif backout @5 "why"         # lands the inverse of @5
            hif goto @3                  # the files of another position; edits are kept
            hif session abandon "why"    # closes the session; the files stay

        ## Rules that hold everywhere

        --json (or HIF_OUTPUT=json) prints exactly one object: {"ok":true,"data":...} or \
        {"ok":false,"error":{"code","message","hint","details","retryable"}}. hif schema <command> \
        has its schema, and --fields a,b leaves out the rest. Exit codes: 0 ok, 1 failed, 2 usage, 3 conflict, 4 not allowed, 5 not found, \
        6 try again, 7 another process is at work here, 8 checks failed. Nothing ever asks. Running \
        a command again after a lost answer is safe: nothing lands twice. HIF_AUTHOR="Name <mail>" \
        and HIF_AGENT say who you are.
        """
}
