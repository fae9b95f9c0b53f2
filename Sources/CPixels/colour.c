#include "CPixels.h"
#include "dispatch.h"

#include <math.h>

CPIXELS_INLINE float min2(float a, float b) { return a < b ? a : b; }
CPIXELS_INLINE float max2(float a, float b) { return a > b ? a : b; }
CPIXELS_INLINE float clamp(float v, float low, float high) { return min2(max2(v, low), high); }

// To the nearest whole number, halves to even (OpenCV's cvRound), without a call: |v| stays far below 2^22.
CPIXELS_INLINE float round_even(float v) { return (v + 12582912.0f) - 12582912.0f; }

// No branch depends on a pixel, so that the loop runs eight pixels at a time.
CPIXELS_CLONES void cpixels_shift_hls(uint8_t *rgb, ptrdiff_t count, int hue, int lightness, int saturation) {
    float dh = (float)hue, dl = (float)lightness, ds = (float)saturation;
    for (ptrdiff_t i = 0; i < count; i++) {
        uint8_t *pixel = rgb + 3 * i;
        float r = (float)pixel[0] * (1 / 255.0f), g = (float)pixel[1] * (1 / 255.0f), b = (float)pixel[2] * (1 / 255.0f);
        float high = max2(max2(r, g), b), low = min2(min2(r, g), b);
        float range = high - low, sum = high + low;
        float l = sum * 0.5f;
        // Greys have neither hue nor saturation: their quotients are taken over 1 and then dropped.
        float grey = range > 1e-6f ? 0.0f : 1.0f;
        float s = range / (grey > 0 ? 1.0f : (l < 0.5f ? sum : 2 - sum));
        float unit = 60.0f / (grey > 0 ? 1.0f : range);
        float h = high == r ? (g - b) * unit : (high == g ? (b - r) * unit + 120.0f : (r - g) * unit + 240.0f);
        h = h < 0 ? h + 360.0f : h;
        h = grey > 0 ? 0 : h;
        s = grey > 0 ? 0 : s;

        h = clamp(round_even(h * 0.5f) + dh, 0, 180);
        l = clamp(round_even(l * 255.0f) + dl, 0, 255) * (1 / 255.0f);
        s = clamp(round_even(s * 255.0f) + ds, 0, 255) * (1 / 255.0f);

        float p2 = l <= 0.5f ? l * (1 + s) : l + s - l * s;
        float p1 = 2 * l - p2, d = p2 - p1;
        // Hue in sixths of the circle; 6 is red again, which these ramps give without wrapping.
        h *= 1 / 30.0f;
        r = p1 + d * clamp(max2(h - 3, 3 - h) - 1, 0, 1);
        g = p1 + d * clamp(2 - max2(h - 2, 2 - h), 0, 1);
        b = p1 + d * clamp(2 - max2(h - 4, 4 - h), 0, 1);
        pixel[0] = (uint8_t)(int)clamp(round_even(r * 255.0f), 0, 255);
        pixel[1] = (uint8_t)(int)clamp(round_even(g * 255.0f), 0, 255);
        pixel[2] = (uint8_t)(int)clamp(round_even(b * 255.0f), 0, 255);
    }
}

// As above: hue in sixths of the circle, no branch on a pixel.
CPIXELS_CLONES static void distort_row(uint8_t *restrict rgb, ptrdiff_t count, cpixels_distortion d) {
    float turn = d.hue * (1 / 60.0f);
    for (ptrdiff_t i = 0; i < count; i++) {
        uint8_t *pixel = rgb + 3 * i;
        float r = clamp(clamp((float)pixel[0] + d.shift, 0, 255) * d.scale, 0, 255);
        float g = clamp(clamp((float)pixel[1] + d.shift, 0, 255) * d.scale, 0, 255);
        float b = clamp(clamp((float)pixel[2] + d.shift, 0, 255) * d.scale, 0, 255);
        float high = max2(max2(r, g), b), low = min2(min2(r, g), b), range = high - low;
        float unit = 1 / (range > 1e-6f ? range : 1.0f);
        float h = high == r ? (g - b) * unit : (high == g ? (b - r) * unit + 2 : (r - g) * unit + 4);
        h += turn;
        h = h < 0 ? h + 6 : h;
        h = h >= 6 ? h - 6 : h;
        // Chroma, at most the value: saturation ends at 1.
        float chroma = min2(range * d.saturation, high), base = high - chroma;
        r = base + chroma * clamp(max2(h - 3, 3 - h) - 1, 0, 1);
        g = base + chroma * clamp(2 - max2(h - 2, 2 - h), 0, 1);
        b = base + chroma * clamp(2 - max2(h - 4, 4 - h), 0, 1);
        pixel[0] = (uint8_t)(int)(clamp(r * d.lastScale, 0, 255) + 0.5f);
        pixel[1] = (uint8_t)(int)(clamp(g * d.lastScale, 0, 255) + 0.5f);
        pixel[2] = (uint8_t)(int)(clamp(b * d.lastScale, 0, 255) + 0.5f);
    }
}

void cpixels_distort(uint8_t *rgb, ptrdiff_t width, ptrdiff_t height, ptrdiff_t stride, cpixels_distortion distortion) {
    for (ptrdiff_t y = 0; y < height; y++) distort_row(rgb + y * stride, width, distortion);
}

CPIXELS_CLONES void cpixels_rgb_to_grey(const uint8_t *restrict rgb, uint8_t *restrict grey, ptrdiff_t count) {
    for (ptrdiff_t i = 0; i < count; i++) {
        uint32_t r = rgb[3 * i], g = rgb[3 * i + 1], b = rgb[3 * i + 2];
        grey[i] = (uint8_t)((r * 19595 + g * 38470 + b * 7471 + 0x8000) >> 16);
    }
}

CPIXELS_CLONES void cpixels_grey_to_rgb(const uint8_t *restrict grey, uint8_t *restrict rgb, ptrdiff_t count) {
    for (ptrdiff_t i = 0; i < count; i++) rgb[3 * i] = rgb[3 * i + 1] = rgb[3 * i + 2] = grey[i];
}

void cpixels_mirror_row(const uint8_t *restrict source, uint8_t *restrict output, ptrdiff_t count, int channels) {
    if (channels == 1) {
        for (ptrdiff_t i = 0; i < count; i++) output[i] = source[count - 1 - i];
    } else {
        for (ptrdiff_t i = 0; i < count; i++) {
            const uint8_t *p = source + 3 * (count - 1 - i);
            output[3 * i] = p[0];
            output[3 * i + 1] = p[1];
            output[3 * i + 2] = p[2];
        }
    }
}
