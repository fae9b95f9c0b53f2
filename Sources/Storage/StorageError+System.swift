import Glibc

extension StorageError {
    /// A system call's failure on a path. `doing`: what could not be done, as a participle.
    static func system(_ code: Int32, at path: String, doing verb: String) -> StorageError {
        let (kind, remedy): (Kind, String) =
            switch code {
            case ENOENT: (.missing, "check the path")
            case ENOTDIR: (.missing, "check the path: a part of it is a file")
            case EISDIR: (.missing, "give a file: this is a folder")
            case EACCES, EPERM: (.denied, "give this user the right to it")
            case EMFILE, ENFILE: (.system, "raise the limit of open files (ulimit -n)")
            case ENOSPC, EDQUOT: (.system, "make room on the disk")
            case EROFS: (.system, "choose a folder that can be written to")
            default: (.system, "check the disk and the path")
            }
        return StorageError(kind, at: path, "cannot be \(verb) (\(String(cString: strerror(code))))", remedy: remedy)
    }
}
