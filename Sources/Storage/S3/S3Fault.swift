/// An answer of S3 that is none: its code, and what a user can do about it.
///
/// Source: Amazon S3 API Reference, "Error responses".
struct S3Fault {
    /// `NoSuchKey`; nil where the server sent no code (answers to HEAD have no body).
    let code: String?
    /// The region that the bucket is in, where the answer tells that it is another.
    let region: String?
    let error: StorageError

    /// Whether new keys may help.
    var keysHaveExpired: Bool { isWithoutReason || code == "ExpiredToken" || code == "TokenRefreshRequired" || code == "InvalidToken" }
    /// Answers to HEAD have no body, so that expired keys look like a missing right.
    private let isWithoutReason: Bool

    init(_ response: HTTPResponse, location: String) {
        let document = try? XMLTree(response.body)
        let code = document?["Code"]
        self.code = code
        isWithoutReason = code == nil && response.body.isEmpty && [400, 403].contains(response.status)
        let isElsewhere =
            [301, 307].contains(response.status) || code == "AuthorizationHeaderMalformed" || code == "PermanentRedirect"
            || response.status == 400 && response.headers["x-amz-bucket-region"] != nil
        region = isElsewhere ? response.headers["x-amz-bucket-region"] ?? document?["Region"] : nil
        let said = [code, document?["Message"]].compactMap { $0 }.joined(separator: ": ")
        let answer = "the server answers \(response.status)\(said.isEmpty ? "" : " (\(said))")"
        let (kind, remedy): (StorageError.Kind, String) =
            switch (response.status, code) {
            case (404, "NoSuchBucket"?): (.missing, "check the bucket's name and AWS_ENDPOINT_URL")
            case (404, _): (.missing, "check the key")
            case (412, _): (.damaged, "the object was changed while it was read: start again when nobody writes to it")
            case (_, "RequestTimeTooSkewed"?): (.denied, "set this machine's clock")
            case (_, "SignatureDoesNotMatch"?): (.denied, "check AWS_SECRET_ACCESS_KEY and the region")
            case (_, "InvalidAccessKeyId"?): (.denied, "check AWS_ACCESS_KEY_ID")
            case (_, "ExpiredToken"?): (.denied, "get new temporary credentials")
            case (401, _), (403, _): (.denied, "give these credentials the right to it (s3:GetObject, s3:PutObject, s3:ListBucket)")
            case (500..., _), (429, _): (.unreachable, "try again later")
            default: (.unreachable, "check the endpoint and the region")
            }
        error = StorageError(kind, at: location, answer, remedy: remedy)
    }
}
