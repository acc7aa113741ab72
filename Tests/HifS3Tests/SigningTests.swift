import Testing

@testable import HifS3

/// The examples that AWS publishes with the description of the signature, and our own around them.
@Suite struct SigningTests {
    static let signer = RequestSigner(
        credentials: S3Credentials(
            accessKey: "AKIAIOSFODNN7EXAMPLE",
            secretKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
        region: "us-east-1", words: .aws)
    static let host = "examplebucket.s3.amazonaws.com"
    /// 2013-05-24 00:00:00 UTC.
    static let moment: Int64 = 1_369_353_600

    private func signature(
        _ method: String, _ path: String, query: [(String, String)] = [],
        headers: [(String, String)] = [], body: String = "", signer: RequestSigner = signer
    ) -> (signature: Substring, headers: [(String, String)]) {
        let headers = signer.signed(
            method: method, host: SigningTests.host, path: path, query: query, headers: headers,
            bodyHash: RequestSigner.hash(Array(body.utf8)), at: SigningTests.moment)
        let value = headers.first { $0.0 == "authorization" }?.1 ?? ""
        return (value.split(separator: "Signature=").last ?? "", headers)
    }

    @Test func `reading a range is signed as in the example of AWS`() {
        let made = signature("GET", "/test.txt", headers: [("Range", "bytes=0-9")])
        #expect(
            made.signature == "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41")
        #expect(made.headers.contains { $0 == ("x-amz-date", "20130524T000000Z") })
        #expect(
            made.headers.last?.1.hasPrefix(
                "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,"
                    + "SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,Signature=") == true
        )
    }

    @Test func `writing an object is signed as in the example of AWS`() {
        let path = RequestSigner.percentEncoded("/test$file.text", keeping: "/")
        #expect(path == "/test%24file.text")
        let made = signature(
            "PUT", path,
            headers: [
                ("Date", "Fri, 24 May 2013 00:00:00 GMT"),
                ("x-amz-storage-class", "REDUCED_REDUNDANCY"),
            ], body: "Welcome to Amazon S3.")
        #expect(
            made.signature == "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd")
    }

    @Test func `a query is signed as in the examples of AWS, in whatever order it is given`() {
        #expect(
            signature("GET", "/", query: [("lifecycle", "")]).signature
                == "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543")
        for query in [
            [("max-keys", "2"), ("prefix", "J")], [("prefix", "J"), ("max-keys", "2")],
        ] {
            #expect(
                signature("GET", "/", query: query).signature
                    == "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7")
        }
    }

    @Test func `a session token goes along and is signed`() {
        let temporary = RequestSigner(
            credentials: S3Credentials(accessKey: "A", secretKey: "S", sessionToken: "T"),
            region: "us-east-1", words: .aws)
        let made = signature("GET", "/", signer: temporary)
        #expect(made.headers.contains { $0 == ("x-amz-security-token", "T") })
        #expect(made.headers.last?.1.contains("x-amz-security-token,Signature=") == true)
        let google = RequestSigner(
            credentials: temporary.credentials, region: "auto", words: .gcs)
        let other = signature("GET", "/", signer: google)
        #expect(
            other.headers.last?.1.hasPrefix(
                "GOOG4-HMAC-SHA256 Credential=A/20130524/auto/storage/goog4_request,"
                    + "SignedHeaders=host;x-goog-content-sha256;x-goog-date;x-goog-security-token,")
                == true)
        #expect(!other.headers.contains { $0.0.hasPrefix("x-amz") })
    }

    @Test func `queries are percent-encoded and sorted by what is sent`() {
        #expect(
            RequestSigner.encoded([("b", "a/b c"), ("a", "ä~._-"), ("a", "%")])
                == "a=%25&a=%C3%A4~._-&b=a%2Fb%20c")
    }

    @Test(arguments: [
        (0, "19700101T000000Z"), (951_782_399, "20000228T235959Z"),
        (951_782_400, "20000229T000000Z"), (1_709_251_199, "20240229T235959Z"),
        (1_709_251_200, "20240301T000000Z"), (4_107_542_400, "21000301T000000Z"),
    ]) func `moments are spelled in UTC`(seconds: Int64, text: String) {
        #expect(Timestamp(seconds: seconds).compact == text)
        #expect(Timestamp(seconds: seconds).day == String(text.prefix(8)))
    }

    @Test func `a secret is never in a description`() {
        let credentials = S3Credentials(accessKey: "AK", secretKey: "secret", sessionToken: "token")
        var dumped = ""
        dump(credentials, to: &dumped)
        for text in ["\(credentials)", String(reflecting: credentials), dumped] {
            #expect(!text.contains("secret") && !text.contains("token"))
        }
    }
}
