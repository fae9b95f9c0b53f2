/// Which of several files are those of a channel, told by their names.
struct ChannelName {
    /// Words that name the channel, the likelier first: a set called test validates where no other does.
    private let own: [[String]]
    /// Words that name the other channels.
    private let others: Set<String>

    /// `train`, `validation`, or any other.
    init(_ channel: String) {
        let (training, validation, test) = (["train", "training"], ["validation", "valid", "val"], ["test"])
        switch channel.lowercased() {
        case "train": (own, others) = ([training], Set(validation + test))
        case "validation": (own, others) = ([validation, test], Set(training))
        case let name: (own, others) = ([[name]], Set(training + validation + test).subtracting([name]))
        }
    }

    init(_ split: ClassificationSplit) { self.init(split == .training ? "train" : "validation") }

    /// The files that are named for the channel: `train.rec`, or else those with its word in their path (`caltech-256-60-train.rec`,
    /// `instances_train2017.json`, `data_train_0.rec`), unless another channel's is in it, too. Empty: none is.
    func files(among files: [String]) -> [String] {
        for words in own {
            let exact = files.filter { words.contains(ImageFileName.stem(of: FileSystem.name(of: $0)).lowercased()) }
            if !exact.isEmpty { return exact }
        }
        for words in own {
            let named = files.filter { file in
                let found = Self.words(of: file)
                return words.contains(where: found.contains) && found.isDisjoint(with: others)
            }
            if !named.isEmpty { return named }
        }
        return []
    }

    /// The one file of the channel among several that could be; nil where there is none at all.
    /// - Throws: ``DatasetError`` where names leave a choice.
    func only(of files: [String], at place: String) throws -> String? {
        guard files.count > 1 else { return files.first }
        let named = self.files(among: files)
        guard named.count == 1 else { throw Self.several(files, at: place) }
        return named[0]
    }

    /// The RecordIO files that make one data set: those that are named for the channel; where none is named for any, all of them.
    /// - Throws: ``DatasetError`` where other channels alone are named.
    func records(among names: [String], at place: String) throws -> [String] {
        let files = names.filter(ChannelFiles.isRecordIO).sorted(by: FileSystem.utf8Order)
        guard files.count > 1 else { return files }
        let named = self.files(among: files)
        if !named.isEmpty { return named }
        guard files.allSatisfy({ Self.words(of: $0).isDisjoint(with: others) }) else { throw Self.several(files, at: place) }
        return files
    }

    private static func words(of path: String) -> Set<String> {
        Set(path.lowercased().split { !$0.isLetter }.map(String.init))
    }

    private static func several(_ files: [String], at place: String) -> DatasetError {
        DatasetError(.argument, at: place, "it holds several data sets (\(ClassNames.listed(files)))", remedy: "name one of these files")
    }
}
