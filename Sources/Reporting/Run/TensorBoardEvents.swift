import Foundation
import Machine
import Protobuf
import Tasks
import Training

/// A run for TensorBoard: an event file with the scalars of every epoch. `tensorboard --logdir` finds it anywhere below its folder.
///
/// A resumed run writes another file beside the first, which begins with all epochs before: TensorBoard forgets what it had of them when it
/// reads that a session has started. Source: tensorflow/core/util/event.proto and tensorflow/core/framework/summary.proto.
public final class TensorBoardEvents: TrainingObserver {
    private let folder: String
    private let note: (String) -> Void
    private let seconds: () -> Double
    private var file: FileHandle?
    /// Epochs before a resumption, until there is a file.
    private var past: [EpochRecord]?

    /// Writes into a folder, which is made after the first epoch.
    ///
    /// `note`: takes a sentence where it can't be written: a run without events is as good. `seconds`: since 1970.
    public init(_ folder: String, note: @escaping (String) -> Void, seconds: @escaping () -> Double = { Date().timeIntervalSince1970 }) {
        self.folder = folder
        self.note = note
        self.seconds = seconds
    }

    /// Writes the scalars of each epoch when it is over.
    public func handle(_ event: TrainingEvent) {
        switch event {
        case .started(let start): past = start.history
        case .epochEnded(let record):
            if let past { begin(after: past) }
            write(record)
        default: break
        }
    }

    private func begin(after past: [EpochRecord]) {
        self.past = nil
        open()
        guard let first = past.first else { return }
        var session = ProtobufMessage()
        // SessionLog.START
        session.add(1, 1)
        var event = event()
        event.add(2, first.epoch)
        event.add(7, session)
        append(event)
        past.forEach(write)
    }

    private func open() {
        let host = ProcessInfo.processInfo.hostName.replacing("/", with: "-")
        let path =
            "\(folder)/\(RunFolder.tensorBoardPrefix)\(Int(seconds())).\(host).\(ProcessInfo.processInfo.processIdentifier)"
            + RunFolder.tensorBoardSuffix
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            try Data().write(to: URL(fileURLWithPath: path), options: .withoutOverwriting)
            file = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
        } catch {
            return note("\(path) cannot be written: \(error.systemReason); TensorBoard sees nothing of this run.")
        }
        var version = event()
        version.add(3, "brain.Event:2")
        append(version)
    }

    private func write(_ record: EpochRecord) {
        var scalars = [("loss/training", record.trainingLoss)]
        scalars += record.training.map { ("\($0.name)/training", $0.value) } + record.validation.map { ("\($0.name)/validation", $0.value) }
        scalars += [
            ("learning_rate", record.learningRate), ("speed/images_per_second", record.imagesPerSecond),
            ("speed/data_wait", record.waitShare),
            ("memory/peak_bytes", Double(record.peakMemory)),
        ]
        var summary = ProtobufMessage()
        for (tag, value) in scalars {
            var scalar = ProtobufMessage()
            scalar.add(1, tag)
            scalar.add(2, Float(value))
            summary.add(1, scalar)
        }
        var event = event()
        event.add(2, record.epoch)
        event.add(5, summary)
        append(event)
    }

    private func event() -> ProtobufMessage {
        var event = ProtobufMessage()
        event.add(1, seconds())
        return event
    }

    private func append(_ event: ProtobufMessage) {
        do {
            try file?.write(contentsOf: TFRecord.framed(Array(event.pieces.joined())))
        } catch {
            file = nil
            note("\(folder) cannot be written: \(error.systemReason); TensorBoard sees no more of this run.")
        }
    }
}
