import Foundation
import Testing

@testable import Machine

@Suite("The machine's memory")
struct MachineMemoryTests {
    @Test("Memory is the machine's or the limit of a control group around the process, whichever is less, in both versions")
    func limits() throws {
        let place = FileManager.default.temporaryDirectory.appendingPathComponent("memory-\(UUID().uuidString)").path + "/"
        defer { try? FileManager.default.removeItem(atPath: place) }
        func write(_ text: String, to path: String) throws {
            let url = URL(fileURLWithPath: place + path)
            try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(text.utf8).write(to: url)
        }
        func look() -> MachineMemory {
            MachineMemory(facts: place + "meminfo", group: ControlGroup(root: place + "groups", membership: place + "membership"))
        }
        #expect(look().available == nil && look().free == nil && !look().isLimited)
        try write("MemTotal:       2048 kB\nMemFree: 1 kB\nMemAvailable:    512 kB\n", to: "meminfo")
        #expect(look().available == 2 << 20 && look().free == 512 << 10)
        // A job's own group leaves it open, the one around it does not.
        try write("0::/slurm/job\n", to: "membership")
        try write("max\n", to: "groups/slurm/job/memory.max")
        #expect(look().available == 2 << 20 && !look().isLimited)
        try write("1048576\n", to: "groups/slurm/memory.max")
        #expect(look().available == 1 << 20 && look().isLimited)
        try write("5:memory:/docker\n", to: "membership")
        try write("9223372036854771712\n", to: "groups/memory/docker/memory.limit_in_bytes")
        #expect(look().available == 2 << 20 && !look().isLimited)
        try write("4096\n", to: "groups/memory/docker/memory.limit_in_bytes")
        #expect(look().available == 4096)
        #expect((MachineMemory().available ?? 0) > 1 << 28)
    }
}
