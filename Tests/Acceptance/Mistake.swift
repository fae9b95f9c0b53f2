import Foundation
import Testing

/// What a user gets wrong in a job, and words that the job's reason must have.
struct Mistake: CustomTestStringConvertible, Sendable {
    let testDescription: String
    let words: [String]
    let make: @Sendable (inout Platform) throws -> Void

    init(_ name: String, _ words: [String], _ make: @escaping @Sendable (inout Platform) throws -> Void) {
        (testDescription, self.words, self.make) = (name, words, make)
    }
}

extension Mistake {
    static let classification: [Mistake] = [
        Mistake("a hyperparameter that there is not", ["'learnin_rate'", "did you mean 'learning_rate'?"]) {
            $0.set("learnin_rate", to: "0.1")
        },
        Mistake("several wrong values at once", ["optimizer is 'sdg'", "did you mean 'sgd'?", "momentum is '2'"]) {
            $0.set("optimizer", to: "sdg")
            $0.set("momentum", to: 2)
        },
        Mistake("a class beyond num_classes", ["photos.lst:4", "num_classes"]) { $0.set("num_classes", to: 3) },
        Mistake("another number of samples", ["num_training_samples is 50", "48"]) { $0.set("num_training_samples", to: 50) },
        Mistake("no channel train", ["inputdataconfig.json", "'train'", "training"]) {
            $0.remove("train")
            $0.channel("training", "photos")
        },
        Mistake("a channel without data", ["input/data/train", "holds no files"]) { $0.channel("train", nil) },
        Mistake("two lists", ["train_lst", "several lists", "exactly one .lst"]) {
            try $0.place.write(Array("0\t0\tbars/0.png\n".utf8), to: "two/a.lst")
            try $0.place.write(Array("0\t0\tbars/0.png\n".utf8), to: "two/b.lst")
            $0.channel("train_lst", "two")
        },
        Mistake("no list in the list's channel", ["train_lst", "no .lst file", "cat.txt"]) {
            try $0.place.write(Array("x".utf8), to: "none/cat.txt")
            $0.channel("train_lst", "none")
        },
        Mistake("a list with a wrong line", ["broken.lst:2"]) {
            try $0.place.write(Array("0\t0\tbars/0.png\nnonsense\n".utf8), to: "broken/broken.lst")
            $0.channel("train_lst", "broken")
        },
        Mistake("a list that names a picture that is not there", ["bars/999.png"]) {
            try $0.place.write(
                Array("0\t0\tbars/0.png\n1\t1\tbars/999.png\n2\t2\tlight/2.png\n3\t3\trows/3.png\n".utf8), to: "lost/lost.lst")
            $0.channel("train_lst", "lost")
            $0.set("num_training_samples", to: nil)
        },
        Mistake("a picture that is none", ["dark/1.png"]) { try $0.place.write(Array("no picture".utf8), to: "photos/dark/1.png") },
        Mistake("a content type of another world", ["train.ContentType", "text/csv", "application/x-recordio"]) {
            $0.channel("train", "photos", ["ContentType": "text/csv"])
        },
        Mistake("images called RecordIO", ["train.ContentType", "holds no .rec file"]) {
            $0.channel("train", "photos", ["ContentType": "application/x-recordio"])
        },
        Mistake("an unknown input mode", ["train.TrainingInputMode", "Stream", "File, FastFile or Pipe"]) {
            $0.channel("train", "photos", ["TrainingInputMode": "Stream"])
        },
        Mistake("settings of several algorithms", ["several algorithms", "SIGHTLINE_TASK"]) {
            for name in ["num_layers", "image_shape", "top_k"] { $0.set(name, to: nil) }
            $0.set("backbone", to: "resnet-50")
            $0.set("base_network", to: "vgg-16")
        },
        Mistake("a task that there is not", ["SIGHTLINE_TASK", "'poses'"]) { $0.set("environment", ["SIGHTLINE_TASK": "poses"]) },
        Mistake("a host of no job", ["resourceconfig.json", "algo-1, algo-2", "algo-9"]) {
            $0.set("hosts", ["algo-1", "algo-2"])
            $0.set("host", "algo-9")
        },
        Mistake("a model channel without a model", ["input/data/model", "holds no model", "photos.lst"]) {
            $0.channel("model", "lists")
        },
        Mistake("a model of the original", ["MXNet"]) {
            try $0.place.write(Array("x".utf8), to: "old/image-classification-0005.params")
            $0.channel("model", "old")
        },
        Mistake("an archive that is cut", ["model.tar.gz", "cut off"]) {
            try $0.place.write([0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3], to: "cut/model.tar.gz")
            $0.channel("model", "cut")
        },
        Mistake("a device that is not there", ["abacus"]) { _ in },
    ]

    static let detection: [Mistake] = [
        Mistake("a picture without its JSON", ["train/3.png", "no annotation"]) {
            try FileManager.default.removeItem(atPath: $0.place.path + "/shapes/train_annotation/3.json")
        },
        Mistake("a class that there is not", ["train_annotation", "num_classes"]) { $0.set("num_classes", to: 1) },
        Mistake("an image shape below 300", ["image_shape is '200'"]) { $0.set("image_shape", to: 200) },
        Mistake("room for fewer objects than there are", ["label_width"]) { $0.set("label_width", to: 4) },
        Mistake("a broken JSON", ["train_annotation/2.json"]) {
            try $0.place.write(Array("{".utf8), to: "shapes/train_annotation/2.json")
        },
    ]

    static let segmentation: [Mistake] = [
        Mistake("a missing mask", ["train/5.jpg", "no mask"]) {
            try FileManager.default.removeItem(atPath: $0.place.path + "/data/train_annotation/5.png")
        },
        Mistake("a class that there is not", ["train_annotation", "num_classes is 2"]) { $0.set("num_classes", to: 2) },
        Mistake("a schedule without its steps", ["lr_scheduler_step is not given"]) { $0.set("lr_scheduler", to: "step") },
        Mistake("a label map that is none", ["train_label_map.json"]) {
            try $0.place.write(Array(#"{"skale": 1}"#.utf8), to: "map/train_label_map.json")
            $0.channel("label_map", "map")
        },
    ]
}
