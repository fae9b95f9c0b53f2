import Tasks

extension JSONValue {
    /// Objects as rows of class, score, left, top, right and bottom, the edges as fractions of the picture's sides (spec inference.md).
    public static func rows(_ found: [Detection]) -> JSONValue {
        .array(
            found.map { object in
                .array([
                    .float(Float(object.classID)), .float(object.score), .float(object.left), .float(object.top), .float(object.right),
                    .float(object.bottom),
                ])
            })
    }
}
