#include "Winograd.h"

#include "KernelTensors.h"
#include "OpenMP.h"
#include "WinogradKernels.h"

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>

#include <algorithm>
#include <array>
#include <vector>

namespace ct::winograd {
namespace {

/// What a thread works on at once should lie in its second-level cache.
constexpr int64_t cacheBytes = 600 * 1024;
/// Tiles that `multiply` takes at once.
constexpr int64_t rowsAtOnce = 6;
/// Sums of weight gradients that all threads together may hold.
constexpr int64_t sumBytes = 192 * 1024 * 1024;

/// The tiles of a tensor N, C, H, W in channels-last memory: grid by grid, row by row.
struct Tiles {
    int64_t channels, height, width, dilation, across, perGrid, perImage, count;

    Tiles(const at::Tensor &tensor, int64_t dilation)
        : channels(tensor.size(1)), height(tensor.size(2)), width(tensor.size(3)), dilation(dilation), across(tilesAlong(width, dilation)),
          perGrid(tilesAlong(height, dilation) * across), perImage(dilation * dilation * perGrid), count(tensor.size(0) * perImage) {}

    /// Of two pixels each, along a side of a grid.
    static int64_t tilesAlong(int64_t side, int64_t dilation) { return ((side + dilation - 1) / dilation + 1) / 2; }

    /// Pointers to `side` × `side` pixels from `margin` before the output's on; `outside` for those that are not there.
    template <int side, int margin, typename Element>
    void pixels(Element *tensor, Element *outside, int64_t index, Element **into) const {
        const int64_t grid = index % perImage / perGrid, tile = index % perGrid;
        const int64_t top = tile / across * 2 - margin, left = tile % across * 2 - margin;
        Element *image = tensor + index / perImage * height * width * channels;
        for (int64_t i = 0; i < side * side; ++i) {
            const int64_t y = (top + i / side) * dilation + grid / dilation, x = (left + i % side) * dilation + grid % dilation;
            const bool isInside = index < count && y >= 0 && y < height && x >= 0 && x < width;
            into[i] = isInside ? image + (y * width + x) * channels : outside;
        }
    }
};

enum class Direction { forward, backward };

/// Transformed weights in blocks of 64 outputs: position, block, pairs of inputs, output.
at::Tensor packed(const at::Tensor &weight, Direction direction) {
    const at::Tensor w = weight.to(at::kFloat).contiguous(at::MemoryFormat::ChannelsLast);
    const int64_t outputs = w.size(0), channels = w.size(1), stride = outputs * channels;
    at::Tensor result = at::empty({positions, outputs, channels}, at::TensorOptions().dtype(at::kBFloat16));
    const float *from = floats(w);
    uint16_t *into = mutableBits(result);
    const bool isForward = direction == Direction::forward;
    const int64_t outputStep = isForward ? lanes : 2, steps = outputs / outputStep;
    const int parts = partCount(w.numel());
    parallelParts(parts, [&](int part) {
        const PartRange range(steps, parts, part);
        for (int64_t k = range.begin * outputStep; k < range.end * outputStep; k += outputStep) {
            for (int64_t c = 0; c < channels; c += lanes) {
                const float *at = from + k * 9 * channels + c;
                if (isForward) {
                    packForward(at, channels, into + (k / block * (channels / 2) + c / 2) * 2 * block + k % block * 2, stride);
                } else {
                    packBackward(at, channels, into + (c / block * (outputs / 2) + k / 2) * 2 * block + c % block * 2, stride);
                }
            }
        }
    });
    return result;
}

/// conv(x), with bias and ReLU where there is a bias.
at::Tensor convolved(const at::Tensor &x, const at::Tensor &weights, int64_t outputs, const float *bias, int64_t dilation) {
    const Tiles tiles(x, dilation);
    const int64_t channels = tiles.channels;
    at::Tensor y = at::empty({x.size(0), outputs, x.size(2), x.size(3)}, x.options(), at::MemoryFormat::ChannelsLast);
    const Tiles outputTiles(y, dilation);
    const uint16_t *from = bits(x), *w = bits(weights);
    uint16_t *into = mutableBits(y);
    const int64_t fitting = cacheBytes / (positions * (2 * channels + 4 * block)) / rowsAtOnce;
    const int64_t together = rowsAtOnce * std::clamp<int64_t>(fitting, 4, 32), steps = (tiles.count + together - 1) / together;
    const int parts = partCount(x.numel());
    parallelParts(parts, [&](int part) {
        const std::vector<uint16_t> zeros(static_cast<size_t>(channels));
        std::vector<uint16_t> unused(static_cast<size_t>(outputs)), transformed(static_cast<size_t>(positions * together * channels));
        std::vector<float> sums(static_cast<size_t>(positions * together * block));
        std::vector<std::array<uint16_t *, 4>> targets(static_cast<size_t>(together));
        const PartRange range(steps, parts, part);
        for (int64_t step = range.begin; step < range.end; ++step) {
            const int64_t first = step * together, rows = std::min(together, tiles.count - first);
            for (int64_t row = 0; row < rows; ++row) {
                const uint16_t *pixels[16];
                tiles.pixels<4, 1, const uint16_t>(from, zeros.data(), first + row, pixels);
                transformInput(pixels, channels, transformed.data() + row * channels, together * channels);
                outputTiles.pixels<2, 0, uint16_t>(into, nullptr, first + row, targets[static_cast<size_t>(row)].data());
            }
            for (int64_t k = 0; k < outputs; k += block) {
                for (int64_t p = 0; p < positions; ++p) {
                    const uint16_t *factors = w + p * outputs * channels + k * channels;
                    for (int64_t row = 0; row < rows; row += rowsAtOnce) {
                        multiply(
                            transformed.data() + (p * together + row) * channels, std::min(rowsAtOnce, rows - row), channels, factors,
                            sums.data() + (p * together + row) * block);
                    }
                }
                for (int64_t row = 0; row < rows; ++row) {
                    uint16_t *pixels[4];
                    for (int64_t i = 0; i < 4; ++i) {
                        uint16_t *target = targets[static_cast<size_t>(row)][static_cast<size_t>(i)];
                        pixels[i] = (target ? target : unused.data()) + k;
                    }
                    transformOutput(sums.data() + row * block, together * block, bias ? bias + k : nullptr, pixels);
                }
            }
        }
    });
    return y;
}

/// The sums over a range of pairs of tiles of the products of transformed gradients and inputs: position, output, channel.
void addProducts(const at::Tensor &x, const at::Tensor &gradient, int64_t dilation, PartRange range, float *sums) {
    const Tiles tiles(x, dilation), gradientTiles(gradient, dilation);
    const int64_t channels = tiles.channels, outputs = gradientTiles.channels;
    // Few enough that both lie in the cache where that is possible, and enough to be worth reading the sums once more.
    const int64_t together = std::min(range.end - range.begin, channels + outputs <= 2 * block ? block : 2 * block);
    const std::vector<uint16_t> zeros(static_cast<size_t>(std::max(channels, outputs)));
    std::vector<uint16_t> inputs(static_cast<size_t>(positions * together * channels * 2));
    std::vector<uint16_t> gradients(static_cast<size_t>(positions * together * outputs * 2));
    for (int64_t start = range.begin; start < range.end; start += together) {
        const int64_t pairs = std::min(together, range.end - start);
        for (int64_t i = 0; i < pairs; ++i) {
            const uint16_t *first[16], *second[16];
            const int64_t tile = 2 * (start + i);
            tiles.pixels<4, 1, const uint16_t>(bits(x), zeros.data(), tile, first);
            tiles.pixels<4, 1, const uint16_t>(bits(x), zeros.data(), tile + 1, second);
            transformInputPair(first, second, channels, inputs.data() + i * 2 * block, pairs * channels * 2, pairs * 2 * block);
            gradientTiles.pixels<2, 0, const uint16_t>(bits(gradient), zeros.data(), tile, first);
            gradientTiles.pixels<2, 0, const uint16_t>(bits(gradient), zeros.data(), tile + 1, second);
            transformGradientPair(first, second, outputs, gradients.data() + i * 2 * lanes, pairs * outputs * 2, pairs * 2 * lanes);
        }
        for (int64_t p = 0; p < positions; ++p) {
            for (int64_t c = 0; c < channels; c += block) {
                for (int64_t k = 0; k < outputs; k += lanes) {
                    multiplyPairs(
                        gradients.data() + (p * outputs + k) * pairs * 2, inputs.data() + (p * channels + c) * pairs * 2, pairs,
                        sums + (p * outputs + k) * channels + c, channels);
                }
            }
        }
    }
}

}  // namespace

bool isSuited(const at::Tensor &x, at::IntArrayRef weightSizes, int64_t stride, int64_t padding, int64_t dilation) {
    // Small maps have too few tiles to share the cost of the weights' transform.
    constexpr int64_t leastTiles = 96;
    return hasKernels() && isSameSize3x3(x, at::kBFloat16, weightSizes, stride, padding, dilation) && weightSizes[0] % block == 0
        && weightSizes[1] % block == 0 && Tiles(x, dilation).count >= leastTiles;
}

bool isWeightGradientSuited(at::IntArrayRef weightSizes) {
    return at::get_num_threads() * positions * weightSizes[0] * weightSizes[1] * 4 <= sumBytes;
}

int64_t products(int64_t height, int64_t width, int64_t dilation) {
    return positions * dilation * dilation * Tiles::tilesAlong(height, dilation) * Tiles::tilesAlong(width, dilation);
}

at::Tensor forward(const at::Tensor &x, const at::Tensor &weight, const at::Tensor &bias, int64_t dilation) {
    const at::Tensor terms = bias.defined() ? bias.to(at::kFloat).contiguous() : bias;
    return convolved(x, packed(weight, Direction::forward), weight.size(0), terms.defined() ? floats(terms) : nullptr, dilation);
}

at::Tensor packed(const at::Tensor &weight) { return packed(weight, Direction::forward); }

at::Tensor forwardPacked(const at::Tensor &x, const at::Tensor &weights, const at::Tensor &bias, int64_t dilation) {
    return convolved(x, weights, weights.size(1), floats(bias), dilation);
}

at::Tensor inputGradient(const at::Tensor &gradient, const at::Tensor &weight, int64_t dilation) {
    return convolved(gradient, packed(weight, Direction::backward), weight.size(1), nullptr, dilation);
}

at::Tensor weightGradient(const at::Tensor &x, const at::Tensor &gradient, int64_t dilation) {
    const int64_t outputs = gradient.size(1), channels = x.size(1), pairs = (Tiles(x, dilation).count + 1) / 2;
    const auto options = at::TensorOptions().dtype(at::kFloat);
    const int parts = partCount(x.numel());
    std::vector<at::Tensor> sums;
    std::vector<const float *> from;
    for (int part = 0; part < parts; ++part) {
        sums.push_back(at::empty({positions, outputs, channels}, options));
        from.push_back(floats(sums.back()));
    }
    parallelParts(parts, [&](int part) {
        float *own = mutableFloats(sums[static_cast<size_t>(part)]);
        std::fill_n(own, positions * outputs * channels, 0.0f);
        addProducts(x, gradient, dilation, PartRange(pairs, parts, part), own);
    });
    at::Tensor result = at::empty({outputs, channels, 3, 3}, options, at::MemoryFormat::ChannelsLast);
    float *into = mutableFloats(result);
    parallelParts(parts, [&](int part) {
        const PartRange range(outputs, parts, part);
        std::vector<const float *> rows(from);
        for (int64_t k = range.begin; k < range.end; ++k) {
            for (size_t i = 0; i < rows.size(); ++i) { rows[i] = from[i] + k * channels; }
            transformWeightGradient(rows.data(), parts, outputs * channels, channels, into + k * 9 * channels);
        }
    });
    return result;
}

}  // namespace ct::winograd
