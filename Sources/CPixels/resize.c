#include "CPixels.h"
#include "dispatch.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

// Four floats: one RGB pixel and one value too many, which the next pixel's store overwrites.
typedef float float4 __attribute__((vector_size(16)));

CPIXELS_INLINE float4 load4(const float *p) {
    float4 v;
    memcpy(&v, p, sizeof v);
    return v;
}

CPIXELS_INLINE void store4(float *p, float4 v) { memcpy(p, &v, sizeof v); }

// One axis of the separable filter: output i is the sum of weights[i * width + k] * input[start[i] + k].
typedef struct {
    int *start;
    float *weights;
    int width;
} axis;

static void axis_free(axis *a) {
    free(a->start);
    free(a->weights);
}

static double sinc(double x) { return x == 0 ? 1 : sin(M_PI * x) / (M_PI * x); }

// Half the width of a filter where nothing is reduced.
static double filter_support(cpixels_filter filter) {
    switch (filter) {
    case CPIXELS_BOX: return 0.5;
    case CPIXELS_CUBIC: return 2;
    case CPIXELS_LANCZOS: return 3;
    default: return 1;
    }
}

static double filter_weight(cpixels_filter filter, double x) {
    double d = fabs(x);
    switch (filter) {
    case CPIXELS_BOX: return x > -0.5 && x <= 0.5 ? 1 : 0;
    case CPIXELS_CUBIC: return d < 1 ? (1.5 * d - 2.5) * d * d + 1 : d < 2 ? ((-0.5 * d + 2.5) * d - 4) * d + 2 : 0;
    case CPIXELS_LANCZOS: return d < 3 ? sinc(x) * sinc(x / 3) : 0;
    default: return d < 1 ? 1 - d : 0;
    }
}

// Pillow's definition (a filter as wide as max(1, scale) times its support, cut off at the ends and normalised), the ends being the
// pixels that the interval [low, high) touches.
static bool axis_make(axis *a, ptrdiff_t length, double low, double high, ptrdiff_t count, cpixels_filter filter) {
    double scale = (high - low) / (double)count;
    double stretch = scale > 1 ? scale : 1;
    double support = stretch * filter_support(filter);
    ptrdiff_t first = (ptrdiff_t)floor(low), last = (ptrdiff_t)ceil(high);
    if (first < 0) first = 0;
    if (last > length) last = length;
    if (first >= last) first = last - 1;
    a->width = (int)ceil(support) * 2 + 1;
    a->start = malloc((size_t)count * sizeof *a->start);
    a->weights = calloc((size_t)count * (size_t)a->width, sizeof *a->weights);
    if (!a->start || !a->weights) {
        axis_free(a);
        return false;
    }
    int widest = 1;
    for (ptrdiff_t i = 0; i < count; i++) {
        double centre = low + ((double)i + 0.5) * scale;
        double from = floor(centre - support + 0.5), to = floor(centre + support + 0.5);
        if (filter == CPIXELS_NEAREST) {
            from = floor(centre);
            to = from + 1;
        }
        ptrdiff_t begin = from < (double)first ? first : (ptrdiff_t)from;
        ptrdiff_t end = to > (double)last ? last : (ptrdiff_t)to;
        if (begin > last - 1) begin = last - 1;
        if (end <= begin) end = begin + 1;
        if (end - begin > a->width) end = begin + a->width;
        float *w = a->weights + i * a->width;
        double sum = 0;
        for (ptrdiff_t k = begin; k < end; k++) {
            double weight = filter == CPIXELS_NEAREST ? 1 : filter_weight(filter, ((double)k - centre + 0.5) / stretch);
            w[k - begin] = (float)weight;
            sum += weight;
        }
        if (sum > 1e-6) {
            float factor = (float)(1 / sum);
            for (ptrdiff_t k = begin; k < end; k++) w[k - begin] *= factor;
        } else {
            memset(w, 0, (size_t)(end - begin) * sizeof *w);
            w[0] = 1;
        }
        // A weight of nothing at the far end would cost a pass over a row.
        while (end > begin + 1 && w[end - begin - 1] == 0) end--;
        a->start[i] = (int)begin;
        if (end - begin > widest) widest = (int)(end - begin);
    }
    // Repack to the widest row in use: the loops below run over a fixed number of taps.
    if (widest < a->width) {
        for (ptrdiff_t i = 0; i < count; i++) {
            memmove(a->weights + i * widest, a->weights + i * a->width, (size_t)widest * sizeof *a->weights);
        }
        a->width = widest;
    }
    return true;
}

static void axis_mirror(axis *a, ptrdiff_t count) {
    for (ptrdiff_t i = 0, j = count - 1; i < j; i++, j--) {
        int start = a->start[i];
        a->start[i] = a->start[j];
        a->start[j] = start;
        for (int k = 0; k < a->width; k++) {
            float w = a->weights[i * a->width + k];
            a->weights[i * a->width + k] = a->weights[j * a->width + k];
            a->weights[j * a->width + k] = w;
        }
    }
}

// row[i] = sum over taps of weights[k] * source[k * stride + i], four source rows a pass.
CPIXELS_CLONES static void blend_rows(
    const uint8_t *restrict source, ptrdiff_t stride, const float *restrict weights, int taps, float *restrict row, ptrdiff_t count) {
    int k = 0;
    for (; k + 4 <= taps || k == 0; k += 4) {
        // Fewer than four rows in all: the missing ones repeat row 0 with weight 0.
        const uint8_t *r0 = source + k * stride;
        const uint8_t *r1 = taps > k + 1 ? r0 + stride : r0, *r2 = taps > k + 2 ? r0 + 2 * stride : r0;
        const uint8_t *r3 = taps > k + 3 ? r0 + 3 * stride : r0;
        float w0 = weights[k], w1 = taps > k + 1 ? weights[k + 1] : 0, w2 = taps > k + 2 ? weights[k + 2] : 0;
        float w3 = taps > k + 3 ? weights[k + 3] : 0;
        if (k == 0 && taps <= 2) {
            for (ptrdiff_t i = 0; i < count; i++) row[i] = w0 * r0[i] + w1 * r1[i];
        } else if (k == 0 && taps == 3) {
            for (ptrdiff_t i = 0; i < count; i++) row[i] = w0 * r0[i] + w1 * r1[i] + w2 * r2[i];
        } else if (k == 0) {
            for (ptrdiff_t i = 0; i < count; i++) row[i] = w0 * r0[i] + w1 * r1[i] + w2 * r2[i] + w3 * r3[i];
        } else {
            for (ptrdiff_t i = 0; i < count; i++) row[i] += w0 * r0[i] + w1 * r1[i] + w2 * r2[i] + w3 * r3[i];
        }
    }
    for (; k < taps; k++) {
        const uint8_t *r = source + k * stride;
        float w = weights[k];
        for (ptrdiff_t i = 0; i < count; i++) row[i] += w * r[i];
    }
}

CPIXELS_INLINE void filter_rgb(
    const float *restrict row, const int *restrict start, const float *restrict weights, int taps, float *restrict out, ptrdiff_t count) {
    for (ptrdiff_t x = 0; x < count; x++) {
        const float *p = row + 3 * (ptrdiff_t)start[x], *w = weights + x * taps;
        float4 sum = load4(p) * w[0];
        for (int k = 1; k < taps; k++) sum += load4(p + 3 * k) * w[k];
        store4(out + 3 * x, sum);
    }
}

// Each output pixel of one row from `row`, then rounded to bytes. Both float rows are four values longer than needed.
CPIXELS_CLONES static void filter_row(
    const float *restrict row, const axis *a, int channels, float *restrict wide, uint8_t *restrict output, ptrdiff_t count) {
    if (channels == 3) {
        // Constant tap counts let the compiler unroll: 2 is enlargement, 3 to 5 are the reductions of random-resized crops.
        switch (a->width) {
        case 1: filter_rgb(row, a->start, a->weights, 1, wide, count); break;
        case 2: filter_rgb(row, a->start, a->weights, 2, wide, count); break;
        case 3: filter_rgb(row, a->start, a->weights, 3, wide, count); break;
        case 4: filter_rgb(row, a->start, a->weights, 4, wide, count); break;
        case 5: filter_rgb(row, a->start, a->weights, 5, wide, count); break;
        default: filter_rgb(row, a->start, a->weights, a->width, wide, count);
        }
    } else {
        for (ptrdiff_t x = 0; x < count; x++) {
            const float *p = row + a->start[x], *w = a->weights + x * a->width;
            float sum = 0;
            for (int k = 0; k < a->width; k++) sum += p[k] * w[k];
            wide[x] = sum;
        }
    }
    // Lobes below zero can pass either end.
    ptrdiff_t values = count * channels;
    for (ptrdiff_t i = 0; i < values; i++) {
        float v = wide[i] + 0.5f;
        v = v < 255.0f ? v : 255.0f;
        output[i] = (uint8_t)(int)(v > 0.0f ? v : 0.0f);
    }
}

bool cpixels_resize(
    const uint8_t *source, ptrdiff_t width, ptrdiff_t height, int channels, double x0, double y0, double x1, double y1,
    cpixels_filter filter, uint8_t *output, ptrdiff_t outWidth, ptrdiff_t outHeight, ptrdiff_t outStride, bool mirrored) {
    axis horizontal = {0}, vertical = {0};
    if (!axis_make(&horizontal, width, x0, x1, outWidth, filter)) return false;
    if (!axis_make(&vertical, height, y0, y1, outHeight, filter)) {
        axis_free(&horizontal);
        return false;
    }
    if (mirrored) axis_mirror(&horizontal, outWidth);

    // Only the columns that some output pixel reads are blended.
    ptrdiff_t left = width, right = 0;
    for (ptrdiff_t x = 0; x < outWidth; x++) {
        if (horizontal.start[x] < left) left = horizontal.start[x];
        if (horizontal.start[x] + horizontal.width > right) right = horizontal.start[x] + horizontal.width;
    }
    if (right > width) right = width;
    for (ptrdiff_t x = 0; x < outWidth; x++) horizontal.start[x] -= (int)left;
    ptrdiff_t columns = right - left;

    // Padding taps of weight 0 may lie behind the row's end: zeros are kept there, for 0 * NaN would not vanish.
    size_t rowValues = (size_t)(columns + horizontal.width) * (size_t)channels + 4;
    float *row = calloc(rowValues + (size_t)outWidth * (size_t)channels + 4, sizeof *row);
    if (!row) {
        axis_free(&horizontal);
        axis_free(&vertical);
        return false;
    }
    float *wide = row + rowValues;
    ptrdiff_t stride = width * channels;
    for (ptrdiff_t y = 0; y < outHeight; y++) {
        ptrdiff_t first = vertical.start[y];
        // Padding taps may lie below the last row.
        int taps = vertical.width;
        const float *weights = vertical.weights + y * vertical.width;
        while (taps > 1 && (weights[taps - 1] == 0 || first + taps > height)) taps--;
        blend_rows(source + first * stride + left * channels, stride, weights, taps, row, columns * channels);
        filter_row(row, &horizontal, channels, wide, output + y * outStride, outWidth);
    }
    free(row);
    axis_free(&horizontal);
    axis_free(&vertical);
    return true;
}

void cpixels_resize_nearest(
    const uint8_t *source, ptrdiff_t width, ptrdiff_t height, int channels, double x0, double y0, double x1, double y1,
    uint8_t *output, ptrdiff_t outWidth, ptrdiff_t outHeight) {
    double sx = (x1 - x0) / (double)outWidth, sy = (y1 - y0) / (double)outHeight;
    for (ptrdiff_t y = 0; y < outHeight; y++) {
        ptrdiff_t fromY = (ptrdiff_t)(y0 + ((double)y + 0.5) * sy);
        if (fromY > height - 1) fromY = height - 1;
        const uint8_t *row = source + fromY * width * channels;
        for (ptrdiff_t x = 0; x < outWidth; x++) {
            ptrdiff_t fromX = (ptrdiff_t)(x0 + ((double)x + 0.5) * sx);
            if (fromX > width - 1) fromX = width - 1;
            for (int c = 0; c < channels; c++) *output++ = row[fromX * channels + c];
        }
    }
}
