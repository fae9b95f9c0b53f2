import Foundation
import Reporting
import Tasks
import Testing
import Training

@Suite("Progress for programs")
struct JSONProgressTests {
    @Test("Each event is one line with stable keys; steps are none")
    func snapshot() {
        let recorder = Recorder()
        let progress = JSONProgress(recorder.output(), context: SampleRun.context)
        let events: [TrainingEvent] = [
            .started(SampleRun.start()), .stepped(SampleRun.step(3)), .validating(done: 1, total: 2), .epochEnded(SampleRun.record(1)),
            .savedBest(epoch: 1, objective: .init("accuracy", 0.25), path: "out/model"),
            .skipped(count: 1, reasons: ["a \"b\".jpg: cut off"]),
            .interrupted(checkpoint: "out/checkpoint.safetensors"), .finished(SampleRun.summary),
        ]
        for event in events { progress.handle(event) }
        #expect(
            recorder.text == """
                {"event": "started", "network": "cifar-resnet-20", "parameters": 269274, "device": "cpu", "precision": "bfloat16", \
                "processes": 1, "hosts": 1, "epochs": 2, "steps_per_epoch": 78, "images": 2496, "validation_images": 300, "classes": ["cat", "dog", "eel"]}
                {"event": "epoch", "epoch": 1, "train": {"loss": 1.5, "accuracy": 0.5}, "validation": {"accuracy": 0.25, "loss": 1.25}, \
                "learning_rate": 0.1, "seconds": 61.0, "images_per_second": 1290.4, "data_wait": 0.0125, "peak_memory_bytes": 812300000, \
                "best": true}
                {"event": "best", "epoch": 1, "metric": "accuracy", "value": 0.25, "model": "out/model"}
                {"event": "skipped", "count": 1, "reasons": ["a \\"b\\".jpg: cut off"]}
                {"event": "interrupted", "checkpoint": "out/checkpoint.safetensors"}
                {"event": "finished", "epochs": 2, "stopped_early": false, "best_epoch": 2, "metric": "accuracy", "value": 0.5, \
                "model": "out/model"}

                """)
    }

    @Test("Small numbers in a row are an array like any other")
    func bytes() {
        #expect(JSONValue.bytes([0, 7, 255]).line == "[0, 7, 255]")
        #expect(JSONValue.bytes([]).line == "[]")
    }

    @Test("Any text survives a JSON reader", arguments: ["\"\\/\u{8}\n\t\u{1}", "ä€😀\u{2028}", "", "a\r\nb"])
    func strings(text: String) throws {
        let line = JSONValue.members(["text": .string(text), "none": nil]).line
        #expect(!line.contains("\n"))
        #expect(try JSONDecoder().decode([String: String].self, from: Data(line.utf8)) == ["text": text])
    }

    @Test("Numbers come back exactly; what is no number is null")
    func numbers() throws {
        let values = [0.1, 1e300, .leastNonzeroMagnitude, -0.0, 1.0 / 3]
        let line = JSONValue.array(values.map { .number($0) }).line
        #expect(try JSONDecoder().decode([Double].self, from: Data(line.utf8)) == values)
        #expect(JSONValue.array([.number(.nan), .float(.infinity), .float(0.1)]).line == "[null, null, 0.1]")
    }
}
