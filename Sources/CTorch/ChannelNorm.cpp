#include "ChannelNorm.h"

#include "Clones.h"
#include "OpenMP.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/linalg_vector_norm.h>
#include <torch/csrc/autograd/custom_function.h>

#include <cmath>
#include <vector>

namespace ct {
namespace {

constexpr int64_t lanes = 16;

// One accumulator a lane, so that the compiler may keep them in a vector without changing the order of any sum.
CT_CLONES float dot(const float *a, const float *b, int64_t count) {
    float sums[lanes] = {};
    int64_t c = 0;
    for (; c + lanes <= count; c += lanes) {
        for (int64_t lane = 0; lane < lanes; ++lane) { sums[lane] += a[c + lane] * b[c + lane]; }
    }
    float total = 0;
    for (; c < count; ++c) { total += a[c] * b[c]; }
    for (float sum : sums) { total += sum; }
    return total;
}

CT_CLONES void scaled(float *into, const float *x, const float *scale, float factor, int64_t count) {
    for (int64_t c = 0; c < count; ++c) { into[c] = x[c] * factor * scale[c]; }
}

/// With h = x · inverse: into = (scale · g − h · projection) · inverse, and scaleGradient += h · g.
CT_CLONES void gradients(
    float *into, float *scaleGradient, const float *x, const float *g, const float *scale, float inverse, float projection, int64_t count) {
    for (int64_t c = 0; c < count; ++c) {
        const float h = x[c] * inverse;
        scaleGradient[c] += h * g[c];
        into[c] = (scale[c] * g[c] - h * projection) * inverse;
    }
}

/// Pixels' channels as floats, whatever the tensor's type.
class Pixels {
  public:
    Pixels(const at::Tensor &tensor)
        : channels(tensor.size(1)), isShort(tensor.scalar_type() == at::kBFloat16), data(static_cast<char *>(tensor.data_ptr())) {}

    void read(int64_t pixel, float *into) const {
        if (isShort) {
            const auto *from = reinterpret_cast<const at::BFloat16 *>(data) + pixel * channels;
            for (int64_t c = 0; c < channels; ++c) { into[c] = static_cast<float>(from[c]); }
        } else {
            std::copy_n(reinterpret_cast<const float *>(data) + pixel * channels, channels, into);
        }
    }
    void write(int64_t pixel, const float *from) const {
        if (isShort) {
            auto *into = reinterpret_cast<at::BFloat16 *>(data) + pixel * channels;
            for (int64_t c = 0; c < channels; ++c) { into[c] = from[c]; }
        } else {
            std::copy_n(from, channels, reinterpret_cast<float *>(data) + pixel * channels);
        }
    }

  private:
    int64_t channels;
    bool isShort;
    char *data;
};

at::Tensor normalized(const at::Tensor &x, const at::Tensor &scale, double eps, at::Tensor *inverses) {
    const int64_t channels = x.size(1), pixels = x.numel() / channels;
    at::Tensor y = at::empty_like(x);
    *inverses = at::empty({pixels}, x.options().dtype(at::kFloat));
    float *inverse = inverses->mutable_data_ptr<float>();
    const auto *factors = static_cast<const float *>(scale.const_data_ptr());
    const Pixels from(x), into(y);
    const int parts = partCount(x.numel());
    parallelParts(parts, [&](int part) {
        std::vector<float> row(static_cast<size_t>(channels)), out(row);
        const PartRange range(pixels, parts, part);
        for (int64_t pixel = range.begin; pixel < range.end; ++pixel) {
            from.read(pixel, row.data());
            const float norm = std::sqrt(dot(row.data(), row.data(), channels));
            inverse[pixel] = 1 / std::max(norm, static_cast<float>(eps));
            scaled(out.data(), row.data(), factors, inverse[pixel], channels);
            into.write(pixel, out.data());
        }
    });
    return y;
}

class ChannelNorm : public torch::autograd::Function<ChannelNorm> {
  public:
    static at::Tensor forward(torch::autograd::AutogradContext *context, const at::Tensor &x, const at::Tensor &scale, double eps) {
        at::Tensor inverses;
        at::Tensor y = normalized(x, scale, eps, &inverses);
        context->save_for_backward({x, scale, inverses});
        context->saved_data["eps"] = eps;
        return y;
    }

    static torch::autograd::variable_list backward(
        torch::autograd::AutogradContext *context, torch::autograd::variable_list arriving) {
        TORCH_CHECK(!at::GradMode::is_enabled(), "the fused channel norm has no second derivative");
        const auto saved = context->get_saved_variables();
        const at::Tensor &x = saved[0], &scale = saved[1];
        const at::Tensor gradient = arriving[0].to(x.scalar_type()).contiguous(at::MemoryFormat::ChannelsLast);
        const int64_t channels = x.size(1), pixels = x.numel() / channels;
        const auto *inverse = static_cast<const float *>(saved[2].const_data_ptr());
        const auto *factors = static_cast<const float *>(scale.const_data_ptr());
        // Where eps was the divisor, the norm takes no part.
        const float largest = 1 / static_cast<float>(context->saved_data["eps"].toDouble());
        at::Tensor dx = at::empty_like(x);
        const Pixels from(x), arrivingPixels(gradient), into(dx);
        const int parts = partCount(x.numel());
        std::vector<float> scaleGradients(static_cast<size_t>(channels * parts));
        parallelParts(parts, [&](int part) {
            std::vector<float> row(static_cast<size_t>(channels)), g(row), out(row);
            const PartRange range(pixels, parts, part);
            for (int64_t pixel = range.begin; pixel < range.end; ++pixel) {
                from.read(pixel, row.data());
                arrivingPixels.read(pixel, g.data());
                scaled(out.data(), g.data(), factors, 1, channels);
                const float projection = inverse[pixel] < largest ? dot(out.data(), row.data(), channels) * inverse[pixel] : 0;
                gradients(
                    out.data(), scaleGradients.data() + part * channels, row.data(), g.data(), factors, inverse[pixel], projection,
                    channels);
                into.write(pixel, out.data());
            }
        });
        at::Tensor dscale = at::empty_like(scale);
        float *sums = dscale.mutable_data_ptr<float>();
        for (int64_t c = 0; c < channels; ++c) {
            sums[c] = 0;
            for (int part = 0; part < parts; ++part) { sums[c] += scaleGradients[static_cast<size_t>(part * channels + c)]; }
        }
        return {dx, dscale, at::Tensor()};
    }
};

}  // namespace

at::Tensor l2_normalize_channels(const at::Tensor &x, const at::Tensor &scale, double eps) {
    const bool isFusable = x.is_cpu() && x.dim() == 4 && x.numel() > 0 && (x.scalar_type() == at::kFloat || x.scalar_type() == at::kBFloat16)
        && scale.is_cpu() && scale.scalar_type() == at::kFloat && scale.is_contiguous() && scale.numel() == x.size(1);
    if (!isFusable) {
        const at::Tensor wide = x.to(at::kFloat);
        const at::Tensor norm = at::linalg_vector_norm(wide, 2, {1}, true).clamp_min(eps);
        return wide.div(norm).mul(scale.view({1, -1, 1, 1})).to(x.scalar_type());
    }
    return ChannelNorm::apply(x.contiguous(at::MemoryFormat::ChannelsLast), scale, eps);
}

}  // namespace ct
