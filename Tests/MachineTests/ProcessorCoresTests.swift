import Foundation
import Testing

@testable import Machine

@Suite("Cores that a process may use")
struct ProcessorCoresTests {
    private func limit(_ membership: String, _ files: [String: String]) throws -> Double? {
        let folder = NSTemporaryDirectory() + "sightline-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        for (name, text) in files.merging(["membership": membership], uniquingKeysWith: { $1 }) {
            let path = folder + "/" + name
            try FileManager.default.createDirectory(
                atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
            try text.write(toFile: path, atomically: true, encoding: .utf8)
        }
        return ControlGroup(root: folder, membership: folder + "/membership").cores
    }

    @Test("They are at least one, and no more than the machine has")
    func here() {
        #expect((1...ProcessInfo.processInfo.processorCount).contains(ProcessorCores.available))
    }

    @Test("Cores that a process is bound to are counted in ranges")
    func bound() {
        #expect(ProcessorCores.allowed(in: "Name:\tx\nCpus_allowed:\tff\nCpus_allowed_list:\t0-3,8,10-11\nMems:\t0\n") == 7)
        #expect(ProcessorCores.allowed(in: "Cpus_allowed_list:\t5\n") == 1)
        #expect(ProcessorCores.allowed(in: "Name:\tx\n") == nil)
        #expect(ProcessorCores.allowed(in: "Cpus_allowed_list:\tmany\n") == nil)
    }

    @Test("A quota of time is cores, the tightest of all groups around counts, and max is no limit")
    func version2() throws {
        #expect(try limit("0::/\n", ["cpu.max": "250000 100000\n"]) == 2.5)
        #expect(try limit("0::/pods/one\n", ["pods/cpu.max": "400000 100000\n", "pods/one/cpu.max": "max 100000\n"]) == 4)
        #expect(try limit("0::/pods/one\n", ["pods/cpu.max": "400000 100000\n", "pods/one/cpu.max": "50000 100000\n"]) == 0.5)
        #expect(try limit("0::/\n", ["cpu.max": "max 100000\n"]) == nil)
        #expect(try limit("0::/\n", [:]) == nil)
        #expect(try limit("0::/elsewhere\n", ["cpu.max": "nonsense"]) == nil)
    }

    @Test("Version 1 says the same in two files; −1 is no limit")
    func version1() throws {
        let membership = "5:memory:/docker/x\n4:cpu,cpuacct:/docker/x\n"
        let files = ["cpu,cpuacct/cpu.cfs_quota_us": "150000\n", "cpu,cpuacct/cpu.cfs_period_us": "100000\n"]
        #expect(try limit(membership, files) == 1.5)
        #expect(try limit(membership, files.merging(["cpu,cpuacct/cpu.cfs_quota_us": "-1\n"]) { $1 }) == nil)
    }
}
