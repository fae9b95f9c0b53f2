import CCurl
import Foundation

/// One file on its way into the cache.
struct DownloadJob {
    let file: String
    /// Where it is published, for the advice in errors.
    let url: String
    let hashPrefix: String
    /// The path at which it ends.
    let final: String
    let downloader: Downloader
    let isCancelled: () -> Bool
    let progress: (DownloadProgress) -> Void

    private var advice: String {
        "Without a network, fetch \(url) elsewhere and put it at \(final), or name the folder that holds it in SIGHTLINE_WEIGHTS_MIRROR; use_pretrained_model=0 trains from random weights."
    }

    /// Whether the verified file is there. `removing`: one of that name with another checksum, which is damaged or was cut by a copy; only who
    /// holds the lock may do so.
    func isInCache(removing: Bool = false) throws -> Bool {
        guard FileManager.default.fileExists(atPath: final) else { return false }
        if try FileHash.sha256(final).hasPrefix(hashPrefix) { return true }
        if removing { try? FileManager.default.removeItem(atPath: final) }
        return false
    }

    /// Takes the file from a local mirror.
    func copy(from source: String) throws {
        let content: MappedFile
        do {
            content = try MappedFile(path: source)
        } catch let error as WeightsError {
            throw WeightsError(
                error.kind,
                "The mirror SIGHTLINE_WEIGHTS_MIRROR has no readable \(file): \(error.description) Put the file of \(url) there.")
        }
        let part = try PartialFile(path: final + ".part")
        try part.restart()
        try content.withUnsafeBytes { buffer in
            for start in stride(from: 0, to: buffer.count, by: 1 << 22) {
                if isCancelled() { throw cancelled(part) }
                try part.append(UnsafeRawBufferPointer(rebasing: buffer[start..<min(buffer.count, start + 1 << 22)]))
                progress(DownloadProgress(received: part.size, total: buffer.count, bytesPerSecond: 0))
            }
        }
        try finish(part, source: source)
    }

    /// Fetches the file over HTTP, with as many requests as it takes.
    func download(from source: String) throws {
        let part = try PartialFile(path: final + ".part")
        var fruitless = 0
        var farthest = part.size
        var isPieced = false
        while true {
            if isCancelled() { throw cancelled(part) }
            let transfer = Transfer(part: part, observe: observer(startingAt: Date()))
            let begin = part.size
            let problem: String
            var pause = 0.0
            switch try transfer.run(url: source, timeouts: downloader.timeouts) {
            case .complete:
                report(transfer, since: nil)
                isPieced = isPieced || (begin > 0 && transfer.answer.status == 206)
                if !isPieced { return try finish(part, source: source) }
                // Pieces of two versions of the file, from a server that names none, show only now: once more in one piece.
                if try FileHash.sha256(part.path).hasPrefix(hashPrefix) { return try finish(part, source: source) }
                try part.restart()
                isPieced = false
                problem = "the pieces that arrived are not of one file"
            case .cancelled:
                throw cancelled(part)
            case .refused(let answer) where answer.status == 416:
                // Nothing lies beyond the partial file: it is complete already, or it belongs to an older and longer version.
                if try FileHash.sha256(part.path).hasPrefix(hashPrefix) { return try finish(part, source: source) }
                try part.restart()
                problem = "the server refused to resume the partial file"
            case .refused(let answer):
                problem = "the server answered with status \(answer.status)"
                guard answer.status >= 500 || answer.status == 429 || answer.status == 408 else {
                    throw WeightsError(.network, "\(source) cannot be fetched: \(problem). \(advice)")
                }
                pause = min(answer.retryAfter ?? 0, downloader.retries.longestPause)
            case .failed(let code, let sentence):
                problem = sentence
                guard Self.transient.contains(code.rawValue) else {
                    throw WeightsError(.network, "\(source) cannot be fetched: \(problem). \(advice)")
                }
            }
            // A slow, often cut line still gets there as long as each attempt brings something.
            fruitless = part.size > farthest ? 1 : fruitless + 1
            farthest = max(farthest, part.size)
            guard fruitless < max(1, downloader.retries.attempts) else {
                throw WeightsError(
                    .network,
                    "\(source) cannot be fetched: \(problem) (\(fruitless) attempts). \(kept(part))\(advice)")
            }
            try wait(max(pause, backOff(after: fruitless)), part)
        }
    }

    /// libcurl's failures that another attempt may mend. A name that does not resolve is not one: that is a machine without a network.
    private static let transient: Set<UInt32> = Set(
        [
            CURLE_COULDNT_CONNECT, CURLE_PARTIAL_FILE, CURLE_OPERATION_TIMEDOUT, CURLE_GOT_NOTHING, CURLE_SEND_ERROR, CURLE_RECV_ERROR,
            CURLE_SSL_CONNECT_ERROR, CURLE_HTTP2, CURLE_HTTP2_STREAM, CURLE_WEIRD_SERVER_REPLY,
        ].map(\.rawValue))

    private func observer(startingAt start: Date) -> (Transfer) -> Bool {
        var last = Date.distantPast
        return { transfer in
            if isCancelled() { return false }
            let now = Date()
            if now.timeIntervalSince(last) >= 0.1 {
                last = now
                report(transfer, since: start)
            }
            return true
        }
    }

    private func report(_ transfer: Transfer, since start: Date?) {
        let seconds = start.map { Date().timeIntervalSince($0) } ?? 0
        let rate = seconds > 0 ? Double(transfer.received) / seconds : 0
        progress(DownloadProgress(received: transfer.part.size, total: transfer.total, bytesPerSecond: rate))
    }

    /// Half of an exponentially growing pause and a random part of the other half, so that many machines do not return at once.
    private func backOff(after attempts: Int) -> Double {
        let full = min(downloader.retries.longestPause, downloader.retries.firstPause * pow(2, Double(attempts - 1)))
        return full / 2 + Double.random(in: 0...1) * full / 2
    }

    private func wait(_ seconds: Double, _ part: PartialFile) throws {
        let end = Date().addingTimeInterval(seconds)
        while end.timeIntervalSinceNow > 0 {
            if isCancelled() { throw cancelled(part) }
            Thread.sleep(forTimeInterval: min(0.05, max(0, end.timeIntervalSinceNow)))
        }
    }

    private func kept(_ part: PartialFile) -> String {
        part.size > 0 ? "\(part.size) bytes are kept in \(part.path) and the next attempt resumes there. " : ""
    }

    private func cancelled(_ part: PartialFile) -> WeightsError {
        WeightsError(.cancelled, "The download of \(file) was stopped. \(kept(part))")
    }

    /// Verifies the file and gives it its name.
    private func finish(_ part: PartialFile, source: String) throws {
        let hash = try FileHash.sha256(part.path)
        guard hash.hasPrefix(hashPrefix) else {
            part.remove()
            throw WeightsError(
                .checksum,
                "\(source) gave \(part.size) bytes with SHA-256 \(hash), but it must begin with \(hashPrefix). The file was removed; "
                    + "a proxy or mirror may have replaced it. \(advice)")
        }
        try part.rename(to: final)
    }
}
