/// Why the command ends without having done what was asked, where the status is not that of any error.
struct Failure: Error {
    /// What to say; nil: it has been said.
    let sentence: String?
    /// The exit status: 1 failed, 2 used wrongly.
    let status: Int32

    /// Wrong settings that only reading shows, such as a hyperparameter that there is not.
    static func usage(_ sentence: String) -> Failure { Failure(sentence: sentence, status: 2) }

    /// Some of the work failed, and each failure was reported.
    static let reported = Failure(sentence: nil, status: 1)
}
