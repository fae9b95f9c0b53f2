import Testing

@testable import Datasets

private let jpeg: [UInt8] = [0xFF, 0xD8, 0xFF, 0xE0]
private let png: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]

@Suite("Names of written pictures")
struct ImageFileNameTests {
    @Test(
        "The extension follows the content",
        arguments: [
            ("a/b.jpg", "a/b.jpg"), ("a.JPEG", "a.JPEG"), ("a.png", "a.jpg"), ("train.rec#3", "train.rec#3.jpg"), ("1.5", "1.5.jpg"),
        ])
    func extensionFollowsContent(name: String, expected: String) {
        #expect(ImageFileName.make(for: name, content: jpeg) == expected)
    }

    @Test("No name leads out of the folder, hides the file or breaks a line of a list")
    func namesAreSafe() {
        #expect(ImageFileName.make(for: "/../../etc/x", content: png) == "etc/x.png")
        #expect(ImageFileName.make(for: "a/.hidden.png", content: png) == "a/_hidden.png")
        #expect(ImageFileName.make(for: "a\tb\nc.png", content: png) == "a_b_c.png")
        #expect(ImageFileName.make(for: "..", content: png) == "image.png")
    }

    @Test("A picture and its annotation share a stem")
    func stem() {
        #expect(ImageFileName.stem(of: "a.b/c.d.jpg") == "a.b/c.d")
        #expect(ImageFileName.stem(of: "a.b/c") == "a.b/c")
        #expect(ImageFileName.stem(of: ".x") == ".x")
    }
}
