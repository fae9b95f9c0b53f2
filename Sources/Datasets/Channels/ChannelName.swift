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
            let exact = files.filter { Self.isExact($0, words) }
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

    /// The RecordIO files that make one data set: those that are named for the channel, where all others are named for other channels; or all,
    /// where names tell nothing of channels or the same of all.
    /// - Throws: ``DatasetError`` where names leave a choice.
    func records(among names: [String], at place: String) throws -> [String] {
        let files = names.filter(ChannelFiles.isRecordIO).sorted(by: FileSystem.utf8Order)
        guard files.count > 1 else { return files }
        let named = self.files(among: files)
        let foreign = files.map { Self.words(of: $0).intersection(others) }
        let foreignCount = foreign.count { !$0.isEmpty }
        if foreignCount == 0 { return named.contains(where: isExact) ? named : files }
        if named.isEmpty, let first = foreign.first, foreign.allSatisfy({ $0 == first }) { return files }
        guard !named.isEmpty, named.count + foreignCount == files.count || named.contains(where: isExact) else {
            throw Self.several(files, at: place)
        }
        return named
    }

    private static func isExact(_ file: String, _ words: [String]) -> Bool {
        words.contains(ImageFileName.stem(of: FileSystem.name(of: file)).lowercased())
    }

    private func isExact(_ file: String) -> Bool { own.contains { Self.isExact(file, $0) } }

    private static func words(of path: String) -> Set<String> {
        Set(path.lowercased().split { !$0.isLetter }.map(String.init))
    }

    private static func several(_ files: [String], at place: String) -> DatasetError {
        DatasetError(.argument, at: place, "it holds several data sets (\(ClassNames.listed(files)))", remedy: "name one of these files")
    }
}
