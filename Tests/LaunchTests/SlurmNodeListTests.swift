import Testing

@testable import Launch

/// Expansions are those of `scontrol show hostnames`.
@Suite("Slurm's lists")
struct SlurmNodeListTests {
    @Test(
        "Brackets stand for numbers, zeros in front are part of the name",
        arguments: [
            ("login", ["login"]), ("gpu[01-04,7],login", ["gpu01", "gpu02", "gpu03", "gpu04", "gpu7", "login"]),
            ("n[8-11]", ["n8", "n9", "n10", "n11"]), ("n[098-101]", ["n098", "n099", "n100", "n101"]),
            ("r[1-2]n[1-2]-ib", ["r1n1-ib", "r1n2-ib", "r2n1-ib", "r2n2-ib"]), ("a,b", ["a", "b"]), ("tux[7]", ["tux7"]),
        ])
    func names(list: String, expected: [String]) {
        #expect(SlurmNodeList.names(in: list) == expected)
    }

    @Test(
        "What is no list is none",
        arguments: ["", ",", "a,", "a[", "a[1", "a]", "a[]", "a[2-1]", "a[x]", "a[1-]", "a[1-2-3]", "a[1-999999999]"])
    func damaged(list: String) {
        #expect(SlurmNodeList.names(in: list) == nil)
    }

    @Test("Tasks a node")
    func counts() {
        #expect(SlurmNodeList.counts(in: "4(x2),3") == [4, 4, 3])
        #expect(SlurmNodeList.counts(in: "1") == [1])
        #expect(SlurmNodeList.counts(in: "2,1(x3),2") == [2, 1, 1, 1, 2])
        for damaged in ["", "a", "4(x", "4(x)", "4(2)", "-1", "4(x999999999)", "1,,2", "4(x2)(x2)"] {
            #expect(SlurmNodeList.counts(in: damaged) == nil)
        }
    }
}
