import Datasets
import Testing

@testable import Serving

extension Serving {
    @Suite("Settings and forms")
    struct SettingsTests {
        @Test("A container listens where the platform says, to everybody, and has the platform's limits")
        func container() throws {
            let usual = try ServerSettings.container(root: "/data/ml", environment: [:])
            #expect(usual.host == "0.0.0.0" && usual.port == 8080 && usual.payloadLimit == 25 << 20 && !usual.isBatchTransform)
            #expect(usual.models == [.init(name: "model", path: "/data/ml/model")] && usual.modelRoot == nil && usual.token == nil)
            let batch = try ServerSettings.container(
                environment: [
                    "SAGEMAKER_BIND_TO_PORT": "9000", "SAGEMAKER_BATCH": "true", "SAGEMAKER_MAX_PAYLOAD_IN_MB": "7", "SIGHTLINE_TOKEN": "t",
                ])
            #expect(batch.port == 9000 && batch.isBatchTransform && batch.payloadLimit == 7 << 20 && batch.token == "t")
            let multi = try ServerSettings.container(environment: ["SAGEMAKER_MULTI_MODEL": "True"])
            #expect(multi.models.isEmpty && multi.modelRoot == "/opt/ml/models" && (multi.memoryLimit ?? 0) > 0)
            for (name, value) in [
                ("SAGEMAKER_BIND_TO_PORT", "http"), ("SAGEMAKER_BIND_TO_PORT", "0"), ("SAGEMAKER_MAX_PAYLOAD_IN_MB", "-1"),
            ] {
                #expect { try ServerSettings.container(environment: [name: value]) } throws: {
                    "\($0)".contains(name) && "\($0)".contains("'\(value)'")
                }
            }
        }

        @Test("Settings that can't be are refused by name")
        func refusals() {
            for (change, word) in [
                ({ $0.port = 70000 }, "port"), ({ $0.queueLimit = 0 }, "max-queue"), ({ $0.deadline = .nan }, "deadline"),
                ({ $0.batchDelay = -1 }, "batch-delay"), ({ $0.token = "a b" }, "token"), ({ $0.batchLimit = 0 }, "max-batch"),
                ({ $0.models = [.init(name: "a", path: "x"), .init(name: "a", path: "y")] }, "'a'"),
                ({ $0.models = [.init(name: "a/b", path: "x")] }, "a/b"),
            ] as [((inout ServerSettings) -> Void, String)] {
                var settings = ServerSettings()
                change(&settings)
                #expect { try settings.check() } throws: { "\($0)".contains(word) }
            }
        }

        @Test(
            "Accept is read as HTTP means it: the most welcome form that there is",
            arguments: [
                (nil, .json), ("", .json), ("*/*", .json), ("application/*", .json), ("application/json", .json),
                ("APPLICATION/JSON; verbose=TRUE", .verboseJSON), ("application/json;verbose", .verboseJSON),
                ("application/jsonlines;verbose=true", .verboseJSONLines), ("application/json;verbose=false", .json),
                ("application/json;q=0.2, application/jsonlines", .jsonLines), ("text/html, application/jsonlines;q=0.5", .jsonLines),
                ("image/png, */*;q=0.1", .json), ("application/json;q=0, application/jsonlines", .jsonLines),
            ] as [(String?, AnswerFormat)])
        func acceptance(accept: String?, format: AnswerFormat) throws {
            #expect(try AnswerChoice(accept: accept, task: .classification).format == format)
        }

        @Test("Other tasks have forms of their own; a batch transform changes only classification's default")
        func tasks() throws {
            #expect(try AnswerChoice(accept: "application/json;annotation=1", task: .detection).format == .annotation)
            #expect(try AnswerChoice(accept: nil, task: .detection, isBatchTransform: true).format == .json)
            #expect(try AnswerChoice(accept: "image/*", task: .segmentation).format == .png)
            #expect(try AnswerChoice(accept: "application/x-protobuf", task: .segmentation).format == .protobuf)
            #expect(try AnswerChoice(accept: "application/json, */*", task: .classification, isBatchTransform: true).format == .json)
            #expect(throws: ServingError.self) { try AnswerChoice(accept: "application/json", task: .segmentation) }
            #expect(throws: ServingError.self) { try AnswerChoice(accept: "nonsense", task: .detection) }
        }

        @Test("A detector's answer may have names and a threshold, which its record tells, too")
        func detectorsParameters() throws {
            let both = try AnswerChoice(accept: "application/json; threshold=0.25; verbose=1; annotation=1", task: .detection)
            #expect(both.format == .verboseAnnotation && both.threshold == 0.25)
            #expect(both.acceptance == "application/json;annotation=1;verbose=true;threshold=0.25")
            #expect(try AnswerChoice(accept: both.acceptance, task: .detection) == both)
            let lines = try AnswerChoice(accept: "application/jsonlines;annotation=1;verbose=true", task: .detection)
            #expect(lines.format == .verboseJSONLines && lines.threshold == nil)
            for wrong in ["2", "-0.1", "high", ""] {
                #expect(throws: ServingError.self) { try AnswerChoice(accept: "application/json;threshold=\(wrong)", task: .detection) }
            }
            #expect(try AnswerChoice(accept: "application/json;threshold=high", task: .classification).threshold == nil)
        }
    }
}
