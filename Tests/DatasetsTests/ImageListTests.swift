import Datasets
import Testing

@Suite("im2rec lists")
struct ImageListTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        try folder.touch("images/a.jpg", "images/sub/b c.jpg", "images/100%25.png")
    }

    private func open(_ text: String, classNames: [String]? = nil, classCount: Int? = nil) throws -> ClassificationDataset {
        let list = try folder.write(text, to: "images.lst")
        return try ClassificationDataset(
            channel: folder.path + "/images", list: list, classNames: classNames, classCount: classCount)
    }

    private func failure(_ text: String, classCount: Int? = nil) -> String {
        message { _ = try open(text, classCount: classCount) }.replacing(folder.path + "/", with: "")
    }

    @Test("Whole and im2rec labels, blanks, percent signs, CRLF, a byte order mark and blank lines are read")
    func reads() throws {
        let data = try open("\u{FEFF}5\t1\ta.jpg\r\n\r\n1000\t0.000000\tsub/b c.jpg\r\n7\t1.000000\t100%25.png")
        #expect(data.labels == [.single(1), .single(0), .single(1)])
        #expect(try data.record(at: 1).id == folder.path + "/images/sub/b c.jpg")
        #expect(data.classNames == ["0", "1"])
        guard case .file(let path) = try data.record(at: 2).payload else {
            Issue.record("a list's images are files")
            return
        }
        #expect(path.hasSuffix("/images/100%25.png"))
    }

    @Test("A list given as the channel finds the folder of its name, and classes.txt beside it names the classes")
    func alone() throws {
        try folder.write("cat\ndog\nbird\n\n", to: "classes.txt")
        let list = try folder.write("0\t2\ta.jpg\n", to: "images.lst")
        let data = try ClassificationDataset(channel: list)
        #expect(data.classNames == ["cat", "dog", "bird"])
        #expect(data.histogram == [0, 0, 1])
        let text = message { _ = try ClassificationDataset(channel: list, classNames: ["dog", "cat", "bird"]) }
        #expect(text.contains("another order (cat, dog, bird) than the expected ones (dog, cat, bird)"))
        let beside = try folder.write("0\t2\timages/a.jpg\n", to: "other.lst")
        #expect(try ClassificationDataset(channel: beside).count == 1)
    }

    @Test("More than one label column is multi-hot")
    func multiLabel() throws {
        let data = try open("0\t1\t0\t1\ta.jpg\n1\t0.000000\t1.000000\t0\tsub/b c.jpg\n", classCount: 3)
        #expect(data.labelKind == .multi)
        #expect(data.labels == [.multi([1, 0, 1]), .multi([0, 1, 0])])
        #expect(data.histogram == [1, 1, 1])
        #expect(failure("0\t1\t0\ta.jpg\n", classCount: 3).contains("images.lst:1: 2 label columns, but num_classes is 3"))
        #expect(failure("0\t1\t0\ta.jpg\n1\t1\ta.jpg\n").contains("images.lst:2: 1 label columns, but line 1 has 2"))
        #expect(failure("0\t1\t7\ta.jpg\n").contains("images.lst:1, column 3 (class 1): '7' is neither 0 nor 1"))
    }

    @Test(
        "A broken line is named with file, line, column and value",
        arguments: [
            ("0 1 a.jpg\n", "images.lst:1: the columns are separated by spaces; separate index, label and path by tabs"),
            ("0,1,a.jpg\n", "images.lst:1: the columns are separated by commas; separate index, label and path by tabs"),
            ("0\ta.jpg\n", "images.lst:1: 2 columns where at least 3 are needed ('0\ta.jpg'); separate index, label and path by tabs"),
            ("index\tlabel\tpath\n", "images.lst:1, column 1 (index): 'index' is not a whole number; a list has no header"),
            ("0\t1\ta.jpg\n\n0\t1\ta.jpg\n", "images.lst:3, column 1 (index): index 0 was used on line 1 already"),
            ("0\t1.5\ta.jpg\n", "images.lst:1, column 2 (label): '1.5' is not a whole number"),
            ("0\tcat\ta.jpg\n", "images.lst:1, column 2 (label): 'cat' is not a whole number"),
            ("0\tnan\ta.jpg\n", "images.lst:1, column 2 (label): 'nan' is not a whole number"),
            ("0\t-1\ta.jpg\n", "images.lst:1, column 2 (label): label -1 is negative; count classes from 0"),
            ("0\t1e300\ta.jpg\n", "images.lst:1, column 2 (label): label 1e300 is above 999999"),
            (
                "0\t1\ta.jpg\n1\t1\tno.jpg\n2\t0\tno2.jpg\n",
                "images.lst:2: the image 'no.jpg' is not in 'images' (2 of 3 images are missing)"
            ),
            ("0\t1\t\n", "images.lst:1, column 3: the image path is empty"),
            ("\n \n", "images.lst: the list is empty"),
            ("99999999999999999999\t1\ta.jpg\n", "images.lst:1, column 1 (index): '99999999999999999999' is not a whole number"),
        ])
    func broken(text: String, expected: String) {
        #expect(failure(text).hasPrefix(expected))
    }

    @Test("A label that num_classes does not allow is an error, a gap below it a warning")
    func labelRange() throws {
        #expect(
            failure("0\t2\ta.jpg\n", classCount: 2)
                == "images.lst:1, column 2 (label): label 2 is not below num_classes = 2; count classes from 0, or raise num_classes")
        let data = try open("0\t3\ta.jpg\n1\t1\ta.jpg\n")
        #expect(data.classNames.count == 4)
        #expect(data.warnings.count == 1 && data.warnings[0].hasSuffix("no line has label 0, 2"))
        #expect(message { _ = try open("0\t3\ta.jpg\n", classNames: ["a", "b"]) }.contains("label 3 is not below num_classes = 2"))
    }

    @Test("A missing image whose name was percent-encoded or written with backslashes is recognised")
    func missingHints() {
        #expect(failure("0\t0\tsub/b%20c.jpg\n").contains("there is a 'sub/b c.jpg': write paths as they are"))
        #expect(failure("0\t0\tsub\\b c.jpg\n").contains("there is a 'sub/b c.jpg': separate folders by '/'"))
    }

    @Test("Bytes that are not UTF-8 are an error of their line")
    func notText() throws {
        let list = try folder.write(Array("0\t0\ta.jpg\n1\t0\t".utf8) + [0xFF, 0xFE, 0x0A], to: "images.lst")
        #expect(message { _ = try ImageList(contentsOf: list) }.contains("images.lst:2: the line is not UTF-8 text"))
    }

    @Test("What is written is read back")
    func roundTrip() throws {
        let path = folder.path + "/out.lst"
        let lines = [
            ImageList.Line(number: 1, index: 4, label: .single(3), path: "sub/b c.jpg"),
            ImageList.Line(number: 2, index: 1, label: .single(0), path: "100%25.png"),
        ]
        try ImageList(lines: lines).write(to: path)
        #expect(try ImageList(contentsOf: path).lines == lines)
        let multi = [ImageList.Line(number: 1, index: 0, label: .multi([1, 0]), path: "a.jpg")]
        try ImageList(lines: multi).write(to: path)
        #expect(try ImageList(contentsOf: path).lines == multi)
        let bad = ImageList(lines: [ImageList.Line(index: 0, label: .single(0), path: "a\tb.jpg")])
        #expect(message { try bad.write(to: path) }.contains("a tab or a line break"))
    }
}
