/// How a channel's data come to training.
///
/// Source: spec data-formats.md, "Channels and input modes".
public enum InputMode: String, Sendable, CaseIterable {
    /// All files lie on this machine before training begins; those of a bucket are copied first.
    case file
    /// Files are read where they are, when they are needed, in any order.
    case fastFile = "fastfile"
    /// Records come in order, once an epoch: from FIFOs, or from files that are read from end to end.
    case pipe
}
