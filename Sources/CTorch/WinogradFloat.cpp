#include "WinogradFloat.h"

#include "KernelTensors.h"
#include "OpenMP.h"
#include "WinogradFloatKernels.h"

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>

#include <algorithm>
#include <array>
#include <vector>

namespace ct::winogradfloat {
namespace {

/// What all transformed tiles may take for the threads to share them and divide the outputs among themselves.
constexpr int64_t sharedBytes = 8 * 1024 * 1024;

/// Where a tile's outputs begin.
struct Tile {
    int64_t image, top, left;
};

/// How many tiles cover every `step`-th of `size` pixels, all beginnings together.
int64_t tilesAlong(int64_t size, int64_t step) {
    int64_t count = 0;
    for (int64_t first = 0; first < std::min(step, size); ++first) { count += ((size - first + step - 1) / step + outputSide - 1) / outputSide; }
    return count;
}

/// The tiles of a tensor N, C, H, W; neighbours in a tile lie `step` pixels apart.
struct Grid {
    int64_t height, width, step;
    std::vector<Tile> tiles;

    Grid(const at::Tensor &x, int64_t step) : height(x.size(2)), width(x.size(3)), step(step) {
        tiles.reserve(static_cast<size_t>(x.size(0) * tilesAlong(height, step) * tilesAlong(width, step)));
        for (int64_t image = 0; image < x.size(0); ++image) {
            for (int64_t row = 0; row < std::min(step, height); ++row) {
                for (int64_t top = row; top < height; top += outputSide * step) {
                    for (int64_t column = 0; column < std::min(step, width); ++column) {
                        for (int64_t left = column; left < width; left += outputSide * step) { tiles.push_back({image, top, left}); }
                    }
                }
            }
        }
    }

    /// Pointers to `side` × `side` pixels from `margin` before the tile's beginning on; `outside` for those that are not there.
    template <int64_t side, int64_t margin, typename Element>
    void pixels(Element *tensor, int64_t channels, Element *outside, int64_t index, Element **into) const {
        const Tile &tile = tiles[static_cast<size_t>(index)];
        Element *image = tensor + tile.image * height * width * channels;
        for (int64_t i = 0; i < side * side; ++i) {
            const int64_t y = tile.top + (i / side - margin) * step, x = tile.left + (i % side - margin) * step;
            const bool isInside = y >= 0 && y < height && x >= 0 && x < width;
            into[i] = isInside ? image + (y * width + x) * channels : outside;
        }
    }
};

/// One convolution on its way.
struct Pass {
    const Grid grid;
    const int64_t channels, outputs;
    const float *x, *weights, *bias;
    float *y;
    const bool adds, relu;

    int64_t count() const { return static_cast<int64_t>(grid.tiles.size()); }
    int64_t transformedSize(int64_t tiles) const { return positions * tiles * channels; }
    static int64_t sumsSize(int64_t tiles) { return positions * tiles * block; }

    /// Tiles of a range into `into`, position by position with `stride` between.
    void transform(PartRange range, float *into, int64_t stride) const {
        const std::vector<float> zeros(static_cast<size_t>(channels));
        for (int64_t tile = range.begin; tile < range.end; ++tile, into += channels) {
            const float *pixels[inputSide * inputSide];
            grid.pixels<inputSide, 1, const float>(x, channels, zeros.data(), tile, pixels);
            transformInput(pixels, channels, into, stride);
        }
    }

    /// 64 outputs from `k` on of `rows` tiles from `first` on, whose transformed pixels are at `tiles`.
    void finish(int64_t k, int64_t first, int64_t rows, const float *tiles, int64_t stride, float *sums, float *unused) const {
        for (int64_t p = 0; p < positions; ++p) {
            const float *factors = weights + (p * outputs + k) * channels;
            for (int64_t row = 0; row < rows; row += rowsAtOnce) {
                multiply(
                    tiles + p * stride + row * channels, std::min(rowsAtOnce, rows - row), channels, factors,
                    sums + (p * rows + row) * block);
            }
        }
        for (int64_t row = 0; row < rows; ++row) {
            float *pixels[outputSide * outputSide];
            grid.pixels<outputSide, 0, float>(y, outputs, unused, first + row, pixels);
            for (float *&pixel : pixels) {
                if (pixel != unused) { pixel += k; }
            }
            transformOutput(sums + row * block, rows * block, bias + k, adds, relu, pixels);
        }
    }
};

at::Tensor scratch(int64_t count) { return at::empty({count}, at::TensorOptions().dtype(at::kFloat)); }

/// Tiles that are worked on at once: their sums stay in the second-level cache, and as many share each reading of the weights.
int64_t chunk(int64_t channels, int64_t tiles) {
    const int64_t wanted = channels <= 128 ? 24 : 48, chunks = std::max<int64_t>(1, (tiles + wanted - 1) / wanted);
    return ((tiles + chunks - 1) / chunks + rowsAtOnce - 1) / rowsAtOnce * rowsAtOnce;
}

/// Each thread has tiles of its own and goes through all outputs with each chunk of them.
void runByTiles(const Pass &pass, int parts) {
    const int64_t together = chunk(pass.channels, (pass.count() + parts - 1) / parts);
    const int64_t size = pass.transformedSize(together) + Pass::sumsSize(together);
    const at::Tensor memory = scratch(parts * size);
    float *all = mutableFloats(memory);
    parallelParts(parts, [&](int part) {
        float *tiles = all + part * size, *sums = tiles + pass.transformedSize(together);
        std::array<float, block> unused;
        const PartRange range(pass.count(), parts, part);
        for (int64_t first = range.begin; first < range.end; first += together) {
            PartRange now(range);
            now.begin = first;
            now.end = std::min(range.end, first + together);
            const int64_t rows = now.end - now.begin, stride = rows * pass.channels;
            pass.transform(now, tiles, stride);
            for (int64_t k = 0; k < pass.outputs; k += block) { pass.finish(k, first, rows, tiles, stride, sums, unused.data()); }
        }
    });
}

/// The threads transform all tiles together, then each has outputs of its own: where there are few tiles, reading the weights is what takes
/// time, and so each reads its part only.
void runByOutputs(const Pass &pass, int parts) {
    const int64_t count = pass.count(), stride = count * pass.channels, together = chunk(pass.channels, count);
    const at::Tensor transformed = scratch(pass.transformedSize(count)), memory = scratch(parts * Pass::sumsSize(together));
    float *tiles = mutableFloats(transformed), *all = mutableFloats(memory);
    parallelParts(parts, [&](int part) {
        const PartRange range(count, parts, part);
        pass.transform(range, tiles + range.begin * pass.channels, stride);
    });
    parallelParts(parts, [&](int part) {
        float *sums = all + part * Pass::sumsSize(together);
        std::array<float, block> unused;
        const PartRange range(pass.outputs / block, parts, part);
        for (int64_t k = range.begin * block; k < range.end * block; k += block) {
            for (int64_t first = 0; first < count; first += together) {
                const int64_t rows = std::min(together, count - first);
                pass.finish(k, first, rows, tiles + first * pass.channels, stride, sums, unused.data());
            }
        }
    });
}

}  // namespace

bool isSuited(const at::Tensor &x, at::IntArrayRef weightSizes, int64_t stride, int64_t padding, int64_t dilation) {
    // Four times the weights are read; for fewer tiles that takes longer than the products that are saved.
    constexpr int64_t leastTiles = 16;
    return hasKernels() && isSameSize3x3(x, at::kFloat, weightSizes, stride, padding, dilation) && dilation >= 1
        && weightSizes[0] % block == 0 && weightSizes[1] % lanes == 0
        && x.size(0) * tilesAlong(x.size(2), dilation) * tilesAlong(x.size(3), dilation) >= leastTiles;
}

int64_t products(int64_t height, int64_t width, int64_t dilation) {
    return positions * tilesAlong(height, dilation) * tilesAlong(width, dilation);
}

at::Tensor packed(const at::Tensor &weight) {
    const at::Tensor w = weight.to(at::kFloat).contiguous();
    const int64_t outputs = w.size(0), channels = w.size(1);
    at::Tensor result = at::empty({positions, outputs, channels}, w.options());
    const float *from = floats(w);
    float *into = mutableFloats(result);
    const int parts = partCount(w.numel());
    parallelParts(parts, [&](int part) {
        const PartRange range(outputs, parts, part);
        for (int64_t k = range.begin; k < range.end; ++k) {
            for (int64_t c = 0; c < channels; ++c) {
                // In blocks of 64 outputs: position, block, channel, output.
                transformWeight(
                    from + (k * channels + c) * 9, 1, into + (k / block * channels + c) * block + k % block, outputs * channels);
            }
        }
    });
    return result;
}

at::Tensor convolved(
    const at::Tensor &x, const at::Tensor &weights, const at::Tensor &bias, const std::optional<at::Tensor> &residual, int64_t dilation,
    bool relu) {
    const int64_t outputs = weights.size(1);
    at::Tensor y = residual ? residual->contiguous(at::MemoryFormat::ChannelsLast)
                            : at::empty({x.size(0), outputs, x.size(2), x.size(3)}, x.options(), at::MemoryFormat::ChannelsLast);
    const at::Tensor terms = bias.contiguous();
    const Pass pass{Grid(x, dilation), x.size(1), outputs, floats(x), floats(weights), floats(terms), mutableFloats(y), residual.has_value(), relu};
    const int parts = partCount(x.numel());
    const bool isSmall = pass.transformedSize(pass.count()) * 4 <= sharedBytes && outputs / block % parts == 0;
    isSmall ? runByOutputs(pass, parts) : runByTiles(pass, parts);
    return y;
}

}  // namespace ct::winogradfloat
