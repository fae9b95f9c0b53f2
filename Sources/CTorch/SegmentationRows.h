// Inner loops over the pixels of one row of a mask and the scores of the small map that they lie on.
#pragma once

#include <cstdint>
#include <vector>

namespace ct::segmentation {

/// Pixels that are worked on together: scores are classes × this.
constexpr int64_t chunk = 64;

/// Where the pixels of an enlarged line lie on a line of `from` pixels (align_corners false): between `left` and `right`, at `share` of
/// the way. Worked out in float32 as libtorch does.
struct Line {
    std::vector<int32_t> left, right;
    std::vector<float> share;

    Line(int64_t from, int64_t to);
};

/// The scores of `count` (at most 64) pixels from those of a row, classes × width.
void enlarge(
    const float *row, int64_t width, int64_t classes, const int32_t *left, const int32_t *right, const float *share, int64_t count,
    float *scores);

/// Each pixel's largest score and its class, the first of equal ones.
void largest(const float *scores, int64_t classes, float *best, int32_t *winner);

/// Replaces scores by e to the power of their distance from the largest, and adds these up.
void exponentials(float *scores, int64_t classes, const float *best, float *total);

/// Multiplies each pixel's numbers by a factor.
void scale(float *scores, int64_t classes, const float *factor);

/// Adds gradients of enlarged scores to those of a row, classes × width: ``enlarge`` backwards.
void gather(
    const float *gradients, int64_t classes, const int32_t *left, const int32_t *right, const float *share, int64_t count, int64_t width,
    float *row);

/// into = a (1 - share) + b share
void mix(const float *a, const float *b, float share, int64_t count, float *into);

/// into += factor * from
void addScaled(const float *from, float factor, int64_t count, float *into);

}  // namespace ct::segmentation
