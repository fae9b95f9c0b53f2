#include "TapConv.h"

#include "BFloat16.h"
#include "Clones.h"
#include "KernelTensors.h"
#include "OpenMP.h"
#include "WinogradKernels.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <vector>

namespace ct::taps {
namespace {

using winograd::block;
using winograd::lanes;

constexpr int64_t taps = 9;
/// Pixels that `multiplyAdding` takes at once.
constexpr int64_t rowsAtOnce = 6;
/// Pixels for which a tap's weights, up to 256 KB for 64 outputs, are read once.
constexpr int64_t pixelsTogether = 240;

/// The places of a line whose neighbour `offset` away lies on it, too.
struct Reach {
    int64_t begin, end;

    Reach(int64_t length, int64_t offset) : begin(std::max<int64_t>(0, -offset)), end(std::min(length, length - offset)) {}
};

/// Pairs of inputs for `multiplyAdding`: tap, block of 64 outputs, pair of inputs, output.
at::Tensor packedForward(const at::Tensor &weight) {
    const at::Tensor w = weight.to(at::kBFloat16).contiguous(at::MemoryFormat::ChannelsLast);
    const int64_t outputs = w.size(0), channels = w.size(1);
    at::Tensor result = at::empty({taps, outputs, channels}, w.options(), at::MemoryFormat::Contiguous);
    const int parts = partCount(w.numel());
    parallelParts(parts, [&](int part) {
        const PartRange range(outputs, parts, part);
        for (int64_t k = range.begin; k < range.end; ++k) {
            for (int64_t tap = 0; tap < taps; ++tap) {
                const uint16_t *from = bits(w) + (k * taps + tap) * channels;
                uint16_t *into = mutableBits(result) + (tap * outputs + k / block * block) * channels + k % block * 2;
                for (int64_t c = 0; c < channels; c += 2, into += 2 * block) { std::copy_n(from + c, 2, into); }
            }
        }
    });
    return result;
}

/// The same for the input's gradient: outputs and inputs exchange roles, and the kernel is turned round.
at::Tensor packedBackward(const at::Tensor &weight) {
    const at::Tensor w = weight.to(at::kBFloat16).contiguous(at::MemoryFormat::ChannelsLast);
    const int64_t outputs = w.size(0), channels = w.size(1);
    at::Tensor result = at::empty({taps, channels, outputs}, w.options(), at::MemoryFormat::Contiguous);
    const int parts = partCount(w.numel());
    parallelParts(parts, [&](int part) {
        const PartRange range(outputs / 2, parts, part);
        for (int64_t k = 2 * range.begin; k < 2 * range.end; k += 2) {
            for (int64_t tap = 0; tap < taps; ++tap) {
                const uint16_t *first = bits(w) + (k * taps + tap) * channels, *second = first + taps * channels;
                uint16_t *into = mutableBits(result) + (taps - 1 - tap) * channels * outputs + k * block;
                for (int64_t c = 0; c < channels; c += block, into += block * outputs) {
                    for (int64_t i = 0; i < block; ++i) {
                        into[2 * i] = first[c + i];
                        into[2 * i + 1] = second[c + i];
                    }
                }
            }
        }
    });
    return result;
}

CT_CLONES void roundRow(const float *from, uint16_t *into) {
    for (int64_t i = 0; i < block; ++i) { into[i] = narrowed(from[i]); }
}
CT_CLONES void rectifyRow(const float *from, const float *bias, uint16_t *into) {
    for (int64_t i = 0; i < block; ++i) {
        const float value = from[i] + bias[i];
        // The order of the comparison keeps a value that is not a number.
        into[i] = narrowed(value < 0 ? 0 : value);
    }
}

/// conv(x), with bias and ReLU where there is a bias.
at::Tensor convolved(const at::Tensor &x, const at::Tensor &weights, int64_t outputs, const float *bias, int64_t dilation) {
    const int64_t channels = x.size(1), height = x.size(2), width = x.size(3), lines = x.size(0) * height;
    at::Tensor y = at::empty({x.size(0), outputs, height, width}, x.options(), at::MemoryFormat::ChannelsLast);
    const uint16_t *from = bits(x), *w = bits(weights);
    uint16_t *into = mutableBits(y);
    const int64_t together = std::max<int64_t>(1, pixelsTogether / width), steps = (lines + together - 1) / together;
    const int parts = partCount(x.numel());
    parallelParts(parts, [&](int part) {
        std::vector<float> sums(static_cast<size_t>(together * width * block));
        const PartRange range(steps, parts, part);
        for (int64_t step = range.begin; step < range.end; ++step) {
            const int64_t first = step * together, count = std::min(together, lines - first);
            for (int64_t k = 0; k < outputs; k += block) {
                std::fill(sums.begin(), sums.end(), 0.0f);
                for (int64_t tap = 0; tap < taps; ++tap) {
                    const int64_t down = (tap / 3 - 1) * dilation, right = (tap % 3 - 1) * dilation;
                    const Reach rows(height, down), columns(width, right);
                    const uint16_t *factors = w + (tap * outputs + k) * channels;
                    for (int64_t line = 0; line < count; ++line) {
                        const int64_t row = (first + line) % height;
                        if (row < rows.begin || row >= rows.end) { continue; }
                        const uint16_t *pixels = from + ((first + line + down) * width + right) * channels;
                        for (int64_t column = columns.begin; column < columns.end; column += rowsAtOnce) {
                            winograd::multiplyAdding(
                                pixels + column * channels, std::min(rowsAtOnce, columns.end - column), channels, factors,
                                sums.data() + (line * width + column) * block);
                        }
                    }
                }
                for (int64_t pixel = 0; pixel < count * width; ++pixel) {
                    const float *sum = sums.data() + pixel * block;
                    uint16_t *result = into + (first * width + pixel) * outputs + k;
                    bias ? rectifyRow(sum, bias + k, result) : roundRow(sum, result);
                }
            }
        }
    });
    return y;
}

/// `count` channels of two pixels as pairs; the second may be missing.
CT_CLONES void pairUp(const uint16_t *first, const uint16_t *second, int64_t count, uint16_t *into) {
    for (int64_t i = 0; i < count; ++i) {
        into[2 * i] = first[i];
        into[2 * i + 1] = second ? second[i] : uint16_t(0);
    }
}

/// Pairs of neighbouring pixels of lines `begin` ..< `end`, of channels `channel` ..< `channel + count`.
void pairLines(const at::Tensor &tensor, int64_t begin, int64_t end, int64_t channel, int64_t count, uint16_t *into) {
    const int64_t channels = tensor.size(1), width = tensor.size(3);
    for (int64_t line = begin; line < end; ++line) {
        for (int64_t column = 0; column < width; column += 2, into += 2 * count) {
            const uint16_t *first = bits(tensor) + (line * width + column) * channels + channel;
            pairUp(first, column + 1 < width ? first + channels : nullptr, count, into);
        }
    }
}

}  // namespace

bool isSuited(const at::Tensor &x, at::IntArrayRef weightSizes, int64_t stride, int64_t padding, int64_t dilation) {
    // Pairs of pixels stay pairs only where a tap's neighbour is an even number of pixels away.
    return winograd::hasKernels() && isSameSize3x3(x, at::kBFloat16, weightSizes, stride, padding, dilation) && x.numel() > 0
        && dilation % 2 == 0 && weightSizes[0] % block == 0 && weightSizes[1] % block == 0;
}

int64_t products(int64_t height, int64_t width, int64_t dilation) {
    const auto along = [=](int64_t side) { return side + 2 * std::max<int64_t>(0, side - dilation); };
    return along(height) * along(width);
}

at::Tensor forward(const at::Tensor &x, const at::Tensor &weight, int64_t dilation) {
    return convolved(x, packedForward(weight), weight.size(0), nullptr, dilation);
}

at::Tensor packed(const at::Tensor &weight) { return packedForward(weight); }

at::Tensor forwardPacked(const at::Tensor &x, const at::Tensor &weights, const at::Tensor &bias, int64_t dilation) {
    return convolved(x, weights, weights.size(1), static_cast<const float *>(bias.const_data_ptr()), dilation);
}

at::Tensor inputGradient(const at::Tensor &gradient, const at::Tensor &weight, int64_t dilation) {
    return convolved(gradient, packedBackward(weight), weight.size(1), nullptr, dilation);
}

at::Tensor weightGradient(const at::Tensor &x, const at::Tensor &gradient, int64_t dilation) {
    const int64_t outputs = gradient.size(1), channels = x.size(1), height = x.size(2), width = x.size(3), images = x.size(0);
    const int64_t lines = images * height, pairs = (width + 1) / 2;
    at::Tensor result = at::empty({outputs, channels, 3, 3}, at::TensorOptions().dtype(at::kFloat), at::MemoryFormat::ChannelsLast);
    auto *into = static_cast<float *>(result.mutable_data_ptr());
    std::fill_n(into, result.numel(), 0.0f);

    // All threads read the gradient's pairs: 16 outputs, line, pair.
    std::vector<uint16_t> gradients(static_cast<size_t>(lines * pairs * 2 * outputs));
    const int packers = partCount(gradient.numel());
    parallelParts(packers, [&](int part) {
        const PartRange range(outputs / lanes, packers, part);
        for (int64_t k = range.begin; k < range.end; ++k) {
            pairLines(gradient, 0, lines, k * lanes, lanes, gradients.data() + k * lines * pairs * 2 * lanes);
        }
    });
    const int parts = partCount(x.numel());
    parallelParts(parts, [&](int part) {
        // 64 channels of an image: they lie in the second-level cache while every output and tap goes over them.
        std::vector<uint16_t> inputs(static_cast<size_t>(height * pairs * 2 * block));
        const PartRange range(channels / block, parts, part);
        for (int64_t c = range.begin * block; c < range.end * block; c += block) {
            for (int64_t image = 0; image < images; ++image) {
                pairLines(x, image * height, (image + 1) * height, c, block, inputs.data());
                for (int64_t k = 0; k < outputs; k += lanes) {
                    const uint16_t *of = gradients.data() + (k * lines + image * height * lanes) * pairs * 2;
                    for (int64_t tap = 0; tap < taps; ++tap) {
                        const int64_t down = (tap / 3 - 1) * dilation, right = (tap % 3 - 1) * dilation / 2;
                        const Reach rows(height, down), columns(pairs, right);
                        if (columns.begin >= columns.end) { continue; }
                        for (int64_t row = rows.begin; row < rows.end; ++row) {
                            winograd::multiplyPairs(
                                of + (row * pairs + columns.begin) * 2 * lanes,
                                inputs.data() + ((row + down) * pairs + columns.begin + right) * 2 * block, columns.end - columns.begin,
                                into + (k * taps + tap) * channels + c, taps * channels);
                        }
                    }
                }
            }
        }
    });
    return result;
}

}  // namespace ct::taps
