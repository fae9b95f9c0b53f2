import Foundation
import Reporting
import Tasks
import Testing

@testable import Training

/// Expected lines are those of published logs (`spec/container.md`, "Log lines"), with this run's figures.
@Suite("The log of the container contract")
struct ContractLogTests {
    private func log(_ form: ContractLog.Form, _ events: [TrainingEvent]) -> [String] {
        let recorder = Recorder()
        let clock = HandClock()
        let log = ContractLog(recorder.output(), form: form, host: "algo-1", model: "/opt/ml/model") {
            clock.seconds += 2
            return Date(timeIntervalSince1970: 1_622_729_109 + clock.seconds - 100)
        }
        for event in events { log.handle(event) }
        return recorder.text.split(separator: "\n").map(String.init)
    }

    /// Lines without time and thread.
    private func texts(_ lines: [String]) -> [String] {
        lines.map { $0.hasPrefix("#metrics") ? $0 : String($0[($0.firstIndex(of: "]").map { $0 } ?? $0.startIndex)...].dropFirst(2)) }
    }

    private func step(_ step: Int, _ metrics: [MetricValue]) -> TrainingEvent {
        .stepped(
            StepInfo(
                epoch: 1, epochs: 2, step: step, batchSize: 16, steps: 100, loss: 1.25, metrics: metrics, learningRate: 0.000098,
                imagesPerSecond: 111.814, waitShare: 0, secondsLeft: 1, residentMemory: 1))
    }

    private func ended(_ training: [MetricValue], _ validation: [MetricValue], epoch: Int = 1) -> TrainingEvent {
        .epochEnded(
            EpochRecord(
                epoch: epoch, trainingLoss: 1.475714725452465, training: training, validation: validation, learningRate: 0.1,
                seconds: 2.1159,
                imagesPerSecond: 57.3, waitShare: 0, peakMemory: 1, isBest: true))
    }

    @Test("Every line but #metrics begins with its time in UTC, a level and a thread")
    func prefix() throws {
        let lines = log(.segmentation, [.started(SampleRun.start()), ended([], [.init("mIOU", 0.5)]), .finished(SampleRun.summary)])
        for line in lines where !line.hasPrefix("#metrics {") {
            #expect(line.wholeMatch(of: /\[06\/03\/2021 14:05:\d\d INFO \d+\] .+/) != nil, "\(line)")
        }
    }

    @Test("Classification: six decimals, tabs in the lines of batches, no #quality_metric")
    func classification() {
        let accuracy = [MetricValue("accuracy", 0.4523809), MetricValue("top_k_accuracy_5", 0.81)]
        let lines = texts(
            log(
                .classification,
                [
                    .started(SampleRun.start()), step(19, accuracy), step(20, accuracy),
                    ended(accuracy, [.init("accuracy", 2.0 / 3), .init("loss", 1)]),
                    .savedBest(epoch: 1, objective: .init("accuracy", 2.0 / 3), path: "x"),
                ]))
        #expect(
            Array(lines.dropFirst(2)) == [
                "Epoch[0] Batch [20]\tSpeed: 111.81 samples/sec\taccuracy=0.452381\ttop_k_accuracy_5=0.810000",
                "Epoch[0] Train-accuracy=0.452381", "Epoch[0] Train-top_k_accuracy_5=0.810000", "Epoch[0] Time cost=2.116",
                "Epoch[0] Validation-accuracy=0.666667", "Storing the best model with validation accuracy: 0.666667",
                "Saved checkpoint to \"/opt/ml/model/model.safetensors\"",
            ])
    }

    @Test("Detection: colon, equals signs, values in parentheses, progress with a decimal")
    func detection() {
        let losses = [MetricValue("cross_entropy", 0.81), MetricValue("smooth_l1", 0.54)]
        let lines = texts(
            log(
                .detection,
                [.started(SampleRun.start())] + (1...100).map { step($0, losses) } + [
                    ended(losses, [.init("mAP", 0.53), .init("coco_mAP", 0.2)]),
                    .savedBest(epoch: 1, objective: .init("mAP", 0.53), path: "x"),
                ]))
        #expect(lines[2].hasPrefix("Epoch:    0, batches:    100, num_examples:   1600, 111.8 samples/sec, epoch time so far:  0:"))
        #expect(
            lines.filter { !$0.hasPrefix("#metrics") }.dropFirst(3) == [
                "#quality_metric: host=algo-1, epoch=0, batch=100 train cross_entropy <loss>=(0.81)",
                "#quality_metric: host=algo-1, epoch=0, batch=100 train smooth_l1 <loss>=(0.54)",
                "#throughput_metric: host=algo-1, train throughput=57.3 records/second",
                "#quality_metric: host=algo-1, epoch=0, validation mAP <score>=(0.53)",
                "#progress_metric: host=algo-1, completed 50.0 % of epochs",
                "Updating the best model with validation-mAP=0.53", "Saved checkpoint to \"/opt/ml/model/model.safetensors\"",
            ])
    }

    @Test("Segmentation: a period behind the tag, colons, a blank before the closing period, whole percent")
    func segmentation() {
        let lines = texts(
            log(
                .segmentation,
                [
                    .started(SampleRun.start()), step(20, []), .validating(done: 30, total: 30),
                    ended([], [.init("mIOU", 0.5063982026717044), .init("pixel_accuracy", 0.8472626958559429)]),
                    .savedBest(epoch: 1, objective: .init("mIOU", 0.5), path: "x"),
                ]))
        #expect(
            lines.filter { !$0.hasPrefix("#metrics") && !$0.contains("validation throughput") }.dropFirst(2) == [
                "#progress_notice. epoch: 0, iterations: 20 speed: 111.814 samples/sec learning_rate: 0.000098",
                "#quality_metric. host: algo-1, epoch: 0, train loss: 1.475714725452465 .",
                "#throughput_metric. host: algo-1, epoch: 0, train throughput: 57.3 samples/sec.",
                "#quality_metric. host: algo-1, epoch: 0, validation pixel_accuracy: 0.8472626958559429 .",
                "#quality_metric. host: algo-1, epoch: 0, validation mIOU: 0.5063982026717044 .",
                "#progress_metric: host=algo-1, completed 50 % of epochs", "Serializing model to /opt/ml/model/model.safetensors",
            ])
        let speed = lines.compactMap { $0.firstMatch(of: /validation throughput: (\S+) samples\/sec\.$/)?.1 }
        #expect(speed.count == 1 && (Double(speed[0]) ?? 0) > 0)
    }

    @Test("#metrics is JSON with the algorithm, the host and figures of records and time")
    func metrics() throws {
        let lines = log(
            .detection, [.started(SampleRun.start())] + [step(1, []), step(2, []), ended([], []), .finished(SampleRun.summary)])
        let objects = try lines.filter { $0.hasPrefix("#metrics ") }.map {
            try #require(JSONSerialization.jsonObject(with: Data($0.dropFirst(9).utf8)) as? [String: Any])
        }
        try #require(objects.count == 2)
        let dimensions = try #require(objects[0]["Dimensions"] as? [String: Any])
        #expect(dimensions["Algorithm"] as? String == "AWS/Object Detection" && dimensions["Host"] as? String == "algo-1")
        #expect(dimensions["epoch"] as? Int == 0)
        let records = (objects[0]["Metrics"] as? [String: [String: Double]])?["Total Records Seen"]
        #expect(records?["sum"] == 32 && records?["count"] == 1)
        let totals = try #require(objects[1]["Metrics"] as? [String: [String: Double]])
        #expect(Set(totals.keys) == ["epochs", "setuptime", "totaltime"])
        #expect((totals["totaltime"]?["sum"] ?? 0) >= (totals["setuptime"]?["sum"] ?? .infinity))
    }
}
