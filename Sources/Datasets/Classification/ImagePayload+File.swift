extension ImagePayload {
    /// The bytes of an image file.
    /// - Throws: ``DatasetError`` that names the file where it is missing or cannot be read.
    public static func bytes(ofFile path: String) throws -> [UInt8] { try FileSystem.bytes(of: path) }
}
