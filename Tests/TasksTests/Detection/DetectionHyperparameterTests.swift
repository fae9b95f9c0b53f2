import Tasks
import Testing
import Torch

struct DetectionHyperparameterTests {
    @Test("Without any value the defaults are the contract's")
    func defaults() throws {
        let settings = try DetectionHyperparameters([:])
        #expect(settings.baseNetwork == .vgg16 && settings.imageShape == 300 && !settings.usePretrainedModel)
        #expect(settings.numClasses == nil && settings.numTrainingSamples == nil && settings.freezeLayerPattern == nil)
        #expect(settings.miniBatchSize == 32 && settings.epochs == 30 && settings.learningRate == 0.001)
        #expect(settings.schedulerFactor == 0.1 && settings.schedulerSteps.isEmpty)
        #expect(settings.optimizer == .sgd && settings.momentum == 0.9 && settings.weightDecay == 0.0005)
        #expect(settings.overlapThreshold == 0.5 && settings.nmsThreshold == 0.45 && settings.nmsTopK == 400 && settings.labelWidth == nil)
        #expect(!settings.earlyStopping && settings.earlyStoppingMinEpochs == 10 && settings.earlyStoppingPatience == 5)
        #expect(settings.earlyStoppingTolerance == 0 && settings.kvStore == nil)
    }

    @Test("The final configuration of a published job's log is accepted as it stands")
    func containerDefaults() throws {
        let settings = try DetectionHyperparameters([
            "base_network": "resnet-50", "use_pretrained_model": "1", "num_classes": "20", "mini_batch_size": "16", "epochs": "5",
            "learning_rate": "0.001", "lr_scheduler_step": "3,6", "lr_scheduler_factor": "0.1", "optimizer": "rmsprop", "momentum": "0.9",
            "weight_decay": "0.0005", "overlap_threshold": "0.5", "nms_threshold": "0.45", "num_training_samples": "16551",
            "image_shape": "300", "label_width": "350", "freeze_layer_pattern": "", "early_stopping": "False",
            "early_stopping_min_epochs": "10", "early_stopping_patience": "5", "early_stopping_tolerance": "0.0", "kv_store": "device",
            "nms_topk": "400", "_tuning_objective_metric": "validation:mAP", "_kvstore": "device", "_num_kv_servers": "auto",
            "_begin_epoch": "0",
        ])
        #expect(settings.baseNetwork == .resNet50 && settings.usePretrainedModel && settings.numClasses == 20)
        #expect(settings.schedulerSteps == [3, 6] && settings.kvStore == .device && settings.freezeLayerPattern == nil)
    }

    @Test("All faults are listed at once, each with what is allowed and the nearest word")
    func faults() throws {
        let error = #expect(throws: TaskError.self) {
            try DetectionHyperparameters([
                "base_network": "vgg16", "image_shape": "299", "learning_rate": "0", "nms_treshold": "0.5", "overlap_threshold": "1.5",
                "freeze_layer_pattern": "^(conv1_", "label_width": "6", "optimizer": "nag", "num_layers": "50", "early_stopping": "maybe",
            ])
        }
        let text = try #require(error?.description)
        #expect(text.hasPrefix("10 hyperparameters are wrong:"))
        #expect(
            text.contains(
                "base_network is 'vgg16'; it must be one of vgg-16, resnet-50, resnet-18, resnet-34, resnet-101; did you mean 'vgg-16'?"))
        #expect(text.contains("image_shape is '299'; it must be a whole number from 300 to 4096."))
        #expect(text.contains("learning_rate is '0'; it must be a number above 0, at most 1."))
        #expect(text.contains("'nms_treshold' is no hyperparameter of object detection; did you mean 'nms_threshold'?"))
        #expect(text.contains("overlap_threshold is '1.5'"))
        #expect(text.contains("freeze_layer_pattern is '^(conv1_', which is no regular expression"))
        #expect(text.contains("label_width is '6'"))
        #expect(text.contains("optimizer is 'nag'; it must be one of sgd, adam, rmsprop, adadelta"))
        #expect(text.contains("'num_layers' is no hyperparameter of object detection"))
    }

    @Test("Every name is read: a wrong value is that name's fault", arguments: DetectionHyperparameters.names)
    func everyName(name: String) throws {
        let error = #expect(throws: TaskError.self) { try DetectionHyperparameters([name: "(~"]) }
        #expect(error?.description.hasPrefix("\(name) is '(~'") == true, "\(error?.description ?? "")")
    }

    @Test("Optimisers have the contract's numbers, and weight decay goes with sgd and rmsprop")
    func rules() throws {
        func rule(_ values: [String: String]) throws -> (rule: UpdateRule, weightDecay: Double) {
            try DetectionHyperparameters(values).updateRule
        }
        #expect(try rule(["momentum": "0.8"]) == (.sgd(momentum: 0.8), 0.0005))
        #expect(try rule(["optimizer": "rmsprop"]) == (.rmsprop(decay: 0.9, momentum: nil, eps: 1e-8), 0.0005))
        #expect(try rule(["optimizer": "adam"]) == (.adam(beta1: 0.9, beta2: 0.999, eps: 1e-8), 0))
        #expect(try rule(["optimizer": "adadelta"]) == (.adadelta(rho: 0.9, eps: 1e-5), 0))
    }

    @Test("What a run records can be given to the next run, and resolves to the same")
    func roundTrip() throws {
        for values in [
            [:], ["optimizer": "adam"], ["optimizer": "rmsprop", "weight_decay": "0.1"],
            ["freeze_layer_pattern": "^(conv1_|conv2_).*", "early_stopping": "True", "lr_scheduler_step": "10, 20", "nms_topk": "100"],
        ] as [[String: String]] {
            let settings = try DetectionHyperparameters(values)
            #expect(try DetectionHyperparameters(settings.resolved) == settings)
        }
    }
}
