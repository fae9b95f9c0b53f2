#include "ReLUGate.h"

#include "BFloat16.h"
#include "Clones.h"
#include "OpenMP.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>

#include <algorithm>
#include <vector>

namespace ct {
namespace {

/// Sums are gathered in float over at most this many pixels, and in double from there on.
constexpr int64_t pixelsPerSum = 256;

CT_CLONES void gateFloats(float *into, const float *gradient, const float *output, float *sums, int64_t pixels, int64_t channels) {
    for (int64_t pixel = 0; pixel < pixels; ++pixel, into += channels, gradient += channels, output += channels) {
        for (int64_t c = 0; c < channels; ++c) {
            into[c] = output[c] > 0 ? gradient[c] : 0.0f;
            sums[c] += into[c];
        }
    }
}
CT_CLONES void gateBFloat16s(int16_t *into, const int16_t *gradient, const int16_t *output, float *sums, int64_t pixels, int64_t channels) {
    for (int64_t pixel = 0; pixel < pixels; ++pixel, into += channels, gradient += channels, output += channels) {
        for (int64_t c = 0; c < channels; ++c) {
            // A bfloat16's bits are those of a positive number where they are above 0 as an integer.
            const int16_t passing = output[c] > 0 ? gradient[c] : int16_t(0);
            into[c] = passing;
            sums[c] += widened(static_cast<uint16_t>(passing));
        }
    }
}
CT_CLONES void sumFloats(const float *from, float *sums, int64_t pixels, int64_t channels) {
    for (int64_t pixel = 0; pixel < pixels; ++pixel, from += channels) {
        for (int64_t c = 0; c < channels; ++c) { sums[c] += from[c]; }
    }
}
CT_CLONES void sumBFloat16s(const uint16_t *from, float *sums, int64_t pixels, int64_t channels) {
    for (int64_t pixel = 0; pixel < pixels; ++pixel, from += channels) {
        for (int64_t c = 0; c < channels; ++c) { sums[c] += widened(from[c]); }
    }
}

/// Sums a channel over all pixels; `body(first pixel, pixels, sums)` adds a block's to floats.
template <typename Body>
at::Tensor summed(const at::Tensor &tensor, const Body &body) {
    const int64_t channels = tensor.size(1), pixels = tensor.numel() / channels;
    const size_t width = static_cast<size_t>(channels);
    const int parts = partCount(tensor.numel());
    std::vector<float> blockSums(width * parts);
    std::vector<double> partSums(width * parts);
    parallelParts(parts, [&](int part) {
        float *block = blockSums.data() + width * part;
        const PartRange range(pixels, parts, part);
        for (int64_t first = range.begin; first < range.end; first += pixelsPerSum) {
            std::fill_n(block, width, 0.0f);
            body(first, std::min(pixelsPerSum, range.end - first), block);
            for (size_t c = 0; c < width; ++c) { partSums[width * part + c] += block[c]; }
        }
    });
    at::Tensor sums = at::empty({channels}, tensor.options().dtype(at::kFloat));
    auto *into = static_cast<float *>(sums.mutable_data_ptr());
    for (size_t c = 0; c < width; ++c) {
        double total = 0;
        for (int part = 0; part < parts; ++part) { total += partSums[width * part + c]; }
        into[c] = static_cast<float>(total);
    }
    return sums;
}

}  // namespace

at::Tensor gatedAndSummed(const at::Tensor &gradient, const at::Tensor &output, at::Tensor &sums) {
    at::Tensor into = at::empty_like(gradient);
    const int64_t channels = gradient.size(1);
    void *to = into.mutable_data_ptr();
    const void *from = gradient.const_data_ptr(), *open = output.const_data_ptr();
    const bool isShort = gradient.scalar_type() == at::kBFloat16;
    sums = summed(gradient, [&](int64_t first, int64_t pixels, float *blockSums) {
        const int64_t at = first * channels;
        if (isShort) {
            gateBFloat16s(
                static_cast<int16_t *>(to) + at, static_cast<const int16_t *>(from) + at, static_cast<const int16_t *>(open) + at,
                blockSums, pixels, channels);
        } else {
            gateFloats(
                static_cast<float *>(to) + at, static_cast<const float *>(from) + at, static_cast<const float *>(open) + at, blockSums,
                pixels, channels);
        }
    });
    return into;
}

at::Tensor channelSums(const at::Tensor &tensor) {
    const int64_t channels = tensor.size(1);
    const void *from = tensor.const_data_ptr();
    const bool isShort = tensor.scalar_type() == at::kBFloat16;
    return summed(tensor, [&](int64_t first, int64_t pixels, float *sums) {
        if (isShort) {
            sumBFloat16s(static_cast<const uint16_t *>(from) + first * channels, sums, pixels, channels);
        } else {
            sumFloats(static_cast<const float *>(from) + first * channels, sums, pixels, channels);
        }
    });
}

}  // namespace ct
