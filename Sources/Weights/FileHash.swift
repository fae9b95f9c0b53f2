import CDigest
import Glibc

/// SHA-256 of files.
public enum FileHash {
    /// The SHA-256 of a file as 64 lower-case hexadecimal digits. The file is read once, a piece at a time.
    ///
    /// - Throws: ``WeightsError`` when it cannot be read.
    public static func sha256(_ path: String) throws -> String {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw WeightsError(.system, "\(path) cannot be opened: \(systemMessage()).") }
        defer { close(descriptor) }
        guard let digest = cdigest_sha256_new() else { throw refused(path) }
        defer { cdigest_free(digest) }
        var piece = [UInt8](repeating: 0, count: 1 << 20)
        while true {
            let count = piece.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
            if count == 0 { break }
            if count < 0 {
                if errno == EINTR { continue }
                throw WeightsError(.system, "\(path) cannot be read: \(systemMessage()).")
            }
            guard piece.withUnsafeBytes({ cdigest_update(digest, $0.baseAddress, count) }) == 1 else { throw refused(path) }
        }
        var sum = [UInt8](repeating: 0, count: 32)
        guard cdigest_finish(digest, &sum) == 1 else { throw refused(path) }
        return hexadecimal(sum)
    }

    private static func refused(_ path: String) -> WeightsError {
        WeightsError(.system, "\(path): OpenSSL's libcrypto can't work out its SHA-256. Check that libssl is installed whole.")
    }
}
