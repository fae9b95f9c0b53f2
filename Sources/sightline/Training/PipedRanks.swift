import Datasets
import Foundation
import Launch

extension LocalRanks {
    /// Starts and supervises the ranks; each gets a copy of what comes through FIFOs, which only one could read.
    ///
    /// `channels`: paths without the number of the epoch, of different names. `run()` says the rest.
    func run(copying channels: [String]) throws -> Int32 {
        guard !channels.isEmpty else { return try run() }
        var ranks = self
        let scratch = NSTemporaryDirectory() + "sightline-pipes-\(UUID().uuidString)"
        let tees = channels.map { path in
            let folder = (path as NSString).deletingLastPathComponent
            return PipeTee(
                channel: (path as NSString).lastPathComponent, from: folder.isEmpty ? "." : folder, into: scratch, ranks: placements.count)
        }
        ranks.pipes = scratch
        ranks.failure = { tees.lazy.compactMap(\.failure).first.map { "\($0)" } }
        for tee in tees { tee.start() }
        defer {
            for tee in tees { tee.stop() }
            try? FileManager.default.removeItem(atPath: scratch)
        }
        return try ranks.run()
    }
}

extension ChannelOptions {
    /// Which of the channels at these paths come through FIFOs.
    /// - Throws: `Failure` where two of them have one name.
    func pipes(_ paths: [String?]) throws -> [String] {
        let pipes = paths.compactMap { $0 }.filter { inputMode == .pipe && Self.isPipe($0) }
        let names = pipes.map { ($0 as NSString).lastPathComponent }
        guard Set(names).count == names.count else {
            throw Failure.usage("Several processes can't tell \(pipes.joined(separator: " and ")) apart; give the FIFOs different names.")
        }
        return pipes
    }

    /// Where a channel is: as given, or where the launcher copies it to.
    func place(of path: String) -> String {
        guard inputMode == .pipe, let own = ProcessInfo.processInfo.environment[LocalRanks.pipesVariable], Self.isPipe(path) else {
            return path
        }
        return own + "/" + (path as NSString).lastPathComponent
    }

    private static func isPipe(_ path: String) -> Bool {
        !path.contains("://") && (!FileManager.default.fileExists(atPath: path) || FileManager.default.fileExists(atPath: path + "_0"))
    }
}
