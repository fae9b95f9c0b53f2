#include "MaxPool.h"

#include "MaxPoolKernels.h"
#include "OpenMP.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/max_pool2d.h>
#include <torch/csrc/autograd/custom_function.h>

namespace ct {

int64_t PoolWindow::outputs(int64_t inputs) const {
    const int64_t room = inputs + 2 * padding - kernel;
    int64_t count = (room + (roundsUp ? stride - 1 : 0)) / stride + 1;
    if (roundsUp && (count - 1) * stride >= inputs + padding) { --count; }
    return count;
}

namespace {

/// One image's rows as the windows see them.
struct Plane {
    PoolWindow window;
    int64_t channels, height, width, rows, columns;

    Plane(at::IntArrayRef input, const PoolWindow &window)
        : window(window), channels(input[1]), height(input[2]), width(input[3]), rows(window.outputs(input[2])),
          columns(window.outputs(input[3])) {}

    int64_t begin(int64_t output) const { return std::max<int64_t>(output * window.stride - window.padding, 0); }
    int64_t end(int64_t output, int64_t inputs) const { return std::min(output * window.stride - window.padding + window.kernel, inputs); }
    /// The windows that an input row or column lies in.
    int64_t firstWindow(int64_t input) const {
        const int64_t reach = input + window.padding - window.kernel + 1;
        return reach <= 0 ? 0 : (reach + window.stride - 1) / window.stride;
    }
    int64_t lastWindow(int64_t input, int64_t outputs) const { return std::min((input + window.padding) / window.stride, outputs - 1); }
    /// Which pixel of a window an input pixel is.
    uint8_t place(int64_t y, int64_t x, int64_t row, int64_t column) const {
        const int64_t down = y - (row * window.stride - window.padding), right = x - (column * window.stride - window.padding);
        return static_cast<uint8_t>(down * window.kernel + right);
    }
};

template <typename Element>
void poolRow(const Plane &plane, const Element *image, int64_t row, Element *out, uint8_t *places, bool rectified) {
    const int64_t channels = plane.channels;
    for (int64_t column = 0; column < plane.columns; ++column) {
        bool isFirst = true;
        for (int64_t y = plane.begin(row); y < plane.end(row, plane.height); ++y) {
            for (int64_t x = plane.begin(column); x < plane.end(column, plane.width); ++x) {
                const Element *in = image + (y * plane.width + x) * channels;
                const uint8_t place = plane.place(y, x, row, column);
                if (isFirst) {
                    std::copy_n(in, channels, out);
                    if (places) { std::fill_n(places, channels, place); }
                } else if (places) {
                    raiseWithPlace(out, places, in, place, channels);
                } else {
                    raise(out, in, channels);
                }
                isFirst = false;
            }
        }
        if (places && rectified) { closePlaces(out, places, channels); }
        out += channels;
        if (places) { places += channels; }
    }
}

template <typename Element>
void spreadRow(const Plane &plane, const Element *gradient, const uint8_t *places, int64_t y, Element *into, float *sums) {
    const int64_t channels = plane.channels;
    const int64_t firstRow = plane.firstWindow(y), lastRow = plane.lastWindow(y, plane.rows);
    for (int64_t x = 0; x < plane.width; ++x, into += channels) {
        const int64_t firstColumn = plane.firstWindow(x), lastColumn = plane.lastWindow(x, plane.columns);
        if (firstRow > lastRow || firstColumn > lastColumn) {
            std::fill_n(into, channels, Element(0));
        } else if (firstRow == lastRow && firstColumn == lastColumn) {
            const int64_t at = (firstRow * plane.columns + firstColumn) * channels;
            takeWhere(into, gradient + at, places + at, plane.place(y, x, firstRow, firstColumn), channels);
        } else {
            std::fill_n(sums, channels, 0.0f);
            for (int64_t row = firstRow; row <= lastRow; ++row) {
                for (int64_t column = firstColumn; column <= lastColumn; ++column) {
                    const int64_t at = (row * plane.columns + column) * channels;
                    addWhere(sums, gradient + at, places + at, plane.place(y, x, row, column), channels);
                }
            }
            round(into, sums, channels);
        }
    }
}

/// Calls `body` with a value of the element type that the kernels know the tensor's elements as.
template <typename Body>
void withElement(const at::Tensor &tensor, const Body &body) {
    if (tensor.scalar_type() == at::kBFloat16) {
        body(int16_t());
    } else {
        body(float());
    }
}

class MaxPool : public torch::autograd::Function<MaxPool> {
  public:
    static at::Tensor forward(torch::autograd::AutogradContext *context, const at::Tensor &x, const PoolWindow &window) {
        at::Tensor places;
        at::Tensor y = poolForward(x, window, false, &places);
        context->save_for_backward({places});
        context->saved_data["sizes"] = x.sizes().vec();
        context->saved_data["window"] = std::vector<int64_t>{window.kernel, window.stride, window.padding, window.roundsUp};
        return y;
    }

    static torch::autograd::variable_list backward(
        torch::autograd::AutogradContext *context, torch::autograd::variable_list arriving) {
        TORCH_CHECK(!at::GradMode::is_enabled(), "the max-pool has no second derivative");
        const auto window = context->saved_data["window"].toIntVector();
        return {
            poolBackward(
                arriving[0], context->get_saved_variables()[0], context->saved_data["sizes"].toIntVector(),
                PoolWindow{window[0], window[1], window[2], window[3] != 0}),
            at::Tensor()};
    }
};

}  // namespace

bool isPoolable(const at::Tensor &x, const PoolWindow &window) {
    return window.isSound() && window.kernel * window.kernel < noPlace && x.is_cpu()
        && (x.scalar_type() == at::kFloat || x.scalar_type() == at::kBFloat16) && x.dim() == 4 && x.numel() > 0
        && x.is_contiguous(at::MemoryFormat::ChannelsLast) && x.size(2) + 2 * window.padding >= window.kernel
        && x.size(3) + 2 * window.padding >= window.kernel;
}

at::Tensor poolForward(const at::Tensor &x, const PoolWindow &window, bool rectified, at::Tensor *places) {
    const Plane plane(x.sizes(), window);
    const std::vector<int64_t> sizes{x.size(0), plane.channels, plane.rows, plane.columns};
    at::Tensor y = at::empty(sizes, x.options(), at::MemoryFormat::ChannelsLast);
    if (places) { *places = at::empty(sizes, x.options().dtype(at::kByte), at::MemoryFormat::ChannelsLast); }
    uint8_t *allPlaces = places ? places->mutable_data_ptr<uint8_t>() : nullptr;
    withElement(x, [&](auto element) {
        using Element = decltype(element);
        const auto *in = static_cast<const Element *>(x.const_data_ptr());
        auto *out = static_cast<Element *>(y.mutable_data_ptr());
        const int64_t imageElements = plane.height * plane.width * plane.channels, rowElements = plane.columns * plane.channels;
        const int parts = partCount(y.numel() * window.kernel);
        parallelParts(parts, [&](int part) {
            const PartRange range(x.size(0) * plane.rows, parts, part);
            for (int64_t row = range.begin; row < range.end; ++row) {
                poolRow(
                    plane, in + row / plane.rows * imageElements, row % plane.rows, out + row * rowElements,
                    allPlaces ? allPlaces + row * rowElements : nullptr, rectified);
            }
        });
    });
    return y;
}

at::Tensor poolBackward(const at::Tensor &arriving, const at::Tensor &places, at::IntArrayRef inputSizes, const PoolWindow &window) {
    const at::Tensor gradient = arriving.contiguous(at::MemoryFormat::ChannelsLast);
    const Plane plane(inputSizes, window);
    at::Tensor result = at::empty(inputSizes, gradient.options(), at::MemoryFormat::ChannelsLast);
    const auto *allPlaces = static_cast<const uint8_t *>(places.const_data_ptr());
    withElement(gradient, [&](auto element) {
        using Element = decltype(element);
        const auto *from = static_cast<const Element *>(gradient.const_data_ptr());
        auto *into = static_cast<Element *>(result.mutable_data_ptr());
        const int64_t imageElements = plane.rows * plane.columns * plane.channels, rowElements = plane.width * plane.channels;
        const int parts = partCount(result.numel());
        parallelParts(parts, [&](int part) {
            std::vector<float> sums(static_cast<size_t>(plane.channels));
            const PartRange range(inputSizes[0] * plane.height, parts, part);
            for (int64_t row = range.begin; row < range.end; ++row) {
                const int64_t image = row / plane.height * imageElements;
                spreadRow(plane, from + image, allPlaces + image, row % plane.height, into + row * rowElements, sums.data());
            }
        });
    });
    return result;
}

at::Tensor max_pool2d(const at::Tensor &x, const PoolWindow &window) {
    if (!isPoolable(x, window)) { return at::max_pool2d(x, window.kernel, window.stride, window.padding, 1, window.roundsUp); }
    if (at::GradMode::is_enabled() && x.requires_grad()) { return MaxPool::apply(x, window); }
    return poolForward(x, window, false, nullptr);
}

}  // namespace ct
