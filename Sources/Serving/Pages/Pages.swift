import HTTPTypes
import Hummingbird
import HummingbirdCore

/// What the server tells people and programs about itself. Both files are part of the program.
enum Pages {
    /// A page where a person drops a picture and sees what the model says.
    static var page: Response {
        // Everything that the page needs is in it; it speaks to this server only.
        let policy =
            "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src 'self' blob: data:; connect-src 'self'"
        return Response(PackageResources.page_html, type: "text/html; charset=utf-8", fields: [.contentSecurityPolicy: policy])
    }

    /// The interface in OpenAPI 3.1.
    static func description(version: String) -> Response {
        let text = String(decoding: PackageResources.openapi_json, as: UTF8.self).replacing("$VERSION", with: version)
        return Response(Array(text.utf8), type: "application/json")
    }
}
