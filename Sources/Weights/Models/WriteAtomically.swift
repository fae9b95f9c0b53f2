/// Writes a small file whole: a reader sees the old content or the new, never a part.
/// - Throws: ``WeightsError`` that names the file and the system's reason.
public func writeAtomically(_ bytes: [UInt8], to path: String) throws { try writeAtomically([bytes], to: path) }

/// Writes a file of several pieces whole.
/// - Throws: ``WeightsError`` that names the file and the system's reason.
public func writeAtomically(_ pieces: [[UInt8]], to path: String) throws {
    var file = try AtomicFile(path: path)
    for piece in pieces { try piece.withUnsafeBytes { try file.write($0) } }
    try file.commit()
}

/// Writes a small text whole.
/// - Throws: ``WeightsError`` that names the file and the system's reason.
public func writeAtomically(_ text: String, to path: String) throws { try writeAtomically([UInt8](text.utf8), to: path) }
