#include "SegmentationRows.h"

#include "Clones.h"

#include <algorithm>
#include <bit>

namespace ct::segmentation {
namespace {

/// eˣ for x of 0 or less, to about 1 unit in the last place (the polynomial of Cephes' expf). What is not a number stays so.
inline float exponential(float x) {
    // Adding and subtracting this rounds to the nearest integer.
    constexpr float rounding = 12582912.0f;
    const float bounded = x < -87.0f ? -87.0f : x;
    const float power = (bounded * 1.44269504f + rounding) - rounding;
    const float rest = bounded - power * 0.693359375f + power * 2.12194440e-4f;
    float y = 1.9875691500e-4f;
    y = y * rest + 1.3981999507e-3f;
    y = y * rest + 8.3334519073e-3f;
    y = y * rest + 4.1665795894e-2f;
    y = y * rest + 1.6666665459e-1f;
    y = y * rest + 5.0000001201e-1f;
    y = y * rest * rest + rest + 1.0f;
    return y * std::bit_cast<float>((static_cast<int32_t>(power) + 127) << 23);
}

}  // namespace

Line::Line(int64_t from, int64_t to)
    : left(static_cast<size_t>(to)), right(static_cast<size_t>(to)), share(static_cast<size_t>(to)) {
    const float scale = static_cast<float>(from) / static_cast<float>(to);
    for (int64_t i = 0; i < to; ++i) {
        const auto at = static_cast<size_t>(i);
        const float place = std::max(0.0f, scale * (static_cast<float>(i) + 0.5f) - 0.5f);
        const int64_t before = std::min(static_cast<int64_t>(place), from - 1);
        left[at] = static_cast<int32_t>(before);
        right[at] = static_cast<int32_t>(std::min(before + 1, from - 1));
        share[at] = std::clamp(place - static_cast<float>(before), 0.0f, 1.0f);
    }
}

CT_CLONES void enlarge(
    const float *row, int64_t width, int64_t classes, const int32_t *left, const int32_t *right, const float *share, int64_t count,
    float *scores) {
    for (int64_t c = 0; c < classes; ++c, row += width, scores += chunk) {
        for (int64_t i = 0; i < count; ++i) { scores[i] = row[left[i]] * (1.0f - share[i]) + row[right[i]] * share[i]; }
        for (int64_t i = count; i < chunk; ++i) { scores[i] = 0; }
    }
}

CT_CLONES void largest(const float *scores, int64_t classes, float *best, int32_t *winner) {
    for (int64_t i = 0; i < chunk; ++i) {
        best[i] = scores[i];
        winner[i] = 0;
    }
    for (int32_t c = 1; c < classes; ++c) {
        scores += chunk;
        for (int64_t i = 0; i < chunk; ++i) {
            const bool isLarger = scores[i] > best[i];
            best[i] = isLarger ? scores[i] : best[i];
            winner[i] = isLarger ? c : winner[i];
        }
    }
}

CT_CLONES void exponentials(float *scores, int64_t classes, const float *best, float *total) {
    for (int64_t i = 0; i < chunk; ++i) { total[i] = 0; }
    for (int64_t c = 0; c < classes; ++c, scores += chunk) {
        for (int64_t i = 0; i < chunk; ++i) {
            const float power = exponential(scores[i] - best[i]);
            scores[i] = power;
            total[i] += power;
        }
    }
}

CT_CLONES void scale(float *scores, int64_t classes, const float *factor) {
    for (int64_t c = 0; c < classes; ++c, scores += chunk) {
        for (int64_t i = 0; i < chunk; ++i) { scores[i] *= factor[i]; }
    }
}

CT_CLONES void gather(
    const float *gradients, int64_t classes, const int32_t *left, const int32_t *right, const float *share, int64_t count, int64_t width,
    float *row) {
    for (int64_t c = 0; c < classes; ++c, row += width, gradients += chunk) {
        for (int64_t i = 0; i < count; ++i) {
            const float far = gradients[i] * share[i];
            row[left[i]] += gradients[i] - far;
            row[right[i]] += far;
        }
    }
}

CT_CLONES void mix(const float *a, const float *b, float share, int64_t count, float *into) {
    for (int64_t i = 0; i < count; ++i) { into[i] = a[i] * (1.0f - share) + b[i] * share; }
}

CT_CLONES void addScaled(const float *from, float factor, int64_t count, float *into) {
    for (int64_t i = 0; i < count; ++i) { into[i] += factor * from[i]; }
}

}  // namespace ct::segmentation
