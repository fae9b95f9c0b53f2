import Reporting
import Tasks
import Testing
import Training

@Suite("Progress for people")
struct ConsoleProgressTests {
    @Test("Without a terminal there are whole lines only: header, epochs, verdict")
    func plainLines() {
        let recorder = Recorder()
        let clock = HandClock()
        let progress = ConsoleProgress(recorder.output(), context: SampleRun.context) { clock.seconds }
        progress.handle(.started(SampleRun.start()))
        progress.handle(.stepped(SampleRun.step(1)))
        clock.seconds += 61
        progress.handle(.epochEnded(SampleRun.record(1)))
        progress.handle(.epochEnded(SampleRun.record(2, isBest: false)))
        progress.handle(.finished(SampleRun.summary))
        #expect(
            recorder.text == """
                cifar-resnet-20, 0.27 M parameters, bfloat16 on cpu, random weights
                2,496 images of 3 classes, 300 for validation; 2 epochs of 78 steps
                epoch 1/2  train loss 1.500 accuracy 0.500  validation loss 1.250 accuracy 0.250  lr 0.1  1290 img/s  812 MB  1:01  ★
                epoch 2/2  train loss 0.750 accuracy 0.500  validation loss 1.250 accuracy 0.500  lr 0.1  1290 img/s  812 MB  1:01
                Done: 2 epochs in 1:01. Best validation accuracy 0.500 in epoch 2.
                  model     out/model
                  evaluate  sightline evaluate out/model --data PATH
                  predict   sightline predict out/model IMAGE…

                """)
    }

    @Test("Without a terminal a long epoch writes a line every half minute")
    func halfMinutes() {
        let recorder = Recorder()
        let clock = HandClock()
        let progress = ConsoleProgress(recorder.output(), context: SampleRun.context) { clock.seconds }
        progress.handle(.started(SampleRun.start()))
        let header = recorder.text
        for step in 1...40 {
            clock.seconds += 2
            progress.handle(.stepped(SampleRun.step(step)))
        }
        let lines = recorder.text.dropFirst(header.count).split(separator: "\n")
        #expect(lines.count == 2)
        #expect(lines[0] == "epoch 1/2  15/78  loss 1.204  accuracy 0.561  1290 img/s  eta 2:41  812 MB  data 1 %")
        #expect(!recorder.text.unicodeScalars.contains { $0.value < 32 && $0 != "\n" })
    }

    @Test("On a terminal one line is redrawn, five times a second at most")
    func redrawn() {
        let recorder = Recorder()
        let clock = HandClock()
        let progress = ConsoleProgress(recorder.output(terminal: true), context: SampleRun.context) { clock.seconds }
        progress.handle(.started(SampleRun.start()))
        let header = recorder.text
        for step in 1...100 {
            clock.seconds += 0.05
            progress.handle(.stepped(SampleRun.step(min(step, 39))))
        }
        let drawings = recorder.text.dropFirst(header.count).split(separator: "\r")
        #expect((20...25).contains(drawings.count))
        #expect(
            drawings.last
                == "epoch 1/2  ━━━━━━━━────────  39/78  loss 1.204  accuracy 0.561  1290 img/s  eta 2:41  812 MB  data 1 %\u{1B}[K")
        progress.close()
        #expect(recorder.text.hasSuffix("\r\u{1B}[K"))
        let length = recorder.text.count
        progress.close()
        #expect(recorder.text.count == length)
    }

    @Test("The live line is cut to the terminal's width, colours not counted", arguments: [10, 40, 80])
    func cut(width: Int) {
        let recorder = Recorder()
        let progress = ConsoleProgress(recorder.output(terminal: true, colour: true, width: width), context: SampleRun.context)
        progress.handle(.stepped(SampleRun.step(7)))
        let visible = recorder.text.replacing(/\u{1B}\[[0-9]*[mK]/, with: "").replacing("\r", with: "")
        #expect(visible.count == width - 1)
        #expect(visible.hasPrefix("epoch 1/2"))
        #expect(recorder.text.contains("\u{1B}[1m"))
    }

    @Test("NO_COLOR takes colours away, and so does a file")
    func noColour() {
        #expect(!TextOutput(descriptor: 1, environment: ["NO_COLOR": "1"]).usesColour)
        // Standard input of a test run, or a closed descriptor: no terminal.
        #expect(!TextOutput(descriptor: 999, environment: [:]).usesColour)
        #expect(!TextOutput(descriptor: 999, environment: [:]).isTerminal)
    }

    @Test("A resumed run says where")
    func resumed() {
        let recorder = Recorder()
        let progress = ConsoleProgress(recorder.output(), context: SampleRun.context)
        progress.handle(.started(SampleRun.start(resumedAt: (2, 14))))
        #expect(recorder.text.hasSuffix("Resumed in epoch 2 after step 14.\n"))
    }

    @Test("Several processes, and hosts where there are several, are counted in the first line")
    func world() {
        for (world, text) in [(WorldSize(processes: 2), "2 processes"), (WorldSize(processes: 6, hosts: 3), "6 processes on 3 hosts")] {
            let recorder = Recorder()
            let progress = ConsoleProgress(recorder.output(), context: SampleRun.context)
            progress.handle(.started(SampleRun.start(world: world)))
            #expect(recorder.text.hasPrefix("cifar-resnet-20, 0.27 M parameters, bfloat16 on cpu, random weights, \(text)\n"))
        }
    }

    @Test("Images that were left out are named once, and the rest counted")
    func leftOut() {
        let recorder = Recorder()
        let progress = ConsoleProgress(recorder.output(), context: SampleRun.context)
        let reasons = (1...9).map { "\($0).jpg: cut off" }
        progress.handle(.skipped(count: 2, reasons: Array(reasons.prefix(2))))
        progress.handle(.skipped(count: 2, reasons: Array(reasons.prefix(2))))
        progress.handle(.skipped(count: 9, reasons: reasons))
        let lines = recorder.text.split(separator: "\n")
        #expect(lines.count == 8)
        #expect(lines.first == "  left out: 1.jpg: cut off")
        #expect(lines.last == "  left out: 2 more")
    }
}
