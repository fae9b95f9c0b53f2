// Inner loops of Winograd.cpp for processors that multiply bfloat16 (AVX-512 BF16). Elements are bfloat16 as their 16 bits, or floats.
//
// A tile is 4×4 input pixels and the 2×2 output pixels in their middle; a position is one of the 16 places of a transformed tile.
// A pair is two bfloat16 beside each other whose products are summed by one instruction.
#pragma once

#include <cstdint>

namespace ct::winograd {

constexpr int64_t positions = 16, lanes = 16, block = 64;

/// Whether the functions below may be called.
bool hasKernels();

/// Transforms a tile of 16 pixels, `channels` each: position p goes to `into + p * stride`.
void transformInput(const uint16_t *const *pixels, int64_t channels, uint16_t *into, int64_t stride);

/// Sums for `rows` (at most 6) tiles and 64 outputs: `into` rows × 64 = `tiles` rows × channels times `weights`, channels / 2 × 64 pairs.
void multiply(const uint16_t *tiles, int64_t rows, int64_t channels, const uint16_t *weights, float *into);

/// The same, added to what is in `into`.
void multiplyAdding(const uint16_t *tiles, int64_t rows, int64_t channels, const uint16_t *weights, float *into);

/// Turns the sums of one tile and 64 outputs, position p at `sums + p * stride`, into 4 pixels; plus bias and ReLU where there is a bias.
void transformOutput(const float *sums, int64_t stride, const float *bias, uint16_t *const *pixels);

/// Two tiles as pairs: channel c of position p goes to `into + p * stride + c / 64 * blockStride + c % 64 * 2`.
void transformInputPair(
    const uint16_t *const *first, const uint16_t *const *second, int64_t channels, uint16_t *into, int64_t stride, int64_t blockStride);

/// The gradients of two tiles, 4 pixels each, as pairs: output k of position p goes to `into + p * stride + k / 16 * blockStride + k % 16 * 2`.
void transformGradientPair(
    const uint16_t *const *first, const uint16_t *const *second, int64_t outputs, uint16_t *into, int64_t stride, int64_t blockStride);

/// Adds to `sums`, 16 rows of `rowLength` of which 64 numbers are touched: the products of `count` × 16 gradient pairs and `count` × 64
/// input pairs.
void multiplyPairs(const uint16_t *gradients, const uint16_t *inputs, int64_t count, float *sums, int64_t rowLength);

/// The weights of 16 outputs and 16 channels for `multiply`. `weights` is one output's 3 × 3 × `channels` floats, the next output
/// `9 * channels` on; into position p at `into + p * stride`, the channels' pairs 128 apart and the outputs 2.
void packForward(const float *weights, int64_t channels, uint16_t *into, int64_t stride);

/// The same for the input's gradient, where outputs and channels exchange roles and the kernel is turned round: of two outputs and 16
/// channels.
void packBackward(const float *weights, int64_t channels, uint16_t *into, int64_t stride);

/// 3 × 3 × `channels` gradients of one output's weights: the sums of `parts` threads, position p of each at `p * stride`.
void transformWeightGradient(const float *const *sums, int parts, int64_t stride, int64_t channels, float *into);

}  // namespace ct::winograd
