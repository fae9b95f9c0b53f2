import Reporting
import Tasks
import Testing

@Suite("Evaluation reports")
struct EvaluationReportTests {
    @Test("The text has figures, classes and what was taken for what")
    func text() {
        #expect(
            SampleRun.evaluation.text == """
                accuracy  0.7143
                top-2     1.0000
                loss      0.7500
                images    7 (14.0 img/s)

                class  precision  recall  images
                cat        0.750   0.750       4
                dog        0.667   1.000       2
                eel        0.000   0.000       1

                Rows are true classes, columns what was predicted:
                     cat  dog  eel
                cat    3    1    ·
                dog    ·    2    ·
                eel    1    ·    ·

                """)
    }

    @Test("The JSON has the keys that scripts rely on")
    func json() {
        #expect(
            SampleRun.evaluation.json.line.hasPrefix(
                """
                {"accuracy": 0.7142857142857143, "top_k_accuracy_2": 1.0, "loss": 0.75, "images": 7, "images_per_second": 14.0, \
                "classes": ["cat", "dog", "eel"], "per_class": [{"class": "cat", "precision": 0.75, "recall": 0.75, "images": 4},
                """))
        #expect(SampleRun.evaluation.json.line.hasSuffix("\"confusion_matrix\": [[3, 1, 0], [0, 2, 0], [1, 0, 0]]}"))
    }

    @Test("The matrix of more than twenty classes is left to the CSV")
    func manyClasses() {
        let names = (0..<21).map { "class\($0)" }
        let report = EvaluationReport(
            classes: names, accuracy: 1, topK: nil, loss: 0, images: 21, seconds: 1,
            perClass: names.map { .init(name: $0, precision: 1, recall: 1, images: 1) },
            confusion: names.indices.map { row in names.indices.map { $0 == row ? 1 : 0 } })
        #expect(!report.text.contains("Rows are true classes"))
        #expect(report.confusionCSV.split(separator: "\n").count == 22)
    }

    @Test("The CSV quotes names as RFC 4180 asks")
    func csv() {
        let report = EvaluationReport(
            classes: ["a,b", "say \"x\""], accuracy: 1, topK: nil, loss: 0, images: 2, seconds: 1, perClass: [],
            confusion: [[1, 0], [0, 1]])
        #expect(
            report.confusionCSV == """
                true\\predicted,"a,b","say ""x\"""
                "a,b",1,0
                "say ""x\""",0,1

                """)
    }
}
