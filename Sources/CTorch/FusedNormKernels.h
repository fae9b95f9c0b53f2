#pragma once

#include <cstdint>

namespace ct {

/// How the backward pass knows where the rectifier let the value through.
enum class Gate {
    /// There was no rectifier.
    open,
    /// The normalised value is computed again from the input: `input * scale + offset > 0`.
    recomputed,
    /// One bit an element, written by the forward pass (a residual was added, so the input alone does not tell).
    bits,
};

/// The channel counts that the kernels below take are multiples of this.
constexpr int64_t normKernelWidth = 16;

/// Passes over a range of rows of a channels-last activation: `rows` × `channels` elements, contiguous. Whoever calls cuts
/// the activation into ranges and combines their sums.
///
/// `Element` is `float` or, as its 16 bits, bfloat16 (`uint16_t`). What there is one of per channel is float.
template <typename Element>
struct NormKernels {
    /// Adds the sums of x - shift and of its square. A shift close to the mean keeps the variance exact.
    void (*moments)(const Element *x, const float *shift, int64_t rows, int64_t channels, float *sum, float *sumOfSquares);

    /// y = x · scale + offset (+ residual), rectified where `rectify`. Where `bits` is given, it gets y > 0, a bit an element.
    void (*normalize)(
        const Element *x, const Element *residual, const float *scale, const float *offset, bool rectify, int64_t rows,
        int64_t channels, Element *y, uint16_t *bits);

    /// Adds the sums of g, the gradient behind the gate, and of g · (x - mean). Where `gated` is given, g is written there.
    void (*gradientSums)(
        const Element *x, const Element *gradient, Gate gate, const uint16_t *bits, const float *scale, const float *offset,
        const float *mean, int64_t rows, int64_t channels, float *sum, float *sumOfProducts, Element *gated);

    /// dx = g · scale + (x - mean) · slope + constant.
    void (*inputGradient)(
        const Element *x, const Element *gradient, Gate gate, const float *scale, const float *offset, const float *mean,
        const float *slope, const float *constant, int64_t rows, int64_t channels, Element *dx);
};

/// The kernels for this processor: AVX-512 with bfloat16 instructions, AVX-512, AVX2, or the compiler's baseline.
template <typename Element>
const NormKernels<Element> &normKernels();

}  // namespace ct
