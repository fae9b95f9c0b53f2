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

/// How a pixel is made of those around it; each is Pillow's filter of the name, its support growing with the reduction.
typedef enum {
    CPIXELS_TRIANGLE, // bilinear
    CPIXELS_BOX,      // the mean of the area; enlarging: the nearest pixel
    CPIXELS_CUBIC,    // Catmull-Rom
    CPIXELS_LANCZOS,  // of three lobes
    CPIXELS_NEAREST,  // the pixel under the centre
} cpixels_filter;

/// Samples `x0..<x1`, `y0..<y1` of the source (fractional) to `outWidth` x `outHeight` pixels, whose rows lie `outStride` bytes apart;
/// pixels that the rectangle does not touch are not read, and beyond the source its edge goes on.
/// `mirrored` writes every row from right to left. False: no memory.
bool cpixels_resize(
    const uint8_t *source, ptrdiff_t width, ptrdiff_t height, int channels, double x0, double y0, double x1, double y1,
    cpixels_filter filter, uint8_t *output, ptrdiff_t outWidth, ptrdiff_t outHeight, ptrdiff_t outStride, bool mirrored);

/// The same rectangle, each output pixel a copy of the source pixel under its centre.
void cpixels_resize_nearest(
    const uint8_t *source, ptrdiff_t width, ptrdiff_t height, int channels, double x0, double y0, double x1, double y1,
    uint8_t *output, ptrdiff_t outWidth, ptrdiff_t outHeight);

/// Copies `count` pixels of a row in reverse order. Source and output do not overlap.
void cpixels_mirror_row(const uint8_t *source, uint8_t *output, ptrdiff_t count, int channels);

/// Adds to hue (0...180), lightness and saturation (0...255) of `count` RGB pixels in place, clamping each: OpenCV's 8-bit
/// HLS, rounded to whole numbers in HLS as OpenCV's cvtColor does.
void cpixels_shift_hls(uint8_t *rgb, ptrdiff_t count, int hue, int lightness, int saturation);

/// Colour distortion of RGB pixels in place, in floating point, clamped to 0...255 after each step: `value * scale + shift`, then in HSV
/// saturation times `saturation` and hue turned by `hue` degrees, then `value * lastScale`.
typedef struct {
    float shift, scale, saturation, hue, lastScale;
} cpixels_distortion;

/// Distorts `width` x `height` RGB pixels, whose rows lie `stride` bytes apart.
void cpixels_distort(uint8_t *rgb, ptrdiff_t width, ptrdiff_t height, ptrdiff_t stride, cpixels_distortion distortion);

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
