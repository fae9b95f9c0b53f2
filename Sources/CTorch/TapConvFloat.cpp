#include "TapConvFloat.h"

#include "Clones.h"
#include "KernelTensors.h"
#include "OpenMP.h"
#include "WinogradFloatKernels.h"

#include <ATen/ops/empty.h>

#include <algorithm>
#include <vector>

namespace ct::tapsfloat {
namespace {

using winogradfloat::block;
using winogradfloat::rowsAtOnce;

constexpr int64_t taps = 9;
/// Inputs whose weights for 64 outputs stay in the first-level cache while all pixels go over them.
constexpr int64_t channelsTogether = 128;
/// Pixels whose sums for 64 outputs stay in the second-level cache.
constexpr int64_t pixelsTogether = 900;

CT_CLONES void finish(const float *from, const float *bias, bool relu, float *into) {
    for (int64_t i = 0; i < block; ++i) {
        const float value = from[i] + bias[i];
        // The order of the comparison keeps a value that is not a number.
        into[i] = relu && value < 0 ? 0 : value;
    }
}

}  // namespace

bool isSuited(const at::Tensor &x, at::IntArrayRef weightSizes, int64_t stride, int64_t padding, int64_t dilation) {
    return winogradfloat::hasKernels() && isSameSize3x3(x, at::kFloat, weightSizes, stride, padding, dilation) && x.numel() > 0
        && dilation >= 1 && weightSizes[0] % block == 0;
}

at::Tensor packed(const at::Tensor &weight) {
    const at::Tensor w = weight.to(at::kFloat).contiguous();
    const int64_t outputs = w.size(0), channels = w.size(1);
    // Tap, block of 64 outputs, channel, output.
    at::Tensor result = at::empty({taps, outputs, channels}, w.options());
    const float *from = floats(w);
    float *into = mutableFloats(result);
    const int parts = partCount(w.numel());
    parallelParts(parts, [&](int part) {
        const PartRange range(outputs, parts, part);
        for (int64_t k = range.begin; k < range.end; ++k) {
            for (int64_t c = 0; c < channels; ++c) {
                for (int64_t tap = 0; tap < taps; ++tap) {
                    into[(tap * outputs + k / block * block) * channels + c * block + k % block] = from[(k * channels + c) * taps + tap];
                }
            }
        }
    });
    return result;
}

at::Tensor convolved(const at::Tensor &x, const at::Tensor &weights, const at::Tensor &bias, int64_t dilation, bool relu) {
    const int64_t outputs = weights.size(1), channels = x.size(1), height = x.size(2), width = x.size(3), lines = x.size(0) * height;
    at::Tensor y = at::empty({x.size(0), outputs, height, width}, x.options(), at::MemoryFormat::ChannelsLast);
    const at::Tensor terms = bias.contiguous();
    const float *from = floats(x), *w = floats(weights), *b = floats(terms);
    float *into = mutableFloats(y);
    const int parts = partCount(x.numel());
    const int64_t together = std::clamp<int64_t>(pixelsTogether / width, 1, (lines + parts - 1) / parts);
    const int64_t steps = (lines + together - 1) / together;
    parallelParts(parts, [&](int part) {
        std::vector<float> sums(static_cast<size_t>(together * width * block));
        const PartRange range(steps, parts, part);
        for (int64_t step = range.begin; step < range.end; ++step) {
            const int64_t first = step * together, count = std::min(together, lines - first);
            for (int64_t k = 0; k < outputs; k += block) {
                std::fill(sums.begin(), sums.end(), 0.0f);
                for (int64_t tap = 0; tap < taps; ++tap) {
                    const int64_t down = (tap / 3 - 1) * dilation, right = (tap % 3 - 1) * dilation;
                    // Columns whose neighbour lies in the map.
                    const int64_t begin = std::max<int64_t>(0, -right), end = std::min(width, width - right);
                    for (int64_t c = 0; c < channels; c += channelsTogether) {
                        const int64_t some = std::min(channelsTogether, channels - c);
                        const float *factors = w + (tap * outputs + k) * channels + c * block;
                        for (int64_t line = 0; line < count; ++line) {
                            const int64_t row = (first + line) % height + down;
                            if (row < 0 || row >= height) { continue; }
                            const float *pixels = from + ((first + line + down) * width + right) * channels + c;
                            for (int64_t column = begin; column < end; column += rowsAtOnce) {
                                winogradfloat::multiplyAdding(
                                    pixels + column * channels, std::min(rowsAtOnce, end - column), channels, some, factors,
                                    sums.data() + (line * width + column) * block);
                            }
                        }
                    }
                }
                for (int64_t pixel = 0; pixel < count * width; ++pixel) {
                    finish(sums.data() + pixel * block, b + k, relu, into + (first * width + pixel) * outputs + k);
                }
            }
        }
    });
    return y;
}

}  // namespace ct::tapsfloat
