#include "MaxPool.h"

#include "Clones.h"
#include "OpenMP.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/max_pool2d.h>
#include <algorithm>
#include <cstdint>

namespace {

// largest = max(largest, value), `count` channels.
CT_CLONES void raiseFloat(float *largest, const float *value, int64_t count) {
    for (int64_t c = 0; c < count; ++c) { largest[c] = value[c] > largest[c] ? value[c] : largest[c]; }
}

// The bits of a bfloat16 as an integer of the same order: those of negative numbers run backwards. The inverse is the same function.
inline int16_t ordered(int16_t bits) { return static_cast<int16_t>(bits ^ ((bits >> 15) & 0x7fff)); }

CT_CLONES void raiseBFloat16(int16_t *largest, const int16_t *value, int64_t count) {
    for (int64_t c = 0; c < count; ++c) { largest[c] = ordered(std::max(ordered(largest[c]), ordered(value[c]))); }
}

void raise(float *largest, const float *value, int64_t count) { raiseFloat(largest, value, count); }
void raise(int16_t *largest, const int16_t *value, int64_t count) { raiseBFloat16(largest, value, count); }

struct Window {
    int64_t kernel, stride, padding;

    int64_t outputs(int64_t inputs) const { return (inputs + 2 * padding - kernel) / stride + 1; }
    int64_t begin(int64_t output) const { return std::max<int64_t>(output * stride - padding, 0); }
    int64_t end(int64_t output, int64_t inputs) const { return std::min(output * stride - padding + kernel, inputs); }
};

template <typename Element>
void poolRow(const Element *image, Element *row, int64_t y, int64_t height, int64_t width, int64_t columns, int64_t channels, Window window) {
    for (int64_t x = 0; x < columns; ++x) {
        Element *out = row + x * channels;
        bool isFirst = true;
        for (int64_t v = window.begin(y); v < window.end(y, height); ++v) {
            for (int64_t u = window.begin(x); u < window.end(x, width); ++u) {
                const Element *in = image + (v * width + u) * channels;
                if (isFirst) {
                    std::copy_n(in, channels, out);
                } else {
                    raise(out, in, channels);
                }
                isFirst = false;
            }
        }
    }
}

template <typename Element>
void pool(const at::Tensor &x, at::Tensor &y, Window window) {
    const int64_t channels = x.size(1), height = x.size(2), width = x.size(3), rows = y.size(2), columns = y.size(3);
    const auto *in = static_cast<const Element *>(x.const_data_ptr());
    auto *out = static_cast<Element *>(y.data_ptr());
    const int parts = ct::partCount(y.numel() * window.kernel);
    ct::parallelParts(parts, [&](int part) {
        const ct::PartRange range(x.size(0) * rows, parts, part);
        for (int64_t row = range.begin; row < range.end; ++row) {
            poolRow(in + row / rows * height * width * channels, out + row * columns * channels, row % rows, height, width, columns, channels, window);
        }
    });
}

}  // namespace

at::Tensor ct::max_pool2d(const at::Tensor &x, int64_t kernel, int64_t stride, int64_t padding) {
    const bool wantsGradient = at::GradMode::is_enabled() && x.requires_grad();
    const bool isFloat = x.scalar_type() == at::kFloat, isBFloat16 = x.scalar_type() == at::kBFloat16;
    const bool isSound = kernel > 0 && stride > 0 && padding >= 0 && 2 * padding <= kernel;
    if (wantsGradient || !isSound || !x.is_cpu() || !(isFloat || isBFloat16) || x.dim() != 4 || x.numel() == 0
        || !x.is_contiguous(at::MemoryFormat::ChannelsLast) || x.size(2) + 2 * padding < kernel || x.size(3) + 2 * padding < kernel) {
        return at::max_pool2d(x, kernel, stride, padding);
    }
    const Window window{kernel, stride, padding};
    at::Tensor y = at::empty(
        {x.size(0), x.size(1), window.outputs(x.size(2)), window.outputs(x.size(3))}, x.options(), at::MemoryFormat::ChannelsLast);
    if (isFloat) {
        pool<float>(x, y, window);
    } else {
        pool<int16_t>(x, y, window);
    }
    return y;
}
