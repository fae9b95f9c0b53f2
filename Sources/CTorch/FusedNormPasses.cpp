#include "FusedNormPasses.h"

#include "OpenMP.h"
#include "SharedMoments.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <vector>

namespace ct {
namespace {

/// Sums are gathered in float over at most this many rows, and in double from there on.
constexpr int64_t rowsPerSum = 256;

/// A channels-last activation seen as a matrix of rows × channels.
///
/// Kernels take whole vectors of channels. Where the network has fewer, or an odd number, several pixels make up one row, and
/// what there is one of per channel is repeated: `folds` times.
struct Rows {
    int64_t count = 0;
    int64_t width = 0;
    int64_t channels = 0;
    int64_t folds = 0;

    Rows(int64_t pixels, int64_t channels) : channels(channels) {
        folds = normKernelWidth / std::gcd(channels, normKernelWidth);
        if (pixels % folds != 0) { return; }
        while (channels * folds < 4 * normKernelWidth && pixels % (2 * folds) == 0) { folds *= 2; }
        count = pixels / folds;
        width = channels * folds;
    }

    explicit Rows(const at::Tensor &x) : Rows(x.size(0) * x.size(2) * x.size(3), x.size(1)) {}

    bool isUsable() const { return count > 0; }
    int64_t pixels() const { return count * folds; }
    int64_t elements() const { return count * width; }
};

/// A vector of one float per channel, repeated for each fold.
class PerChannel {
  public:
    PerChannel(const Rows &rows) : rows(rows), values(static_cast<size_t>(rows.width)) {}

    template <typename Value>
    PerChannel(const Rows &rows, const Value &value) : PerChannel(rows) {
        for (int64_t channel = 0; channel < rows.channels; ++channel) { set(channel, value(channel)); }
    }

    void set(int64_t channel, double value) {
        for (int64_t at = channel; at < rows.width; at += rows.channels) { values[at] = static_cast<float>(value); }
    }
    const float *data() const { return values.data(); }

  private:
    const Rows &rows;
    std::vector<float> values;
};

/// Two sums per channel over all rows. `body(first row, rows, sums, sums)` adds a block's to float vectors.
template <typename Body>
std::array<std::vector<double>, 2> sumBlocks(const Rows &rows, const Body &body) {
    const size_t width = static_cast<size_t>(rows.width);
    const int parts = partCount(rows.elements());
    std::vector<float> blockSums(2 * width * parts);
    std::vector<double> partSums(2 * width * parts);
    parallelParts(parts, [&](int part) {
        float *block = blockSums.data() + 2 * width * part;
        double *total = partSums.data() + 2 * width * part;
        const PartRange range(rows.count, parts, part);
        for (int64_t first = range.begin; first < range.end; first += rowsPerSum) {
            std::fill(block, block + 2 * width, 0.0f);
            body(first, std::min(rowsPerSum, range.end - first), block, block + width);
            for (size_t i = 0; i < 2 * width; ++i) { total[i] += block[i]; }
        }
    });
    std::array<std::vector<double>, 2> sums;
    for (size_t which = 0; which < 2; ++which) {
        sums[which].resize(rows.channels);
        for (int part = 0; part < parts; ++part) {
            const double *from = partSums.data() + (2 * part + which) * width;
            for (size_t i = 0; i < width; ++i) { sums[which][i % rows.channels] += from[i]; }
        }
    }
    return sums;
}

template <typename Element>
const Element *input(const at::Tensor &tensor) {
    return static_cast<const Element *>(tensor.const_data_ptr());
}

template <typename Element>
Element *output(const at::Tensor &tensor) {
    return static_cast<Element *>(tensor.mutable_data_ptr());
}

/// The mean of a few rows from all over the activation: near enough to the mean for the variance's sum not to cancel.
template <typename Element>
PerChannel sampleMean(const Rows &rows, const Element *x) {
    constexpr int64_t samples = 16;
    const std::vector<float> none(static_cast<size_t>(rows.width));
    std::vector<float> sum(none), squares(none);
    const int64_t count = std::min(samples, rows.count);
    for (int64_t i = 0; i < count; ++i) {
        const Element *row = x + rows.count / count * i * rows.width;
        normKernels<Element>().moments(row, none.data(), 1, rows.width, sum.data(), squares.data());
    }
    return PerChannel(rows, [&](int64_t channel) {
        double total = 0;
        for (int64_t at = channel; at < rows.width; at += rows.channels) { total += sum[at]; }
        return total / static_cast<double>(count * rows.folds);
    });
}

/// The rows of `NormContext::statistics`.
enum Statistic { mean, inverseDeviation, scale, offset };

template <typename Element>
Moments moments(const Rows &rows, const Element *x) {
    const PerChannel shift = sampleMean(rows, x);
    auto [sum, squares] = sumBlocks(rows, [&](int64_t first, int64_t count, float *sums, float *squareSums) {
        normKernels<Element>().moments(x + first * rows.width, shift.data(), count, rows.width, sums, squareSums);
    });
    const double pixels = static_cast<double>(rows.pixels());
    for (int64_t channel = 0; channel < rows.channels; ++channel) {
        const double difference = sum[channel] / pixels;
        squares[channel] = std::max(0.0, squares[channel] / pixels - difference * difference);
        sum[channel] = shift.data()[channel] + difference;
    }
    return {std::move(sum), std::move(squares), pixels};
}

void updateRunning(const at::Tensor &running, const std::vector<double> &values, double factor, double momentum) {
    if (!running.defined()) { return; }
    float *into = output<float>(running);
    for (size_t channel = 0; channel < values.size(); ++channel) {
        into[channel] = static_cast<float>(momentum * (values[channel] * factor) + (1 - momentum) * into[channel]);
    }
    running.unsafeGetTensorImpl()->bump_version();
}

at::Tensor statistics(const Moments &of, const at::Tensor &weight, const at::Tensor &bias, double eps) {
    const int64_t channels = static_cast<int64_t>(of.mean.size());
    at::Tensor result = at::empty({4, channels}, at::TensorOptions().dtype(at::kFloat));
    float *into = output<float>(result);
    for (int64_t channel = 0; channel < channels; ++channel) {
        const double inverse = 1 / std::sqrt(of.variance[channel] + eps);
        const double factor = weight.defined() ? inverse * input<float>(weight)[channel] : inverse;
        const double term = bias.defined() ? input<float>(bias)[channel] : 0;
        into[mean * channels + channel] = static_cast<float>(of.mean[channel]);
        into[inverseDeviation * channels + channel] = static_cast<float>(inverse);
        into[scale * channels + channel] = static_cast<float>(factor);
        into[offset * channels + channel] = static_cast<float>(term - of.mean[channel] * factor);
    }
    return result;
}

PerChannel perChannel(const Rows &rows, const at::Tensor &statistics, Statistic which) {
    const float *from = input<float>(statistics) + which * rows.channels;
    return PerChannel(rows, [from](int64_t channel) { return from[channel]; });
}

template <typename Element>
void normalize(
    const Rows &rows, const at::Tensor &x, const at::Tensor &residual, const at::Tensor &statistics, bool rectify,
    const at::Tensor &y, const at::Tensor &bits) {
    const PerChannel factor = perChannel(rows, statistics, scale);
    const PerChannel term = perChannel(rows, statistics, offset);
    const Element *from = input<Element>(x);
    const Element *added = residual.defined() ? input<Element>(residual) : nullptr;
    Element *into = output<Element>(y);
    uint16_t *gate = bits.defined() ? output<uint16_t>(bits) : nullptr;
    const int parts = partCount(rows.elements());
    parallelParts(parts, [&](int part) {
        const PartRange range(rows.count, parts, part);
        const int64_t at = range.begin * rows.width;
        normKernels<Element>().normalize(
            from + at, added ? added + at : nullptr, factor.data(), term.data(), rectify, range.end - range.begin, rows.width,
            into + at, gate ? gate + at / normKernelWidth : nullptr);
    });
}

template <typename Element>
NormGradients gradients(
    const at::Tensor &x, const at::Tensor &gradient, const NormContext &context, Gate gate) {
    const Rows rows(x);
    const PerChannel factor = perChannel(rows, context.statistics, scale);
    const PerChannel term = perChannel(rows, context.statistics, offset);
    const PerChannel middle = perChannel(rows, context.statistics, mean);
    const NormKernels<Element> &kernels = normKernels<Element>();
    const Element *from = input<Element>(x);
    const Element *arriving = input<Element>(gradient);
    NormGradients result;
    Element *gated = nullptr;
    if (gate == Gate::bits) {
        result.residual = at::empty_like(x);
        gated = output<Element>(result.residual);
    }
    const uint16_t *open = context.bits.defined() ? input<uint16_t>(context.bits) : nullptr;

    auto [sum, products] =
        sumBlocks(rows, [&](int64_t first, int64_t count, float *sums, float *productSums) {
            const int64_t at = first * rows.width;
            kernels.gradientSums(
                from + at, arriving + at, gate, open ? open + at / normKernelWidth : nullptr, factor.data(), term.data(),
                middle.data(), count, rows.width, sums, productSums, gated ? gated + at : nullptr);
        });

    const auto options = at::TensorOptions().dtype(at::kFloat);
    result.weight = at::empty({rows.channels}, options);
    result.bias = at::empty({rows.channels}, options);
    const float *inverse = input<float>(context.statistics) + inverseDeviation * rows.channels;
    PerChannel slope(rows), constant(rows);
    for (int64_t channel = 0; channel < rows.channels; ++channel) {
        output<float>(result.weight)[channel] = static_cast<float>(products[channel] * inverse[channel]);
        output<float>(result.bias)[channel] = static_cast<float>(sum[channel]);
    }
    // The parameters' gradients are added up with all others; what the input's needs is wanted now.
    shareSums(sum, products);
    const double pixels = context.pixels;
    for (int64_t channel = 0; channel < rows.channels; ++channel) {
        const double deviation = inverse[channel];
        slope.set(channel, -factor.data()[channel] * deviation * deviation * products[channel] / pixels);
        constant.set(channel, -factor.data()[channel] * sum[channel] / pixels);
    }

    result.input = at::empty_like(x);
    Element *into = output<Element>(result.input);
    const Gate remaining = gated ? Gate::open : gate;
    const Element *passing = gated ? gated : arriving;
    const int parts = partCount(rows.elements());
    parallelParts(parts, [&](int part) {
        const PartRange range(rows.count, parts, part);
        const int64_t at = range.begin * rows.width;
        kernels.inputGradient(
            from + at, passing + at, remaining, factor.data(), term.data(), middle.data(), slope.data(), constant.data(),
            range.end - range.begin, rows.width, into + at);
    });
    return result;
}

/// Calls `body` with a value of the element type that the kernels know the tensor's elements as.
template <typename Body>
auto withElement(const at::Tensor &tensor, const Body &body) {
    return tensor.scalar_type() == at::kBFloat16 ? body(uint16_t()) : body(float());
}

}  // namespace

bool normPassesFit(const at::Tensor &x) { return Rows(x).isUsable(); }

at::Tensor normForward(const at::Tensor &x, const NormArguments &arguments, bool keepsBits, NormContext &context) {
    const Rows rows(x);
    Moments measured;
    if (arguments.training) {
        measured = withElement(x, [&](auto element) { return moments(rows, input<decltype(element)>(x)); });
        shareMoments(measured);
        context.pixels = measured.pixels;
        updateRunning(arguments.runningMean, measured.mean, 1, arguments.momentum);
        updateRunning(arguments.runningVariance, measured.variance, measured.pixels / (measured.pixels - 1), arguments.momentum);
    } else {
        const float *means = input<float>(arguments.runningMean), *variances = input<float>(arguments.runningVariance);
        measured.mean.assign(means, means + rows.channels);
        measured.variance.assign(variances, variances + rows.channels);
    }
    context.statistics = statistics(measured, arguments.weight, arguments.bias, arguments.eps);
    at::Tensor y = at::empty_like(x);
    if (keepsBits) { context.bits = at::empty({rows.elements() / normKernelWidth}, at::TensorOptions().dtype(at::kShort)); }
    withElement(x, [&](auto element) {
        normalize<decltype(element)>(rows, x, arguments.residual, context.statistics, arguments.relu, y, context.bits);
    });
    return y;
}

at::Tensor normAgain(const at::Tensor &x, const NormContext &context, bool relu) {
    const Rows rows(x);
    at::Tensor y = at::empty_like(x);
    withElement(x, [&](auto element) {
        normalize<decltype(element)>(rows, x, at::Tensor(), context.statistics, relu, y, at::Tensor());
    });
    return y;
}

NormGradients normBackward(const at::Tensor &x, const at::Tensor &gradient, const NormContext &context, Gate gate) {
    return withElement(x, [&](auto element) { return gradients<decltype(element)>(x, gradient, context, gate); });
}

}  // namespace ct
