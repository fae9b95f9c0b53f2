import Container
import Datasets
import Testing

/// Hyperparameters are those of the published notebooks.
@Suite("What a job is for")
struct JobTaskTests {
    @Test(
        "Hyperparameters tell, in the published notebooks' jobs",
        arguments: [
            (VisionTask.classification, ["num_layers": "18", "image_shape": "3,224,224", "num_classes": "257", "epochs": "5"]),
            (.classification, ["num_classes": "5", "multi_label": "1", "use_pretrained_model": "1"]),
            (.classification, ["image_shape": "3,224,224"]),
            (.detection, ["base_network": "resnet-50", "image_shape": "300", "overlap_threshold": "0.5", "label_width": "360"]),
            (.detection, ["image_shape": "512", "num_classes": "5"]),
            (.segmentation, ["backbone": "resnet-50", "algorithm": "fcn", "crop_size": "240", "num_classes": "21"]),
            (.segmentation, ["lr_scheduler": "poly"]),
            (.segmentation, ["num_classes": "2", "_tuning_objective_metric": "validation:mIOU"]),
            (.detection, ["num_classes": "2", "_tuning_objective_metric": "validation:mAP"]),
        ])
    func hyperparameters(task: VisionTask, values: [String: String]) throws {
        var job = try ContainerFixture().job()
        job.hyperparameters = values
        #expect(try job.task(setting: nil).task == task)
    }

    @Test("Channels tell where hyperparameters don't, and a setting tells before everything")
    func channels() throws {
        let fixture = try ContainerFixture()
        try fixture.write("{}", to: "input/data/train_annotation/a.json")
        var job = try fixture.job()
        #expect(try job.task(setting: nil).task == .detection)
        #expect(try job.task(setting: "semantic-segmentation").task == .segmentation)
        try fixture.write("x", to: "input/data/train_lst/a.lst")
        #expect(try fixture.job().task(setting: nil).task == .classification)
        job.hyperparameters = ["backbone": "resnet-50"]
        #expect(try job.task(setting: nil).task == .segmentation)
    }

    @Test("The data tell where nothing else does, and a tool's file among masks tells nothing")
    func content() throws {
        let fixture = try ContainerFixture()
        for name in ["dog/1.png", "cat/2.png"] { try fixture.write("x", to: "input/data/train/" + name) }
        let job = try fixture.job()
        let found = try job.task(setting: nil)
        #expect(found.task == .classification && found.evidence == "the content of the channel train")
        let masks = try ContainerFixture()
        for name in ["readme.json", "1.png", "2.png"] { try masks.write("{}", to: "input/data/train_annotation/" + name) }
        #expect(try masks.job().task(setting: nil).task == .segmentation)
    }

    @Test("Nothing that tells, things that contradict each other and a wrong setting are errors that name the setting")
    func faults() throws {
        var job = try ContainerFixture().job()
        for (values, setting) in [([:], nil), (["backbone": "x", "base_network": "y"], nil), (["num_layers": "18"], "poses")] {
            job.hyperparameters = values
            let error = #expect(throws: ContainerError.self) { try job.task(setting: setting) }
            #expect(error?.description.contains("SIGHTLINE_TASK") == true)
        }
    }
}
