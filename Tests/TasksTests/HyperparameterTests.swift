import Testing
import Torch

@testable import Tasks

struct HyperparameterTests {
    @Test("Without any value the defaults are the contract's")
    func defaults() throws {
        let settings = try ClassificationHyperparameters([:])
        #expect(settings.numLayers == 152)
        #expect(settings.imageShape == (3, 224, 224))
        #expect(settings.miniBatchSize == 32)
        #expect(settings.epochs == 30)
        #expect(settings.optimizer == .sgd)
        #expect(settings.learningRate == 0.1)
        #expect(settings.momentum == 0.9)
        #expect(settings.weightDecay == 0.0001)
        #expect(settings.schedulerFactor == 0.1)
        #expect(settings.schedulerSteps.isEmpty)
        #expect(settings.augmentation == nil)
        #expect(!settings.usePretrainedModel && !settings.multiLabel && !settings.earlyStopping)
    }

    @Test("Values arrive as strings in the forms that SageMaker's clients write")
    func strings() throws {
        let settings = try ClassificationHyperparameters([
            "epochs": "10", "early_stopping": "True", "use_pretrained_model": "1", "num_layers": "18", "lr_scheduler_step": "10, 20",
            "image_shape": "3,64,96", "augmentation_type": "crop_color_transform", "mini_batch_size": "16.0", "top_k": "5",
        ])
        #expect(settings.epochs == 10)
        #expect(settings.earlyStopping && settings.usePretrainedModel)
        #expect(settings.schedulerSteps == [10, 20])
        #expect(settings.imageShape == (3, 64, 96))
        #expect(settings.augmentation == .cropColorTransform)
        #expect(settings.miniBatchSize == 16)
        #expect(settings.topK == 5)
    }

    @Test("A rate falls by steps unless a scheduler is named, which leaves the steps out of the record")
    func scheduler() throws {
        let plain = try ClassificationHyperparameters(["lr_scheduler_step": "10"])
        #expect(plain.scheduler == .step && plain.warmupEpochs == 0)
        #expect(plain.resolved["lr_scheduler"] == nil && plain.resolved["lr_scheduler_step"] == "10")
        let cosine = try DetectionHyperparameters(["lr_scheduler": "cosine", "lr_scheduler_step": "10", "lr_warmup_epochs": "0.5"])
        #expect(cosine.scheduler == .cosine && cosine.warmupEpochs == 0.5)
        #expect(cosine.resolved["lr_scheduler"] == "cosine" && cosine.resolved["lr_scheduler_step"] == nil)
        #expect(try cosine.training.notes(on: .cpu).count == 1)
    }

    @Test("All faults are listed at once, each with what is allowed and the nearest word")
    func faults() throws {
        let error = #expect(throws: TaskError.self) {
            try ClassificationHyperparameters([
                "augmentation_type": "crop_color_transformation", "learnin_rate": "0.1", "epochs": "0", "momentum": "1.5",
                "num_layers": "77",
            ])
        }
        let text = try #require(error?.description)
        #expect(text.hasPrefix("5 hyperparameters are wrong:"))
        #expect(
            text.contains(
                "augmentation_type is 'crop_color_transformation'; it must be one of crop, crop_color, crop_color_transform, random_resized_crop; did you mean 'crop_color_transform'?"
            ))
        #expect(text.contains("'learnin_rate' is no hyperparameter of image classification; did you mean 'learning_rate'?"))
        #expect(text.contains("epochs is '0'; it must be a whole number of at least 1."))
        #expect(text.contains("momentum is '1.5'; it must be a number from 0 to 1."))
        #expect(text.contains("num_layers is 77"))
    }

    @Test(
        "Combinations that can't work are refused before data is read",
        arguments: [
            ["use_weighted_loss": "1"], ["multi_label": "1", "top_k": "2"], ["use_pretrained_model": "1", "num_layers": "20"],
            ["resize": "100"], ["num_classes": "3", "top_k": "5"], ["epochs": "2", "checkpoint_frequency": "3"],
            ["label_smoothing": "1"], ["label_smoothing": "0.1", "multi_label": "1"], ["lr_warmup_epochs": "31"],
            ["optimizer": "adam", "beta_1": "1"], ["optimizer": "adam", "beta_2": "1"],
        ])
    func combinations(values: [String: String]) {
        #expect(throws: TaskError.self) { try ClassificationHyperparameters(values) }
    }

    @Test(
        "Steps rise and there are some; counts whose products no number holds are refused, not met later",
        arguments: [
            ["lr_scheduler_step": "10,10"], ["lr_scheduler_step": ","], ["lr_scheduler_step": "1,9000000000000000000"],
            ["epochs": "1e18"], ["mini_batch_size": "9223372036854775807"], ["num_training_samples": "3e9"],
        ])
    func counts(values: [String: String]) {
        let error = #expect(throws: TaskError.self) { try ClassificationHyperparameters(values) }
        #expect(error?.description.contains(values.keys.first ?? "?") == true)
    }

    @Test("What tools write for nothing is nothing: a schedule of steps still wants its steps")
    func absent() throws {
        for word in ["none", "null", ""] {
            #expect(throws: TaskError.self) {
                try SegmentationHyperparameters(["lr_scheduler": "step", "lr_scheduler_step": word])
            }
            #expect(try ClassificationHyperparameters(["lr_scheduler_step": word]).schedulerSteps.isEmpty)
        }
    }

    @Test("What a run records can be given to the next run, and resolves to the same")
    func roundTrip() throws {
        for values in [
            [:], ["optimizer": "adam", "beta_1": "0.5"], ["optimizer": "rmsprop", "gamma": "0.8"],
            ["multi_label": "1", "use_weighted_loss": "1", "early_stopping": "True", "resize": "256", "kv_store": "dist_sync"],
        ] as [[String: String]] {
            let settings = try ClassificationHyperparameters(values)
            #expect(try ClassificationHyperparameters(settings.resolved) == settings)
        }
    }

    @Test("float16 is float16 on a GPU, and bfloat16 on a processor, which has no quick one")
    func float16() throws {
        let settings = try ClassificationHyperparameters(["precision_dtype": "float16"])
        #expect(settings.reducedPrecision(on: .cuda(0)) == .float16)
        #expect(settings.reducedPrecision(on: .cpu) == .bfloat16)
    }

    @Test("Small networks take images of 32 pixels unless told otherwise")
    func smallShape() throws {
        #expect(try ClassificationHyperparameters(["num_layers": "20"]).imageShape == (3, 32, 32))
    }

    @Test("Photographs are scaled so that the crop holds most of them; pixels are left alone")
    func resize() throws {
        let settings = try ClassificationHyperparameters([:])
        #expect(settings.resolvedResize(imagesAreFiles: true) == 256)
        #expect(settings.resolvedResize(imagesAreFiles: false) == nil)
        #expect(try ClassificationHyperparameters(["resize": "300"]).resolvedResize(imagesAreFiles: true) == 300)
    }
}
