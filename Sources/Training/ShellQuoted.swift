/// A word for the shell, in quotes only where it needs them.
public func shellQuoted(_ word: String) -> String {
    let safe = word.allSatisfy { $0.isLetter || $0.isNumber || "/._-+=:,@%".contains($0) }
    return safe && !word.isEmpty ? word : "'" + word.replacing("'", with: "'\\''") + "'"
}
