// Inner loops of WinogradFloat.cpp for processors with AVX-512. Elements are floats.
//
// A tile is 6×6 input pixels and the 4×4 output pixels in their middle; a position is one of the 36 places of a transformed tile.
#pragma once

#include <cstdint>

namespace ct::winogradfloat {

constexpr int64_t inputSide = 6, outputSide = 4, positions = 36, lanes = 16, block = 64, rowsAtOnce = 6;

/// Whether the functions below may be called.
bool hasKernels();

/// Transforms a tile of 36 pixels, `channels` each: position p goes to `into + p * stride`.
void transformInput(const float *const *pixels, int64_t channels, float *into, int64_t stride);

/// Sums for `rows` (at most 6) tiles and 64 outputs: `into` rows × 64 = `tiles` rows × channels times `weights` channels × 64.
void multiply(const float *tiles, int64_t rows, int64_t channels, const float *weights, float *into);

/// Adds them to what is there; `tiles` has its rows `stride` apart.
void multiplyAdding(const float *tiles, int64_t rows, int64_t stride, int64_t channels, const float *weights, float *into);

/// Turns the sums of one tile and 64 outputs, position p at `sums + p * stride`, into 16 pixels: plus bias, plus what is there where `adds`,
/// then ReLU where `relu`.
void transformOutput(const float *sums, int64_t stride, const float *bias, bool adds, bool relu, float *const *pixels);

/// The transformed 3×3 weights of one output and one input, position p at `into + p * stride`; `weights` has the nine `step` apart.
void transformWeight(const float *weights, int64_t step, float *into, int64_t stride);

}  // namespace ct::winogradfloat
