import Foundation
import Testing

@testable import Storage

/// A credential endpoint on loopback that answers as a container's or EC2's does.
private final class CredentialServer {
    private let process = Process()
    let port: Int

    init() throws {
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["python3", "-u", S3Server.root + "/Tests/Servers/credential_server.py"]
        let output = Pipe()
        process.standardOutput = output
        process.standardInput = Pipe()
        process.standardError = FileHandle.nullDevice
        try process.run()
        let line = String(decoding: output.fileHandleForReading.availableData, as: UTF8.self)
        port = try #require(Int(line.filter(\.isNumber)))
    }

    deinit { kill(process.processIdentifier, SIGKILL) }
}

@Suite("S3 credential endpoints", .enabled(if: S3Server.isInstalled, "Tests/Servers/setup.sh installs what they need"))
struct S3EndpointTests {
    @Test("A container's endpoint gives keys to who shows its token, which may lie in a file")
    func container() throws {
        let server = try CredentialServer()
        let url = "http://127.0.0.1:\(server.port)/container"
        func chain(_ more: [String: String]) -> S3CredentialChain {
            let environment = ["HOME": "/nonexistent", "AWS_CONTAINER_CREDENTIALS_FULL_URI": url].merging(more) { $1 }
            return S3CredentialChain(environment: environment, http: HTTPClient())
        }
        #expect(try chain(["AWS_CONTAINER_AUTHORIZATION_TOKEN": "good"]).credentials().accessKey == "container")
        let file = NSTemporaryDirectory() + "token-\(UUID().uuidString)"
        try "good\n".write(toFile: file, atomically: true, encoding: .utf8)
        #expect(try chain(["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": file]).credentials().sessionToken == "session")
        #expect { _ = try chain(["AWS_CONTAINER_AUTHORIZATION_TOKEN": "bad"]).credentials() } throws: {
            "\($0)".contains("container's credential endpoint")
        }
    }

    @Test("The token of a Kubernetes service account is changed for its role's keys")
    func webIdentity() throws {
        let server = try CredentialServer()
        let file = NSTemporaryDirectory() + "token-\(UUID().uuidString)"
        try "a.token+/=\n".write(toFile: file, atomically: true, encoding: .utf8)
        func chain(_ role: String, _ file: String) -> S3CredentialChain {
            S3CredentialChain(
                environment: [
                    "HOME": "/nonexistent", "AWS_EC2_METADATA_DISABLED": "true", "AWS_WEB_IDENTITY_TOKEN_FILE": file, "AWS_ROLE_ARN": role,
                    "AWS_ENDPOINT_URL_STS": "http://127.0.0.1:\(server.port)/sts",
                ], http: HTTPClient())
        }
        let keys = try chain("arn:aws:iam::1:role/trainer", file).credentials()
        #expect(keys.accessKey == "web" && keys.sessionToken == "session/+" && keys.expiration != nil && !keys.expiresSoon())
        #expect { _ = try chain("arn:aws:iam::1:role/other", file).credentials() } throws: { "\($0)".contains("token service gives no") }
        #expect { _ = try chain("arn:aws:iam::1:role/trainer", "/nonexistent/token").credentials() } throws: {
            "\($0)".contains("can't be read")
        }
    }

    @Test("A machine's metadata give keys and region, in version 2 of the protocol only")
    func machine() throws {
        let server = try CredentialServer()
        let environment = ["HOME": "/nonexistent", "AWS_EC2_METADATA_SERVICE_ENDPOINT": "http://127.0.0.1:\(server.port)/"]
        let chain = S3CredentialChain(environment: environment, http: HTTPClient())
        #expect(try chain.credentials().accessKey == "machine")
        #expect(chain.machineRegion() == "eu-north-1")
        // Asked once as long as they are good.
        #expect(try chain.credentials() == chain.credentials())
    }
}
