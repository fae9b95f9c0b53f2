import ArgumentParser
import Foundation
import Glibc
import Imaging
import Machine
import Reporting
import Torch
import Weights

/// `sightline doctor`.
struct Doctor: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Says what this machine offers, and what is missing.",
        discussion: """
            EXAMPLES
              sightline doctor
              sightline doctor --json

            Takes a few seconds and changes nothing. The exit status is 1 where something
            keeps the program from working; notes are about what could be better.
            """)

    @Flag(help: "Write one JSON object to standard output.")
    var json = false

    func run() throws {
        let program = Finding.program
        // With another libtorch the first tensor may end the process, and nobody would read why.
        let engine = program.status == .fault ? [] : [.products(on: .cpu)] + Finding.devices
        let findings = [program, .processor, .memory] + engine + Finding.folders + [.font]
        let isFaulty = findings.contains { $0.status == .fault }
        TextOutput.standardOutput.write(json ? self.json(findings).line + "\n" : text(findings))
        if isFaulty { throw Failure(sentence: nil, status: 1) }
    }

    private func text(_ findings: [Finding]) -> String {
        var listing = Listing()
        for finding in findings { listing.add(finding.name, finding.value) }
        let advice = findings.filter { $0.status != .fine }.map { "\($0.status.rawValue): \($0.name): \($0.advice)\n" }
        return listing.text + (advice.isEmpty ? "Nothing is missing.\n" : advice.joined())
    }

    private func json(_ findings: [Finding]) -> JSONValue {
        .members([
            "version": .string(Sightline.version),
            "findings": .array(
                findings.map { finding in
                    .members([
                        "name": .string(finding.name), "value": .string(finding.value), "status": .string(finding.status.rawValue),
                        "advice": finding.status == .fine ? nil : .string(finding.advice),
                    ])
                }),
        ])
    }
}

/// One thing that a machine has or lacks.
private struct Finding {
    enum Status: String {
        case fine
        case note
        case fault
    }

    let name: String
    let value: String
    var status = Status.fine
    /// What is wrong and what to do, where it is not fine.
    var advice = ""
}

extension Finding {
    /// The program and its engine.
    static var program: Finding {
        let value = "sightline \(Sightline.version), libtorch \(Runtime.loadedVersion ?? Runtime.builtVersion)"
        do {
            try Runtime.prepare()
            EngineOptions.settleThreads()
            return Finding(name: "program", value: value)
        } catch {
            return Finding(name: "program", value: value, status: .fault, advice: "\(error)")
        }
    }

    /// Cores that this process may use.
    static var processor: Finding {
        let model = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8))?.split(separator: "\n")
            .first { $0.hasPrefix("model name") }?.split(separator: ":").last?.trimmingCharacters(in: .whitespaces)
        let cores = ProcessorCores.available
        let all = Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))
        let count = cores < all ? "\(cores) of \(all) cores" : "\(cores) core\(cores == 1 ? "" : "s")"
        return Finding(name: "processor", value: ([count] + [model].compactMap { $0 }).joined(separator: ", "))
    }

    /// Memory that jobs can have.
    static var memory: Finding {
        let memory = MachineMemory()
        func gigabytes(_ bytes: Int?) -> String { bytes.map { "\(Listing.rounded(Double($0) / 1e9)) GB" } ?? "unknown" }
        let value =
            "\(gigabytes(memory.available))\(memory.isLimited ? " in this control group" : ""), \(gigabytes(memory.free)) of the machine free"
        // ResNet-50 at mini-batches of 32 takes some 3 GB.
        guard let least = [memory.available, memory.free].compactMap({ $0 }).min(), least < 2_000_000_000 else {
            return Finding(name: "memory", value: value)
        }
        return Finding(
            name: "memory", value: value, status: .note,
            advice: "there is little; small images, a small mini_batch_size and --accumulate keep training within it.")
    }

    /// GPUs, each with a product on it.
    static var devices: [Finding] {
        let count = Device.cudaCount
        guard count == 0 else { return (0..<count).map { products(on: .cuda($0)) } }
        guard FileManager.default.fileExists(atPath: "/proc/driver/nvidia/version") else { return [Finding(name: "GPU", value: "none")] }
        var reason = "libtorch sees none"
        do { _ = try Device(parsing: "cuda") } catch { reason = "\(error)" }
        return [
            Finding(
                name: "GPU", value: "none that can be used", status: .note,
                advice: "there is an NVIDIA driver, but \(reason) `make setup` takes a libtorch with CUDA where a driver is loaded.")
        ]
    }

    /// Whether a device multiplies rightly, and how quickly.
    static func products(on device: Device) -> Finding {
        let name = device == .cpu ? "products" : device.description
        do {
            let types = [DType.float32] + [device.nativeReducedPrecision].compactMap { $0 }
            let speeds = try types.map { "\($0) \(Listing.rounded(try speed(of: $0, on: device) / 1e9)) GFLOP/s" }
            return Finding(
                name: name, value: speeds.joined(separator: ", ") + (types.count == 1 ? "; bfloat16 is not native: float32 is used" : ""))
        } catch {
            // A GPU may be full, and there is the processor.
            return Finding(
                name: name, value: "fail", status: device == .cpu ? .fault : .note,
                advice: device == .cpu ? "\(error)" : "\(error) --device cpu does without it.")
        }
    }

    /// Floating-point operations a second of a matrix product.
    private static func speed(of type: DType, on device: Device) throws -> Double {
        let side = device == .cpu ? 1024 : 4096
        let ones = try Tensor(1, shape: [side, side], dtype: type, device: device)
        let product = try matmul(ones, ones)
        guard try product.to(.float32).sum().item() == Double(side) * Double(side) * Double(side) else {
            throw TorchError("A product of ones in \(type) is wrong on \(device). Use another --device, and mistrust this one.")
        }
        var count = 0
        let clock = ContinuousClock.now
        while clock.duration(to: .now) < .milliseconds(300) {
            for _ in 0..<4 { _ = try matmul(ones, ones) }
            try device.synchronize()
            count += 4
        }
        return 2 * Double(side * side * side) * Double(count) / (clock.duration(to: .now) / .seconds(1))
    }

    /// Where files are made on the way.
    static var folders: [Finding] {
        let cache = WeightCache().folder
        let stored = (try? FileManager.default.contentsOfDirectory(atPath: cache))?.filter { !$0.hasPrefix(".") }.count ?? 0
        // What goes there does not make the folder.
        return [
            folder("temporary files", NSTemporaryDirectory(), isMade: false, failing: .fault, remedy: "Set TMPDIR to another folder."),
            folder(
                "pretrained weights", cache, isMade: true, detail: "\(stored) kept", failing: .note,
                remedy: "Set SIGHTLINE_CACHE to another folder, where use_pretrained_model is wanted."),
        ]
    }

    /// `isMade`: whether a folder that is not there is made when it is needed.
    private static func folder(
        _ name: String, _ path: String, isMade: Bool, detail: String? = nil, failing: Status, remedy: String
    ) -> Finding {
        var existing = URL(fileURLWithPath: path).path
        while isMade, existing != "/", !FileManager.default.fileExists(atPath: existing) {
            existing = (existing as NSString).deletingLastPathComponent
        }
        let attributes = try? FileManager.default.attributesOfFileSystem(forPath: existing)
        let free = (attributes?[.systemFreeSize] as? NSNumber)?.int64Value
        let parts = [path] + [detail].compactMap { $0 } + [free.map { "\(Listing.rounded(Double($0) / 1e9)) GB free" }].compactMap { $0 }
        let value = parts.joined(separator: ", ")
        guard canBeWritten(existing) else {
            return Finding(name: name, value: value, status: failing, advice: "\(existing) cannot be written into. \(remedy)")
        }
        guard let free, free < 1_000_000_000 else { return Finding(name: name, value: value) }
        return Finding(name: name, value: value, status: .note, advice: "there is less than 1 GB left. \(remedy)")
    }

    /// Tried, for root may write everywhere but where a file system has no room for it.
    private static func canBeWritten(_ folder: String) -> Bool {
        var name = Array("\(folder)/.sightline-XXXXXX".utf8CString)
        guard mkdtemp(&name) != nil else { return false }
        return rmdir(name) == 0
    }

    /// What names are drawn with.
    static var font: Finding {
        Font.system() != nil
            ? Finding(name: "font", value: "names are drawn into pictures")
            : Finding(
                name: "font", value: "none", status: .note,
                advice: "boxes are drawn without names. Install fonts-dejavu-core, or set SIGHTLINE_FONT.")
    }
}
