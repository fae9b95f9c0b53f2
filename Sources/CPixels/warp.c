#include "CPixels.h"
#include "dispatch.h"

#include <math.h>

CPIXELS_INLINE float sample(
    const uint8_t *source, ptrdiff_t width, ptrdiff_t height, int channels, ptrdiff_t x, ptrdiff_t y, int c, float fill) {
    return x >= 0 && x < width && y >= 0 && y < height ? (float)source[(y * width + x) * channels + c] : fill;
}

CPIXELS_INLINE void warp(
    const uint8_t *restrict source, ptrdiff_t width, ptrdiff_t height, int channels, const double *m, uint8_t fill,
    uint8_t *restrict output, ptrdiff_t outWidth, ptrdiff_t outHeight) {
    ptrdiff_t stride = width * channels;
    for (ptrdiff_t y = 0; y < outHeight; y++) {
        for (ptrdiff_t x = 0; x < outWidth; x++, output += channels) {
            double fx = m[0] * (double)x + m[1] * (double)y + m[2], fy = m[3] * (double)x + m[4] * (double)y + m[5];
            // Also false for NaN and for what no ptrdiff_t holds.
            if (!(fx > -1 && fx < (double)width && fy > -1 && fy < (double)height)) {
                for (int c = 0; c < channels; c++) output[c] = fill;
                continue;
            }
            ptrdiff_t ix = (ptrdiff_t)(fx + 1) - 1, iy = (ptrdiff_t)(fy + 1) - 1;
            float tx = (float)(fx - (double)ix), ty = (float)(fy - (double)iy);
            if (ix >= 0 && ix + 1 < width && iy >= 0 && iy + 1 < height) {
                const uint8_t *p = source + iy * stride + ix * channels;
                for (int c = 0; c < channels; c++) {
                    float top = (float)p[c] + tx * (float)(p[c + channels] - p[c]);
                    float bottom = (float)p[stride + c] + tx * (float)(p[stride + c + channels] - p[stride + c]);
                    output[c] = (uint8_t)(int)(top + ty * (bottom - top) + 0.5f);
                }
            } else {
                for (int c = 0; c < channels; c++) {
                    float a = sample(source, width, height, channels, ix, iy, c, fill);
                    float b = sample(source, width, height, channels, ix + 1, iy, c, fill);
                    float d = sample(source, width, height, channels, ix, iy + 1, c, fill);
                    float e = sample(source, width, height, channels, ix + 1, iy + 1, c, fill);
                    float top = a + tx * (b - a), bottom = d + tx * (e - d);
                    output[c] = (uint8_t)(int)(top + ty * (bottom - top) + 0.5f);
                }
            }
        }
    }
}

CPIXELS_CLONES void cpixels_warp_affine(
    const uint8_t *source, ptrdiff_t width, ptrdiff_t height, int channels, const double matrix[6], uint8_t fill,
    uint8_t *output, ptrdiff_t outWidth, ptrdiff_t outHeight) {
    if (channels == 3) {
        warp(source, width, height, 3, matrix, fill, output, outWidth, outHeight);
    } else {
        warp(source, width, height, 1, matrix, fill, output, outWidth, outHeight);
    }
}
