import Foundation

/// An affine map of the plane: `(x, y)` goes to `(a x + b y + c, d x + e y + f)`; pixel centres lie at whole numbers, as in OpenCV.
public struct AffineMatrix: Sendable, Hashable {
    /// What x contributes to x.
    public var a: Double
    /// What y contributes to x.
    public var b: Double
    /// What is added to x.
    public var c: Double
    /// What x contributes to y.
    public var d: Double
    /// What y contributes to y.
    public var e: Double
    /// What is added to y.
    public var f: Double

    /// The map with these coefficients, the rows of OpenCV's 2×3 matrix.
    public init(_ a: Double, _ b: Double, _ c: Double, _ d: Double, _ e: Double, _ f: Double) {
        (self.a, self.b, self.c, self.d, self.e, self.f) = (a, b, c, d, e, f)
    }

    /// The map that changes nothing.
    public static let identity = AffineMatrix(1, 0, 0, 0, 1, 0)

    /// A shift by `x` to the right and `y` down.
    public static func translation(x: Double, y: Double) -> AffineMatrix { AffineMatrix(1, 0, x, 0, 1, y) }

    /// A scaling about the origin.
    public static func scaling(x: Double, y: Double) -> AffineMatrix { AffineMatrix(x, 0, 0, 0, y, 0) }

    /// A rotation about the origin, clockwise on the screen (y points down) for positive angles.
    public static func rotation(degrees: Double) -> AffineMatrix {
        let angle = degrees * .pi / 180
        return AffineMatrix(cos(angle), -sin(angle), 0, sin(angle), cos(angle), 0)
    }

    /// The map that does `self` first and `next` on its result.
    public func then(_ next: AffineMatrix) -> AffineMatrix {
        AffineMatrix(
            next.a * a + next.b * d, next.a * b + next.b * e, next.a * c + next.b * f + next.c,
            next.d * a + next.e * d, next.d * b + next.e * e, next.d * c + next.e * f + next.f)
    }

    /// The map back, or nil where the plane is squeezed to a line or a coefficient is not finite.
    public var inverse: AffineMatrix? {
        let determinant = a * e - b * d
        let inverse = AffineMatrix(
            e / determinant, -b / determinant, (b * f - c * e) / determinant,
            -d / determinant, a / determinant, (c * d - a * f) / determinant)
        return inverse.coefficients.allSatisfy(\.isFinite) ? inverse : nil
    }

    var coefficients: [Double] { [a, b, c, d, e, f] }
}
