/// What an evaluation, whatever its task, gives to a run's folder.
public protocol EvaluationSummary: Sendable {
    /// A table of the classes' figures in Markdown; empty where there is none.
    var classMarkdown: String { get }
    /// Files for the run's folder: what each is called, what it shows ("what was taken for what"), and its text.
    var attachments: [(name: String, shows: String, text: String)] { get }
    /// Adds its figures, and what was taken for what, to a page.
    func add(to page: inout ReportPage)
}
