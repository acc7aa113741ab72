/// A key to a store, as AWS and those like it hand them out.
package struct S3Credentials: Hashable, Sendable {
    package let accessKey: String
    package let secretKey: String
    /// Comes with temporary keys, and goes with every request.
    package let sessionToken: String?

    package init(accessKey: String, secretKey: String, sessionToken: String? = nil) {
        self.accessKey = accessKey
        self.secretKey = secretKey
        self.sessionToken = sessionToken
    }
}

extension S3Credentials: CustomStringConvertible, CustomReflectable {
    /// Never the secret: values end up in logs.
    package var description: String { "key \(accessKey)" }
    package var customMirror: Mirror { Mirror(self, children: ["accessKey": accessKey]) }
}

extension S3Credentials {
    /// The key that somebody who starts a program means: environment variables first, then the
    /// profile file, as the AWS programs look for them.
    ///
    /// | what | from |
    /// | --- | --- |
    /// | a file or a profile that was named | that file and profile, and nothing else |
    /// | `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN` | the environment |
    /// | `AWS_SHARED_CREDENTIALS_FILE`, else `~/.aws/credentials`; `AWS_PROFILE`, else `default` | the file |
    ///
    /// - Parameter read: the text of a file; nil when there is none.
    /// - Throws: `S3CredentialsError`, saying where it was looked for.
    package static func find(
        file: String?, profile: String?, environment: [String: String],
        read: (String) throws -> String?
    ) throws -> S3Credentials {
        func variable(_ name: String) -> String? {
            environment[name].flatMap { $0.isEmpty ? nil : $0 }
        }
        if file == nil, profile == nil, let key = variable("AWS_ACCESS_KEY_ID") {
            guard let secret = variable("AWS_SECRET_ACCESS_KEY") else {
                throw S3CredentialsError(
                    "AWS_ACCESS_KEY_ID is set and AWS_SECRET_ACCESS_KEY is not")
            }
            return S3Credentials(
                accessKey: key, secretKey: secret, sessionToken: variable("AWS_SESSION_TOKEN"))
        }
        let path =
            file ?? variable("AWS_SHARED_CREDENTIALS_FILE")
            ?? variable("HOME").map { "\($0)/.aws/credentials" }
        let name = profile ?? variable("AWS_PROFILE") ?? "default"
        guard let path, let text = try read(path) else {
            throw S3CredentialsError(
                "there is no key to the store: neither AWS_ACCESS_KEY_ID nor the file "
                    + (path ?? "~/.aws/credentials"))
        }
        guard let values = ProfileFile(text).profile(name) else {
            throw S3CredentialsError("\(path) has no profile [\(name)]")
        }
        guard let key = values["aws_access_key_id"], let secret = values["aws_secret_access_key"]
        else {
            throw S3CredentialsError(
                "[\(name)] in \(path) lacks aws_access_key_id or aws_secret_access_key")
        }
        return S3Credentials(
            accessKey: key, secretKey: secret, sessionToken: values["aws_session_token"])
    }
}

/// Why there is no key to a store, in a sentence.
package struct S3CredentialsError: Error, CustomStringConvertible {
    package let description: String

    init(_ description: String) {
        self.description = description
    }
}
