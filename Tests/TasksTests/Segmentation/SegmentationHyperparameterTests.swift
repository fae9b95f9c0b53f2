import Networks
import Testing
import Torch

@testable import Tasks

@Suite("Hyperparameters of segmentation")
struct SegmentationHyperparameterTests {
    private func message(_ values: [String: String]) -> String {
        do {
            _ = try SegmentationHyperparameters(values)
            return "no error"
        } catch {
            return "\(error)"
        }
    }

    @Test("Defaults are the contract's")
    func defaults() throws {
        let found = try SegmentationHyperparameters([:])
        #expect(found == SegmentationHyperparameters())
        #expect(found.algorithm == .fcn && found.backbone == .resNet50 && found.usePretrainedModel)
        #expect(found.baseSize == 520 && found.cropSize == 240 && found.miniBatchSize == 16 && found.epochs == 10)
        #expect(found.learningRate == 0.001 && found.momentum == 0.9 && found.weightDecay == 0.0001 && found.scheduler == .poly)
        #expect(found.earlyStoppingMinEpochs == 5 && found.earlyStoppingPatience == 4 && !found.synchronizesBatchNorm)
    }

    @Test("The platform's own example passes, internal names and all")
    func example() throws {
        let found = try SegmentationHyperparameters([
            "backbone": "resnet-101", "algorithm": "deeplab", "use_pretrained_model": "True", "crop_size": "241", "num_classes": "21",
            "epochs": "10", "learning_rate": "0.0001", "optimizer": "rmsprop", "lr_scheduler": "poly", "mini_batch_size": "16",
            "validation_mini_batch_size": "16", "early_stopping": "True", "early_stopping_patience": "2", "num_training_samples": "1464",
            "syncbn": "False", "gamma1": "0.8", "_aux_weight": "0.5", "_tuning_objective_metric": "validation:mIOU",
        ])
        #expect(found.cropSize == 248 && found.numClasses == 21 && found.validationMiniBatchSize == 16)
        #expect(found.updateRule.rule == .rmsprop(decay: 0.8, momentum: 0.9, eps: 1e-8) && found.updateRule.weightDecay == 0)
        #expect(try SegmentationHyperparameters(found.resolved) == found)
    }

    @Test("Every fault is told at once, with what is allowed")
    func faults() {
        let said = message([
            "algorithm": "fcm", "backbone": "vgg-16", "num_classes": "300", "crop_size": "16", "lr_scheduler": "step", "optimzer": "sgd",
            "gamma2": "1.5",
        ])
        #expect(said.hasPrefix("7 hyperparameters are wrong:"))
        #expect(said.contains("algorithm is 'fcm'; it must be one of fcn, psp, deeplab; did you mean 'fcn'?"))
        #expect(said.contains("num_classes is '300'; it must be a whole number from 2 to 254, background included."))
        #expect(said.contains("crop_size is '16'; it must be a whole number from 17 to 4096."))
        #expect(said.contains("lr_scheduler is 'step', and lr_scheduler_step is not given"))
        #expect(said.contains("'optimzer' is no hyperparameter of semantic segmentation; did you mean 'optimizer'?"))
        #expect(message(["lr_scheduler": "step", "lr_scheduler_step": "3, 6"]) == "no error")
    }

    @Test("Weight decay and momentum are sgd's and nag's; each optimiser has MXNet's rule")
    func rules() throws {
        func rule(_ name: String) throws -> (rule: UpdateRule, weightDecay: Double) {
            try SegmentationHyperparameters(["optimizer": name, "weight_decay": "0.01", "momentum": "0.7"]).updateRule
        }
        #expect(try rule("sgd") == (.sgd(momentum: 0.7), 0.01))
        #expect(try rule("nag") == (.nag(momentum: 0.7), 0.01))
        #expect(try rule("adam") == (.adam(beta1: 0.9, beta2: 0.999, eps: 1e-8), 0))
        #expect(try rule("adagrad") == (.adagrad(eps: 1e-7), 0))
        #expect(try rule("adadelta") == (.adadelta(rho: 0.9, eps: 1e-5), 0))
    }
}
