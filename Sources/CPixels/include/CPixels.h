// The inner loops of Imaging: 8-bit interleaved pixels in, 8-bit interleaved pixels out, one thread, no state.
//
// Plain C that the compiler vectorises; on x86-64 each hot function is compiled for AVX-512, for AVX2 and for the baseline,
// and the loader picks one. Fused multiply-adds differ in the last bit: a value that falls on a half may round either way
// on another processor. Callers (Imaging) have checked sizes: every pointer covers `height` rows of
// `width * channels` bytes, and channels is 1 or 3.
#ifndef CPIXELS_H
#define CPIXELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// Samples `x0..<x1`, `y0..<y1` of the source (fractional, inside the source) to `outWidth` x `outHeight` with a triangle
/// filter whose support grows with the reduction (Pillow's BILINEAR); pixels that the rectangle does not touch are not read.
/// `mirrored` writes every row from right to left. False: no memory.
bool cpixels_resize_triangle(
    const uint8_t *source, ptrdiff_t width, ptrdiff_t height, int channels, double x0, double y0, double x1, double y1,
    uint8_t *output, ptrdiff_t outWidth, ptrdiff_t outHeight, bool mirrored);

/// The same rectangle, each output pixel a copy of the source pixel under its centre.
void cpixels_resize_nearest(
    const uint8_t *source, ptrdiff_t width, ptrdiff_t height, int channels, double x0, double y0, double x1, double y1,
    uint8_t *output, ptrdiff_t outWidth, ptrdiff_t outHeight);

/// Copies `count` pixels of a row in reverse order. Source and output do not overlap.
void cpixels_mirror_row(const uint8_t *source, uint8_t *output, ptrdiff_t count, int channels);

/// Adds to hue (0...180), lightness and saturation (0...255) of `count` RGB pixels in place, clamping each: OpenCV's 8-bit
/// HLS, rounded to whole numbers in HLS as OpenCV's cvtColor does.
void cpixels_shift_hls(uint8_t *rgb, ptrdiff_t count, int hue, int lightness, int saturation);

/// Fills the output with source pixels at `(a x + b y + c, d x + e y + f)` (output to source, pixel centres at whole
/// numbers), bilinear; outside the source lies `fill`.
void cpixels_warp_affine(
    const uint8_t *source, ptrdiff_t width, ptrdiff_t height, int channels, const double matrix[6], uint8_t fill,
    uint8_t *output, ptrdiff_t outWidth, ptrdiff_t outHeight);

/// ITU-R 601 luma of `count` RGB pixels, Pillow's rounding.
void cpixels_rgb_to_grey(const uint8_t *rgb, uint8_t *grey, ptrdiff_t count);

/// Repeats each grey value three times.
void cpixels_grey_to_rgb(const uint8_t *grey, uint8_t *rgb, ptrdiff_t count);

#endif
