import HifStore
import Testing

@testable import HifS3

@Suite struct CredentialsTests {
    static let file = """
        # keys
        [default]
        aws_access_key_id = AK1
        aws_secret_access_key=S/1+=
        region = eu-central-1

        [ work ]
        AWS_ACCESS_KEY_ID = AK2
        aws_secret_access_key = S2
        aws_session_token = T2
        s3 =
          max_concurrent_requests = 20
        ; the end
        [profile other]
        aws_access_key_id = AK3
        """

    private func find(
        file: String? = nil, profile: String? = nil, _ environment: [String: String] = [:]
    ) throws -> S3Credentials {
        try S3Credentials.find(file: file, profile: profile, environment: environment) { path in
            [
                "/home/ana/.aws/credentials": Self.file,
                "/etc/keys": "[default]\naws_access_key_id=F\naws_secret_access_key=G",
            ][path]
        }
    }

    private func reason(
        file: String? = nil, profile: String? = nil, _ environment: [String: String] = [:]
    ) -> String {
        do {
            return "found \(try find(file: file, profile: profile, environment))"
        } catch {
            return "\(error)"
        }
    }

    @Test func `the environment comes before the file`() throws {
        let both = [
            "AWS_ACCESS_KEY_ID": "E", "AWS_SECRET_ACCESS_KEY": "F", "AWS_SESSION_TOKEN": "G",
            "HOME": "/home/ana",
        ]
        #expect(
            try find(both) == S3Credentials(accessKey: "E", secretKey: "F", sessionToken: "G"))
        #expect(
            try find(["HOME": "/home/ana"]) == S3Credentials(accessKey: "AK1", secretKey: "S/1+="))
    }

    @Test func `a named file or profile comes before the environment`() throws {
        let environment = [
            "AWS_ACCESS_KEY_ID": "E", "AWS_SECRET_ACCESS_KEY": "F", "HOME": "/home/ana",
        ]
        #expect(
            try find(profile: "work", environment)
                == S3Credentials(accessKey: "AK2", secretKey: "S2", sessionToken: "T2"))
        #expect(
            try find(file: "/etc/keys", environment)
                == S3Credentials(accessKey: "F", secretKey: "G"))
        #expect(
            try find(["HOME": "/home/ana", "AWS_PROFILE": "work"]).accessKey == "AK2")
        #expect(
            try find(["AWS_SHARED_CREDENTIALS_FILE": "/etc/keys"]).accessKey == "F")
    }

    @Test func `what is missing is said, and where it was looked for`() {
        #expect(
            reason()
                == "there is no key to the store: neither AWS_ACCESS_KEY_ID nor the file ~/.aws/credentials"
        )
        #expect(reason(["HOME": "/nowhere"]).hasSuffix("nor the file /nowhere/.aws/credentials"))
        #expect(
            reason(["AWS_ACCESS_KEY_ID": "E"])
                == "AWS_ACCESS_KEY_ID is set and AWS_SECRET_ACCESS_KEY is not")
        #expect(
            reason(profile: "none", ["HOME": "/home/ana"])
                == "/home/ana/.aws/credentials has no profile [none]")
        #expect(reason(profile: "other", ["HOME": "/home/ana"]).contains("lacks"))
        // An empty variable is none.
        #expect(reason(["AWS_ACCESS_KEY_ID": "", "HOME": "/home/ana"]) == "found key AK1")
    }

    @Test func `addresses of buckets are read, and others refused with the reason`() throws {
        #expect(try S3Address("s3://bucket").prefix == nil)
        #expect(try S3Address("s3://bucket/").description == "s3://bucket")
        #expect(try S3Address("s3://bucket/a/b/").prefix?.string == "a/b")
        for wrong in [
            "s3://", "s3://a", "s3:///x", "s3://Bucket", "s3://bucket//x", "s3://bucket/A",
            "s3://bucket/.x", "s3://bucket/" + String(repeating: "a", count: 129), "bucket", "",
        ] {
            #expect(throws: (any Error).self) { try S3Address(wrong) }
        }
    }

    @Test func `settings become addresses in path style and in host style`() throws {
        var settings = S3Settings(bucket: "bucket", region: "eu-central-1")
        #expect(
            try settings.resolvedEndpoint()
                == .init(
                    isSecure: true, host: "bucket.s3.eu-central-1.amazonaws.com", pathPrefix: "/"))
        settings = S3Settings(bucket: "bucket", endpoint: "http://127.0.0.1:8333/")
        #expect(
            try settings.resolvedEndpoint()
                == .init(isSecure: false, host: "127.0.0.1:8333", pathPrefix: "/bucket/"))
        settings = S3Settings(
            bucket: "bucket", endpoint: "https://s3.example.org:443", isPathStyle: false)
        #expect(try settings.resolvedEndpoint().host == "bucket.s3.example.org")
        #expect(S3Settings(bucket: "b", endpoint: "https://storage.googleapis.com").dialect == .gcs)
        for wrong in ["", "s3.example.org", "ftp://x", "http://", "http://a/b", "http://a b"] {
            #expect(throws: (any Error).self) {
                try S3Settings(bucket: "bucket", endpoint: wrong).resolvedEndpoint()
            }
        }
        #expect(throws: (any Error).self) {
            try S3Settings(bucket: "name--use1-az4--x-s3").resolvedEndpoint()
        }
        #expect(throws: (any Error).self) {
            try S3Settings(bucket: "bucket", region: "a/b").resolvedEndpoint()
        }
    }
}
