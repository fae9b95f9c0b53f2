import Foundation
import Reporting
import Tasks
import Testing
import Training

@Suite("Model cards")
struct ModelCardTests {
    private let card = ModelCard(
        network: "cifar-resnet-20", parameterCount: 269_274, context: SampleRun.context, summary: SampleRun.summary,
        evaluation: SampleRun.evaluation, engine: "bfloat16 on cpu")

    @Test("A card tells model, data, chosen settings, results and use")
    func snapshot() {
        #expect(
            card.markdown == """
                ---
                library_name: sightline
                pipeline_tag: image-classification
                tags:
                - cifar-resnet-20
                ---
                # cifar-resnet-20 for image classification

                cifar-resnet-20 with 0.27 M parameters, for images of 32×32 pixels in colour, trained from random weights for 2 epochs. \
                The model is that of epoch 2, with a validation accuracy of **0.5000**.

                ## Data
                | part | images | from |
                | --- | ---: | --- |
                | training | 2,496 | `photos/train` |
                | validation | 300 | `photos/validation` |

                3 classes: cat, dog, eel.

                ## Settings
                | hyperparameter | value | default |
                | --- | --- | --- |
                | epochs | 2 | 30 |
                | num_layers | 20 | 152 |

                All others, in `hyperparameters.json`, are defaults. Trained in bfloat16 on cpu.

                ## Results
                | epoch | train loss | train accuracy | validation accuracy | validation loss | learning rate | images/s |
                | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
                | 1 | 1.5000 | 0.5000 | 0.2500 | 1.2500 | 0.1 | 1290.4 |
                | **2** | 0.7500 | 0.5000 | 0.5000 | 1.2500 | 0.1 | 1290.4 |

                The model on the validation set, by class:

                | class | precision | recall | images |
                | --- | ---: | ---: | ---: |
                | cat | 0.750 | 0.750 | 4 |
                | dog | 0.667 | 1.000 | 2 |
                | eel | 0.000 | 0.000 | 1 |

                ## Use
                ```
                sightline predict model photo.jpg
                sightline evaluate model --data PATH
                ```
                `model/model.safetensors` holds the weights under torchvision's names; `model/model.json` says how an image is prepared and what the
                classes are called. `results.csv` has the figures of every epoch, `report.html` shows them, `confusion_matrix.csv` what was taken for what.

                """)
    }

    @Test("A card replaces a card, and never somebody's own README")
    func replaces() throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("card-\(UUID().uuidString)").path
        let folder = RunFolder(path)
        try folder.create()
        defer { try? FileManager.default.removeItem(atPath: path) }
        #expect(try folder.write(card))
        #expect(try folder.write(card))
        try Data("# My project\n".utf8).write(to: URL(fileURLWithPath: folder.card))
        #expect(try !folder.write(card))
        #expect(try String(contentsOfFile: folder.card, encoding: .utf8) == "# My project\n")
        #expect(try String(contentsOfFile: folder.confusionMatrix, encoding: .utf8).hasPrefix("true\\predicted,cat,dog,eel\n"))
    }
}
