import Foundation
import Synchronization
import Testing

@testable import Launch

/// Ranks are small shell scripts that know their number as training does.
@Suite("Ranks of one machine", .serialized, .timeLimit(.minutes(1)))
final class LocalRanksTests {
    deinit { try? FileManager.default.removeItem(atPath: folder) }

    private let folder = FileManager.default.temporaryDirectory.appendingPathComponent("ranks-\(UUID().uuidString)").path
    private let told = Told()

    private final class Told: Sendable {
        private let all = Mutex<[String]>([])
        var lines: [String] { all.withLock { $0 } }
        func tell(_ line: String) { all.withLock { $0.append(line) } }
    }

    /// Ranks that run a script, in a folder of their own. They are waited for shortly.
    private func ranks(_ count: Int, _ script: String) throws -> LocalRanks {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        var ranks = LocalRanks(
            try Hosts.here(ranks: count, host: "here").placements, arguments: ["sh", "-c", "cd \(folder)\n" + script],
            environment: ["PATH": "/usr/bin:/bin"])
        ranks.program = "/bin/sh"
        ranks.patience.noticing = .milliseconds(300)
        ranks.patience.leaving = .milliseconds(300)
        ranks.tell = { [told] in told.tell($0) }
        return ranks
    }

    private func text(_ name: String) -> String? {
        FileManager.default.contents(atPath: folder + "/" + name).map { String(decoding: $0, as: UTF8.self) }
    }

    /// Runs `body` beside the ranks, when each has written the file `ready-<rank>`.
    private func whenReady(_ count: Int, _ body: @escaping @Sendable () -> Void) {
        let folder = folder
        Thread.detachNewThread {
            for _ in 0..<1000 where !(0..<count).allSatisfy({ FileManager.default.fileExists(atPath: "\(folder)/ready-\($0)") }) {
                usleep(10_000)
            }
            body()
        }
    }

    /// Whether a process has ended; nobody may have waited for it yet.
    private static func isGone(_ process: pid_t) -> Bool {
        guard let status = FileManager.default.contents(atPath: "/proc/\(process)/stat") else { return true }
        return String(decoding: status, as: UTF8.self).split(separator: ")").last?.hasPrefix(" Z") ?? true
    }

    @Test("Each rank learns its number, all end well, and only the first has the launcher's streams")
    func environment() throws {
        let ranks = try ranks(
            3,
            """
            echo $RANK $WORLD_SIZE $LOCAL_RANK $LOCAL_WORLD_SIZE $MASTER_ADDR $MASTER_PORT $SIGHTLINE_LAUNCHED $SIGHTLINE_HOST > $RANK
            for stream in 0 1 2; do target=$(readlink /proc/$$/fd/$stream); echo $target >> streams-$RANK; done
            """)
        #expect(try ranks.run() == 0)
        for rank in 0..<3 { #expect(text("\(rank)") == "\(rank) 3 \(rank) 3 127.0.0.1 \(ranks.placements[0].port) 1 here\n") }
        let own = try [0, 1, 2].map { try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\($0)") }
        #expect(text("streams-0")?.split(separator: "\n").map(String.init) == own)
        for rank in 1..<3 {
            let streams = try #require(text("streams-\(rank)")).split(separator: "\n")
            #expect(streams[0] == "/dev/null" && streams[1] == "/dev/null" && streams[2].hasPrefix("pipe:"))
        }
        #expect(told.lines.isEmpty)
    }

    @Test("What a rank is told can be read by it as its placement")
    func roundTrip() throws {
        var launcher = LocalRanks([], arguments: ["a"], environment: ["TORCHELASTIC_USE_AGENT_STORE": "True", "PATH": "/bin"])
        launcher.pipes = "/scratch"
        let hosts = try Hosts(["a", "b"], current: "b", ranksPerHost: 2, port: 4000, interface: "eth1")
        for placement in hosts.placements {
            let environment = launcher.rankEnvironment(of: placement)
            #expect(try Placement.found(in: environment) == placement)
            #expect(environment["SIGHTLINE_PIPES"] == "/scratch/rank-\(placement.localRank)")
            #expect(environment["PATH"] == "/bin")
            #expect(environment.keys.allSatisfy { !$0.hasPrefix("TORCHELASTIC_") })
        }
    }

    @Test("Cores are shared among the ranks, unless somebody has said how many threads there are to be")
    func threads() throws {
        let cores = ProcessInfo.processInfo.activeProcessorCount
        let placements = try Hosts.here(ranks: 2).placements
        #expect(LocalRanks(placements, environment: [:]).rankEnvironment(of: placements[0])["OMP_NUM_THREADS"] == "\(max(1, cores / 2))")
        #expect(
            LocalRanks(placements, environment: ["OMP_NUM_THREADS": "7"]).rankEnvironment(of: placements[0])["OMP_NUM_THREADS"] == "7")
    }

    @Test("The status is that of the rank that failed first, whose words are shown; what others say of it is not")
    func failed() throws {
        let status = try ranks(
            3,
            """
            if [ $RANK = 2 ]; then echo first >&2; echo second >&2; echo > failing; exit 3; fi
            if [ $RANK = 1 ]; then echo hello >&2; fi
            while [ ! -e failing ]; do sleep 0.02; done
            sleep 0.3; exit 1
            """
        ).run()
        #expect(status == 3)
        #expect(told.lines == ["rank 2: first", "rank 2: second", "sightline: error: rank 2 ended with status 3"])
    }

    @Test("Rank 0 speaks for itself")
    func firstFailed() throws {
        #expect(
            try ranks(
                2,
                "[ $RANK = 0 ] && echo > failing && exit 4; while [ ! -e failing ]; do sleep 0.02; done; sleep 0.3; echo lost >&2; exit 1"
            ).run() == 4)
        #expect(told.lines.isEmpty)
    }

    @Test(
        "A rank that leaves without a word has left it to rank 0 to say why; where that says nothing, its end is told", arguments: [3, 0])
    func silent(_ other: Int) throws {
        let status = try ranks(
            2,
            "[ $RANK = 1 ] && echo > failing && exit 3; while [ ! -e failing ]; do sleep 0.02; done; sleep 0.1; exit \(other)"
        ).run()
        #expect(status == 3)
        #expect(told.lines == (other == 0 ? ["sightline: error: rank 1 ended with status 3"] : []))
    }

    @Test("Ranks that do not notice a failure are asked to leave")
    func asked() throws {
        let status = try ranks(
            2,
            """
            if [ $RANK = 1 ]; then while [ ! -e ready ]; do sleep 0.02; done; exit 5; fi
            exec 2> /dev/null
            trap 'echo asked > asked; exit 0' TERM
            echo > ready
            while :; do sleep 0.02; done
            """
        ).run()
        #expect(status == 5)
        #expect(text("asked") == "asked\n")
    }

    @Test("Ranks that do not leave when asked are killed, with all that they started")
    func killed() throws {
        let status = try ranks(
            2,
            """
            if [ $RANK = 1 ]; then while [ ! -e child ]; do sleep 0.02; done; exit 6; fi
            trap '' TERM
            sleep 1000 &
            echo $! > child.new; mv child.new child
            while :; do sleep 0.02; done
            """
        ).run()
        #expect(status == 6)
        let child = try #require(text("child").flatMap { pid_t($0.dropLast()) })
        for _ in 0..<100 where !Self.isGone(child) { usleep(10_000) }
        #expect(Self.isGone(child))
    }

    @Test("A rank that a signal ended gives 128 and its number, and the message names both; of SIGKILL the usual cause")
    func signalled() throws {
        #expect(try ranks(2, "[ $RANK = 1 ] && kill -9 $$; sleep 0.2").run() == 137)
        #expect(told.lines.count == 1)
        #expect(told.lines[0].contains("rank 1 was ended by signal 9 (SIGKILL)") && told.lines[0].contains("memory"))
        #expect(try ranks(2, "[ $RANK = 0 ] && kill -SEGV $$; sleep 0.2").run() == 139)
        #expect(told.lines[1].contains("rank 0 was ended by signal 11 (SIGSEGV)") && !told.lines[1].contains("memory"))
    }

    @Test("A signal to the launcher is passed on once; the status is then rank 0's", arguments: [SIGTERM, SIGINT])
    func stopped(signal: Int32) throws {
        let ranks = try ranks(
            2,
            """
            exec 2> /dev/null
            trap 'echo asked >> asked-$RANK; sleep 0.1; exit $((40 + RANK))' TERM
            echo > ready-$RANK
            while :; do sleep 0.02; done
            """)
        whenReady(2) { kill(getpid(), signal) }
        #expect(try ranks.run() == 40)
        #expect(text("asked-0") == "asked\n" && text("asked-1") == "asked\n")
        #expect(told.lines.isEmpty)
    }

    @Test("A second signal kills the ranks")
    func stoppedTwice() throws {
        let ranks = try ranks(
            2,
            """
            exec 2> /dev/null
            trap 'echo > asked-$RANK' TERM
            echo > ready-$RANK
            while :; do sleep 0.02; done
            """)
        let folder = folder
        whenReady(2) {
            kill(getpid(), SIGTERM)
            for _ in 0..<500 where !FileManager.default.fileExists(atPath: folder + "/asked-0") { usleep(10_000) }
            kill(getpid(), SIGTERM)
        }
        #expect(try ranks.run() == 143)
        #expect(told.lines.isEmpty)
    }

    @Test("When rank 0 has left after a signal, the others are not waited for without end")
    func leftBehind() throws {
        let ranks = try ranks(
            2,
            """
            exec 2> /dev/null
            [ $RANK = 0 ] && trap 'exit 43' TERM || trap '' TERM
            echo > ready-$RANK
            while :; do sleep 0.02; done
            """)
        whenReady(2) { kill(getpid(), SIGTERM) }
        #expect(try ranks.run() == 43)
    }

    @Test("What all ranks depend on can end the job")
    func failure() throws {
        var ranks = try ranks(2, "exec 2> /dev/null; echo > ready-$RANK; while :; do sleep 0.02; done")
        let folder = folder
        ranks.failure = { FileManager.default.fileExists(atPath: folder + "/ready-1") ? "the pipe is gone" : nil }
        #expect(try ranks.run() == 1)
        #expect(told.lines == ["sightline: error: the pipe is gone"])
    }

    @Test("No rank outlives the thread that launched it")
    func orphans() throws {
        var ranks = try ranks(1, "echo $$ > pid.new; mv pid.new pid; exec sleep 1000")
        ranks.placements[0].rank = 1
        let (placement, program, arguments, environment) = (
            ranks.placements[0], ranks.program, ranks.arguments, ranks.rankEnvironment(of: ranks.placements[0])
        )
        let folder = folder
        Thread.detachNewThread {
            let rank = try? RankProcess(placement, program: program, arguments: arguments, environment: environment)
            for _ in 0..<500 where !FileManager.default.fileExists(atPath: folder + "/pid") { usleep(10_000) }
            withExtendedLifetime(rank) {}
        }
        for _ in 0..<500 where text("pid") == nil { usleep(10_000) }
        let process = try #require(text("pid").flatMap { pid_t($0.dropLast()) })
        for _ in 0..<500 where !Self.isGone(process) { usleep(10_000) }
        #expect(Self.isGone(process))
        // Where it lives on it must not do so after the test.
        kill(process, SIGKILL)
        waitpid(process, nil, 0)
    }

    @Test("A program that can't be started is an error that names it")
    func missing() throws {
        var ranks = try ranks(2, "")
        ranks.program = "/no/such/program"
        #expect {
            try ranks.run()
        } throws: { ($0 as? LaunchError)?.kind == .system && "\($0)".hasPrefix("/no/such/program: rank 0 cannot be started (No such file") }
    }

    @Test("Of much output the end is kept, whole lines of it; of a progress bar its last state")
    func kept() {
        let kept = KeptOutput()
        for number in 0..<20_000 { kept.keep(Array("line \(number)\n".utf8)[...]) }
        let lines = kept.lines(prefix: "rank 3: ")
        #expect(lines.first == "rank 3: …" && lines.last == "rank 3: line 19999")
        #expect(lines.dropFirst().allSatisfy { $0.hasPrefix("rank 3: line ") })
        #expect((60_000...65_536).contains(lines.dropFirst().reduce(0) { $0 + $1.utf8.count + 1 - 8 }))
        let bar = KeptOutput()
        bar.keep(Array("10 %\r20 %\r30 %\nend".utf8)[...])
        #expect(bar.lines(prefix: "") == ["30 %", "end"])
    }
}
