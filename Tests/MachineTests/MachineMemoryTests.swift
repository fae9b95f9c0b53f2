import Foundation
import Machine
import Testing

@Suite("The machine's memory")
struct MachineMemoryTests {
    @Test("Memory is the control group's limit or the machine's, whichever is less")
    func limits() throws {
        let place = FileManager.default.temporaryDirectory.appendingPathComponent("memory-\(UUID().uuidString)").path + "/"
        defer { try? FileManager.default.removeItem(atPath: place) }
        func write(_ text: String, to path: String) throws {
            let url = URL(fileURLWithPath: place + path)
            try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(text.utf8).write(to: url)
        }
        #expect(MachineMemory(root: place).available == nil && MachineMemory(root: place).free == nil)
        try write("MemTotal:       2048 kB\nMemFree: 1 kB\nMemAvailable:    512 kB\n", to: "proc/meminfo")
        #expect(MachineMemory(root: place).available == 2 << 20 && MachineMemory(root: place).free == 512 << 10)
        try write("max\n", to: "sys/fs/cgroup/memory.max")
        #expect(MachineMemory(root: place).available == 2 << 20 && !MachineMemory(root: place).isLimited)
        try write("1048576\n", to: "sys/fs/cgroup/memory.max")
        #expect(MachineMemory(root: place).available == 1 << 20 && MachineMemory(root: place).isLimited)
        #expect((MachineMemory().available ?? 0) > 1 << 28)
    }
}
