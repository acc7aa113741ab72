/// Every bound of the forge in one place. Each has a test that goes one over, or a comment that
/// says where the bound is enforced by a library.
package enum Limits {
    // Names and texts, in bytes of UTF-8.
    package static let handleBytesMax = 39
    package static let projectNameBytesMax = 100
    /// In Unicode scalars, as the API counts; each has at most four bytes.
    package static let descriptionLengthMax = 500
    package static let descriptionBytesMax = 2_000
    package static let topicBytesMax = 35
    package static let topicsMax = 20
    /// An agent's name, in Unicode scalars.
    package static let agentLengthMax = 100
    package static let profileLinksMax = 4
    package static let profileLinkBytesMax = 200
    // In Unicode scalars, too.
    package static let displayNameLengthMax = 100
    package static let emailLengthMax = 254
    package static let bioLengthMax = 500
    package static let tokenLabelLengthMax = 100
    /// A client's or device's name, as the approval page shows it; longer ones are cut.
    package static let deviceNameBytesMax = 64

    // Passwords.
    /// In Unicode scalars.
    package static let passwordLengthMin = 10
    package static let passwordBytesMax = 1024
    /// Hashes that may wait for a core; more answer "busy", so that logins cannot pile up memory.
    package static let passwordQueueMax = 32

    // Lifetimes, in milliseconds.
    package static let accessTokenMillis: Int64 = 3_600_000
    package static let refreshTokenIdleMillis: Int64 = 30 * 86_400_000
    package static let deviceCodeMillis: Int64 = 900_000
    /// A link to set the first password of an account, and one for a password that was forgotten.
    package static let passwordLinkMillis: Int64 = 86_400_000
    package static let passwordResetMillis: Int64 = 900_000
    package static let invitationMillis: Int64 = 14 * 86_400_000
    /// A browser stays signed in so long without being used, and so long at most.
    package static let browserIdleMillis: Int64 = 14 * 86_400_000
    package static let browserAbsoluteMillis: Int64 = 90 * 86_400_000
    // A sign-in between its password and its code.
    package static let signInTicketMillis: Int64 = 300_000
    package static let signInTicketTries = 5
    package static let signInTicketsMax = 10_000
    /// How long what a browser does with who may do what needs no password typed again.
    package static let confirmedMillis: Int64 = 900_000
    /// The longest life of a token that an account makes for itself.
    package static let personalTokenDaysMax = 366
    /// Scopes of a token that an account makes for itself.
    package static let tokenScopesMax = 100
    /// Usable personal tokens of one account.
    package static let personalTokensMax = 100
    /// Browsers signed in to one account; the one used longest ago is signed out for another.
    package static let browsersMax = 100
    /// How stale `last_used_at` may be: a write per minute and token, not one per request.
    package static let lastUsedGrainMillis: Int64 = 60_000

    // Organisations, and who shares a project.
    package static let organisationsOwnedMax = 50
    package static let organisationMembersMax = 1_000
    package static let projectMembersMax = 500
    /// Former names of one project that lead to it.
    package static let formerNamesMax = 20
    /// A deleted project can be had back for so long.
    package static let deletedProjectMillis: Int64 = 14 * 86_400_000

    // Invitations of one account: open at once, and used ones that are remembered.
    package static let invitationsOpenMax = 20
    package static let invitationsUsedMax = 100
    /// In Unicode scalars.
    package static let invitationNoteLengthMax = 100

    // Mail.
    /// Letters that wait for a server; one more is refused to whoever asked for it.
    package static let mailsWaitingMax = 100
    /// Letters under way at once; each holds a thread until the server has answered.
    package static let mailsAtOnce = 4
    package static let mailConnectSeconds = 10
    /// Within which the server has to have taken a letter.
    package static let mailTrySeconds = 20
    /// Between two tries to send a letter; after the last it is given up.
    package static let mailPauses = [Duration.seconds(5), .seconds(60)]
    /// Accounts of one address that get a link for their password at once, the oldest of them.
    package static let mailAccountsMax = 20
    /// An address gets a letter of one kind so often, whoever asks for it.
    package static let mailAgainMillis: Int64 = 900_000
    /// Addresses of which that is remembered.
    package static let mailAddressesMax = 10_000

    // The device flow.
    package static let devicePollSeconds = 5
    package static let deviceSlowDownSeconds = 5
    /// Codes waiting for approval at one time, in the whole forge.
    package static let devicePendingMax = 1_000

    // Tries per window, by caller's network and in the whole forge.
    package static let userCodeTries = RateLimit(tries: 10, globalTries: 200, windowMillis: 600_000)
    package static let passwordTries = RateLimit(tries: 20, globalTries: 500, windowMillis: 600_000)
    package static let codeTries = RateLimit(tries: 20, globalTries: 500, windowMillis: 600_000)
    package static let signUpTries = RateLimit(tries: 20, globalTries: 200, windowMillis: 600_000)
    package static let invitationTries = RateLimit(
        tries: 30, globalTries: 500, windowMillis: 600_000)
    package static let forgottenTries = RateLimit(
        tries: 10, globalTries: 200, windowMillis: 900_000)
    /// Invitations that are sent by mail, of one account and of all.
    package static let invitationMails = RateLimit(
        tries: 20, globalTries: 200, windowMillis: 3_600_000)
    package static let deviceStarts = RateLimit(tries: 60, globalTries: 600, windowMillis: 600_000)
    /// Networks that one limiter remembers; the oldest are forgotten first.
    package static let rateLimitKeysMax = 10_000

    // What a caller may ask for at all: `Allowance` has the defaults, `Route.cost` and `RPCTable` what
    // things cost.
    /// Networks of which is remembered what they have left; and as many tokens and accounts. Those that
    /// were not heard of for longest are forgotten first.
    package static let rateBucketsMax = 100_000
    /// Requests of one network of which nobody is signed in that wait for their turn; others are refused.
    package static let networkWaitingMax = 256
    /// Changes of one thing that wait for those before them; others are refused.
    package static let changesWaitingMax = 64
    /// How far the work of who is not signed in stands back behind that of who is signed in, and of landings.
    /// The second matters from Linux 6.12 on: who likes to run long is interrupted by who does not.
    package static let guestNiceness: Int32 = 10
    package static let guestSliceNanos: UInt64 = 100_000_000
    /// How long a refusal is held back, and how many are at once.
    package static let refusalMillis = 1_000
    package static let refusalsHeldMax = 4_096

    /// Threads that wait for the disk: reads and synced writes under way at once.
    package static let diskThreads = 16
    /// Packs that are received or checked at once; each is in memory whole.
    package static let uploadsAtOnce = 4

    // Addresses of packs, and caches.
    /// A signed address opens its pack for once to twice as long.
    package static let packAddressSeconds: Int64 = 900
    /// How often what the caches did is said in the log, if they did anything.
    package static let cacheReportSeconds: Int64 = 600

    /// Pairs of account and project for which is counted apart what is done, and how often that is said in
    /// the log.
    package static let usageKeysMax = 10_000
    package static let usageReportSeconds: Int64 = 600

    /// Landings that are read whole before they are sent.
    package static let detailsAtOnce = 64

    // Other nodes of the same forge.
    /// How long a node without accounts believes what it was told of a token or a role: so long, at most, a
    /// revoked one goes on being let in.
    package static let accountsCacheMillis: Int64 = 10_000
    package static let accountsCacheEntriesMax = 10_000
    /// Within which another node says that it has taken a landing over; else it is landed here.
    package static let nodeTakesMillis: Int64 = 250
    /// Intents that go to another node in one call.
    package static let nodeIntentsMax = 1_024
    /// Within which it has to have landed it.
    package static let nodeLandingSeconds: Int64 = 60
    package static let nodeAnswerSeconds: Int64 = 10
    /// Nodes that one is connected to; the one used longest ago is dropped.
    package static let nodeLinksMax = 32

    // Pages.
    package static let directoryEntriesMax = 1_000
    /// Entries of a directory whose newest landing is looked for.
    package static let directoryLandingsMax = 300
    /// A longer file is not shown by lines, and has no blame.
    package static let fileShownBytesMax = 1 << 20
    package static let rawBytesMax = 32 << 20
    /// Landings of a file that blame walks back.
    package static let blameLandingsMax = 1_000
    package static let diffFilesMax = 300
    package static let diffFileBytesMax = 500_000
    /// Both sides of all files that one page compares.
    package static let diffBytesMax = 4_000_000
    /// Both sides of all files of a patch.
    package static let patchBytesMax = 16 << 20
    package static let sessionsShownMax = 200
    // What is kept in memory of what pages showed, by about how much it takes.
    package static let directoriesBytesMax = 32 << 20
    package static let knownSessionsBytesMax = 64 << 20

    // Search.
    /// In Unicode scalars.
    package static let searchQueryLengthMax = 200
    /// A longer file is found by its name only.
    package static let searchFileBytesMax = 512 << 10
    /// What is kept of a session's words, and of how many events of one that is open.
    package static let searchSessionBytesMax = 512 << 10
    package static let searchEventsMax = 2_000
    package static let searchOpenSessionsMax = 100
    /// Text in the index of one project; of files beyond it only names are taken in.
    package static let searchProjectBytesMax = 1 << 30
    /// All indexes of a node; those not used for longest are deleted for another.
    package static let searchBytesMax = 16 << 30
    /// Indexes that are held open.
    package static let searchOpenMax = 32
    /// What is taken in at a time.
    package static let searchStepChanges = 256
    package static let searchStepBytesMax = 4 << 20
    /// How long a search reads what has landed since the last.
    package static let searchReadingMillis: Int64 = 2_000
    /// Text that one search looks through; it says where to go on.
    package static let searchScanBytesMax = 32 << 20
    /// Lines that are shown of what was found.
    package static let searchLinesMax = 4
    /// Projects, and accounts, among which those that match best are chosen.
    package static let searchNamesMax = 10_000

    // Live sessions.
    /// Streams of events open at once: of one account (or, for who is not signed in, one address), and all.
    package static let streamsOfOneMax = 16
    package static let streamsMax = 512
    /// How often a watched session is looked at for what came by another way than through this process; a
    /// stream with nothing to say says that it is there as often.
    package static let feedPollMillis: UInt64 = 10_000
    /// Sessions of which is known how far an account has read them; the oldest are forgotten.
    package static let sessionViewsMax = 2_000
    /// Who comes back after so long without looking is told what is new since then.
    package static let sessionViewMillis: Int64 = 1_800_000

    // Pictures of accounts.
    package static let pictureBytesMax = 4_000_000
    /// Width and height, in pixels.
    package static let pictureSideMax = 4_096
    /// Of a JPEG. Progressive ones have some ten.
    package static let pictureScansMax = 64
    /// Pictures that are decoded at once, each in memory with all its pixels, and those that wait for it too.
    package static let picturesAtOnce = 2
    package static let pictureQueueMax = 16
    /// Of what stands before the bytes of a file in a form; such a form has one part, which is the file.
    package static let uploadHeadBytesMax = 2_048
    package static let uploadPartsMax = 1
    /// In memory, of what Gravatar has, for so long; the oldest are forgotten first.
    package static let gravatarKeptBytesMax = 16 << 20
    package static let gravatarKeptMillis: Int64 = 86_400_000
    /// How long Gravatar is left alone when it does not answer.
    package static let gravatarPauseMillis: Int64 = 300_000
    /// Pictures to ask for that wait, and those that are asked for at once.
    package static let gravatarQueueMax = 200
    package static let gravatarsAtOnce = 4

    // What the forge fetches from elsewhere.
    package static let outboundURLBytesMax = 2_048
    package static let outboundBytesMax = 4_000_000
    package static let outboundRedirectsMax = 3
    /// For a whole fetch, and between two signs of life within one.
    package static let outboundMillisMax = 10_000
    package static let outboundSilenceMillis = 5_000
    package static let outboundAtOnce = 8
    /// Threads that wait for names to be resolved.
    package static let outboundThreads = 2

    // Requests.
    package static let jsonBytesMax = 8 << 20
    package static let filesPerEditMax = 1_000
    /// A file of an edit: what a pack holds as one record.
    package static let editedFileBytesMax = 1 << 20
    package static let idempotencyKeyBytesMax = 200
    package static let formBytesMax = 16_384
    /// A form with a text of `SessionEvent.textBytesMax`, each byte of which may take three.
    package static let textFormBytesMax = 1 << 20
    package static let pageItemsMax = 100
    // What gRPC messages and streams may hold is in `WireLimits`, for the client keeps to it too.
}

/// So many tries in a window for one network, and so many for all of them together.
package struct RateLimit: Sendable {
    package let tries: Int
    package let globalTries: Int
    package let windowMillis: Int64
}
