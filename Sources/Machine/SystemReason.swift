import Foundation
import Glibc

extension Error {
    /// What the system answered, such as `Permission denied`, where a call of Foundation has failed because of it; else Foundation's own words.
    public var systemReason: String {
        let error = self as NSError
        let cause = error.domain == NSPOSIXErrorDomain ? error : (error.userInfo[NSUnderlyingErrorKey] as? any Error).map { $0 as NSError }
        if let cause, cause.domain == NSPOSIXErrorDomain, let code = Int32(exactly: cause.code) { return String(cString: strerror(code)) }
        return error.localizedDescription.trimmingCharacters(in: CharacterSet(charactersIn: "."))
    }
}
