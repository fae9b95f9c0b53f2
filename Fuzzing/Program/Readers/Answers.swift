import Foundation

@testable import Storage

extension FuzzTarget {
    /// What a server answers: lists, errors, credentials.
    static let s3Answer = FuzzTarget("s3-answer", factor: 512) { bytes in
        var input = FuzzInput(bytes)
        let status = [200, 301, 400, 403, 404, 412, 503][input.choice(7)]
        let body = input.file
        if let page = try? XMLTree(body) {
            for entry in page.all("Contents") { _ = [entry["Key"]?.removingPercentEncoding, entry["Size"], entry["ETag"]] }
            _ = [page["IsTruncated"], page["NextContinuationToken"], page["UploadId"]]
        }
        let fault = S3Fault(HTTPResponse(status: status, headers: [:], body: body), location: "s3://bucket/key")
        guard !fault.error.description.isEmpty else { throw FuzzFinding("a fault without words") }
        _ = S3Credentials(json: body)?.expiresSoon()
    }

    /// `~/.aws/config` and `~/.aws/credentials`.
    static let awsProfile = FuzzTarget("aws-profile") { bytes in
        let text = String(decoding: bytes, as: UTF8.self)
        for names in [["default", "profile default"], ["profile a b"]] {
            for (name, _) in AWSProfile.parse(text, sections: names) where name != name.lowercased() {
                throw FuzzFinding("the name '\(name)' of a setting is not in lower case")
            }
        }
    }
}
