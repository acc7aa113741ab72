import HifCore

/// The forge itself, without any carrier: what it needs, handed in. Its functions, the use cases,
/// are in the folders of their subject; web and RPC handlers call them and nothing below them.
package struct Forge: Sendable {
    /// The accounts as this node has them: its own, or asked of the node that keeps them.
    package let accountsSource: any AccountsSource
    private let ownAccounts: Accounts?
    package let passwords: PasswordHasher
    let pictures: PictureMaker
    /// Nil where nothing is asked of Gravatar.
    let gravatars: Gravatars?
    package let access: Access
    package let authenticator: Authenticator
    package let addresses: Addresses
    package let repositories: ProjectRepositories
    let searchIndexes: SearchIndexes
    /// Where clients fetch packs.
    let packs: PackAddresses
    /// By which the nodes of this forge know each other; nil without TLS.
    let nodeProof: NodeProof?
    /// Who may make an account here.
    package let signUpPolicy: SignUpPolicy
    /// Milliseconds since 1970.
    package let now: @Sendable () -> Int64
    let limiters = Limiters()
    let tickets = SignInTickets()
    let usage = Usage()
    /// Directories as pages show them.
    let directories = Kept<DirectoryView.Key, DirectoryView>(bytesMax: Limits.directoriesBytesMax)
    let rateLimits: RateLimits
    /// Of things that can be changed on condition, one at a time.
    let changes = Turns<String>(
        atOnce: 1, waitingMax: Limits.changesWaitingMax,
        refusal: ForgeError(
            .unavailable, "too many want to change this at once",
            hint: "send the same call again in 1 s", retrySeconds: 1))
    let proxies: TrustedProxies
    /// Nil on a forge that sends no mail.
    let mailer: Mailer?
    let lettersSent = LettersSent()

    /// - Parameter accounts: nil on a node that asks another for them.
    init(
        accounts: Accounts?, source: any AccountsSource, passwords: PasswordHasher,
        pictures: PictureMaker, gravatars: Gravatars?, addresses: Addresses,
        repositories: ProjectRepositories, search: SearchIndexes, packs: PackAddresses,
        nodeProof: NodeProof?, signUp: SignUpPolicy, allowances: Allowances,
        proxies: [AddressBlock], mailer: Mailer?, now: @escaping @Sendable () -> Int64
    ) {
        ownAccounts = accounts
        accountsSource = source
        self.passwords = passwords
        self.pictures = pictures
        self.gravatars = gravatars
        self.addresses = addresses
        self.repositories = repositories
        searchIndexes = search
        self.packs = packs
        self.nodeProof = nodeProof
        signUpPolicy = signUp
        self.now = now
        rateLimits = RateLimits(allowances)
        self.proxies = TrustedProxies(blocks: proxies)
        self.mailer = mailer
        access = Access(accounts: source)
        authenticator = Authenticator(accounts: source, now: now)
    }

    /// A forge that keeps its accounts itself and fetches nothing.
    package init(
        accounts: Accounts, passwords: PasswordHasher, pictures: PictureMaker,
        addresses: Addresses, repositories: ProjectRepositories, search: SearchIndexes,
        packs: PackAddresses = PackAddresses(base: nil), signUp: SignUpPolicy = .invite,
        mailer: Mailer? = nil, now: @escaping @Sendable () -> Int64
    ) {
        self.init(
            accounts: accounts, source: accounts, passwords: passwords, pictures: pictures,
            gravatars: nil, addresses: addresses, repositories: repositories, search: search,
            packs: packs, nodeProof: nil, signUp: signUp, allowances: Allowances(), proxies: [],
            mailer: mailer, now: now)
    }

    /// The database of this node.
    ///
    /// - Throws: on a node that has none: what needs it, such as signing in, is another node's to do.
    package var accounts: Accounts {
        get throws(ForgeError) {
            guard let ownAccounts else {
                throw ForgeError(
                    .unavailable, "this node keeps no accounts",
                    hint: "ask the node that does: its address is what --accounts says here")
            }
            return ownAccounts
        }
    }

    /// Whether this node is the one that keeps the accounts.
    var keepsAccounts: Bool { ownAccounts != nil }

    /// Whether the accounts answer.
    package func ping() async throws {
        try await accountsSource.ping()
    }

    /// The store's own id, in hexadecimal: what clients key their caches by.
    package var storeID: String { repositories.storeID.hex }

    struct Limiters: Sendable {
        let userCodes = RateLimiter(Limits.userCodeTries, of: "codes tried")
        let passwords = RateLimiter(Limits.passwordTries, of: "logins tried")
        let codes = RateLimiter(Limits.codeTries, of: "codes tried")
        let signUps = RateLimiter(Limits.signUpTries, of: "accounts made")
        let invitations = RateLimiter(Limits.invitationTries, of: "invitations tried")
        let forgotten = RateLimiter(Limits.forgottenTries, of: "links asked for")
        let invitationMails = RateLimiter(Limits.invitationMails, of: "invitations mailed")
        let deviceStarts = RateLimiter(Limits.deviceStarts, of: "logins begun")
    }
}
