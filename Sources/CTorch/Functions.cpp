#include "ChannelNorm.h"
#include "ConvReLU.h"
#include "Convolution.h"
#include "Dropout.h"
#include "FusedNorm.h"
#include "MaxPool.h"
#include "NormConvolution.h"
#include "Support.h"
#include "include/ct_functions.h"
#include <ATen/ops/adaptive_avg_pool2d.h>
#include <ATen/ops/binary_cross_entropy_with_logits.h>
#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/mean.h>
#include <ATen/ops/relu.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/topk.h>
#include <ATen/ops/upsample_bilinear2d.h>
#include <array>

extern "C" {

ct_tensor ct_add(ct_tensor a, ct_tensor b) { return ct::make([&] { return a->value.add(b->value); }); }
ct_tensor ct_sub(ct_tensor a, ct_tensor b) { return ct::make([&] { return a->value.sub(b->value); }); }
ct_tensor ct_mul(ct_tensor a, ct_tensor b) { return ct::make([&] { return a->value.mul(b->value); }); }
ct_tensor ct_div(ct_tensor a, ct_tensor b) { return ct::make([&] { return a->value.div(b->value); }); }
ct_tensor ct_add_scalar(ct_tensor a, double b) { return ct::make([&] { return a->value.add(b); }); }
ct_tensor ct_mul_scalar(ct_tensor a, double b) { return ct::make([&] { return a->value.mul(b); }); }
ct_tensor ct_sqrt(ct_tensor a) { return ct::make([&] { return a->value.sqrt(); }); }
ct_tensor ct_exp(ct_tensor a) { return ct::make([&] { return a->value.exp(); }); }
ct_tensor ct_abs(ct_tensor a) { return ct::make([&] { return a->value.abs(); }); }
ct_tensor ct_matmul(ct_tensor a, ct_tensor b) { return ct::make([&] { return at::matmul(a->value, b->value); }); }
ct_tensor ct_transpose(ct_tensor a, int64_t dim0, int64_t dim1) { return ct::make([&] { return a->value.transpose(dim0, dim1); }); }

ct_tensor ct_equal(ct_tensor a, ct_tensor b) { return ct::make([&] { return a->value.eq(b->value); }); }
ct_tensor ct_greater_scalar(ct_tensor a, double b) { return ct::make([&] { return a->value.gt(b); }); }
ct_tensor ct_sum(ct_tensor a) { return ct::make([&] { return a->value.sum(); }); }
ct_tensor ct_sum_dim(ct_tensor a, int64_t dim) { return ct::make([&] { return a->value.sum(dim); }); }
ct_tensor ct_mean(ct_tensor a) { return ct::make([&] { return a->value.mean(); }); }
ct_tensor ct_max(ct_tensor a) { return ct::make([&] { return a->value.max(); }); }
ct_tensor ct_argmax(ct_tensor a, int64_t dim) { return ct::make([&] { return a->value.argmax(dim); }); }
ct_tensor ct_topk_indices(ct_tensor a, int64_t k) { return ct::make([&] { return std::get<1>(at::topk(a->value, k)); }); }

ct_tensor ct_relu(ct_tensor a) { return ct::make([&] { return at::relu(a->value); }); }
ct_tensor ct_sigmoid(ct_tensor a) { return ct::make([&] { return a->value.sigmoid(); }); }
ct_tensor ct_softmax(ct_tensor a, int64_t dim) { return ct::make([&] { return at::softmax(a->value, dim); }); }
ct_tensor ct_linear(ct_tensor x, ct_tensor weight, ct_tensor bias) {
    return ct::make([&] { return at::linear(x->value, weight->value, ct::optional(bias)); });
}
ct_tensor ct_conv2d(ct_tensor x, ct_tensor weight, ct_tensor bias, int64_t stride, int64_t padding, int64_t dilation, int64_t groups) {
    return ct::make([&] { return ct::convolution(x->value, weight->value, ct::optional(bias), stride, padding, dilation, groups); });
}
ct_tensor ct_conv2d_relu(ct_tensor x, ct_tensor weight, ct_tensor bias, int64_t stride, int64_t padding, int64_t dilation,
                         const ct_pool *pool) {
    return ct::make([&] {
        std::optional<ct::PoolWindow> window;
        if (pool) window = ct::PoolWindow{pool->kernel, pool->stride, pool->padding, pool->rounds_up};
        return ct::conv_relu(x->value, weight->value, bias->value, {stride, padding, dilation}, window);
    });
}
ct_tensor ct_max_pool2d(ct_tensor x, ct_pool pool) {
    return ct::make([&] { return ct::max_pool2d(x->value, {pool.kernel, pool.stride, pool.padding, pool.rounds_up}); });
}
ct_tensor ct_l2_normalize_channels(ct_tensor x, ct_tensor scale, double eps) {
    return ct::make([&] { return ct::l2_normalize_channels(x->value, scale->value, eps); });
}
ct_tensor ct_global_average_pool(ct_tensor x) {
    return ct::make([&] { return at::adaptive_avg_pool2d(x->value, {1, 1}).flatten(1); });
}
ct_tensor ct_adaptive_average_pool(ct_tensor x, int64_t side) {
    return ct::make([&] { return at::adaptive_avg_pool2d(x->value, {side, side}).to(x->value.scalar_type()); });
}
ct_tensor ct_resize_bilinear(ct_tensor x, int64_t height, int64_t width, bool align_corners) {
    return ct::make([&] { return at::upsample_bilinear2d(x->value, {height, width}, align_corners).to(x->value.scalar_type()); });
}
ct_tensor ct_expand(ct_tensor x, const int64_t *sizes, int64_t dims) { return ct::make([&] { return x->value.expand(ct::sizes(sizes, dims)); }); }
ct_tensor ct_dropout(ct_tensor x, double rate, uint64_t seed, int64_t offset, bool portable) {
    return ct::make([&] { return ct::dropout(x->value, rate, seed, offset, portable); });
}
ct_tensor ct_batch_norm(ct_tensor x, ct_tensor residual, ct_tensor weight, ct_tensor bias, ct_tensor running_mean, ct_tensor running_var,
                        bool training, double momentum, double eps, bool relu) {
    return ct::make([&] {
        return ct::fused_batch_norm(x->value, ct::optional(residual), weight->value, bias->value, running_mean->value, running_var->value,
                                    training, momentum, eps, relu);
    });
}

ct_tensor ct_norm_relu_conv2d(ct_tensor x, ct_tensor norm_weight, ct_tensor norm_bias, ct_tensor running_mean, ct_tensor running_var,
                              bool training, double momentum, double eps, ct_tensor weight, int64_t stride, int64_t padding, int64_t dilation) {
    return ct::make([&] {
        const ct::NormArguments norm{
            at::Tensor(), norm_weight->value, norm_bias->value, running_mean->value, running_var->value, training, momentum, eps, true};
        return ct::norm_relu_convolution(x->value, norm, weight->value, stride, padding, dilation);
    });
}

ct_tensor ct_normalize_images(ct_tensor x, const float *mean, const float *std, int dtype) {
    return ct::make([&] {
        const at::Tensor &in = x->value;
        TORCH_CHECK(in.dim() == 4 && in.scalar_type() == at::kByte && in.is_contiguous(), "images are contiguous uint8 N, H, W, C");
        const int64_t channels = in.size(3);
        TORCH_CHECK(channels >= 1 && channels <= 4, "1 to 4 channels, not ", channels);
        if (!in.is_cpu()) {
            const auto there = [&](const float *values) {
                return ct::uploaded(values, channels * static_cast<int64_t>(sizeof(float)), {channels}, at::kFloat, in.device());
            };
            const at::Tensor m = there(mean), s = there(std);
            return in.to(at::kFloat).div_(255).sub_(m).div_(s).to(ct::dtype(dtype)).permute({0, 3, 1, 2});
        }
        // A byte has 256 values: a table for each channel makes the division, the subtraction and the rounding one load.
        at::Tensor out = at::empty(in.sizes(), in.options().dtype(ct::dtype(dtype)));
        const auto fill = [&](auto *to) {
            using Element = std::remove_pointer_t<decltype(to)>;
            std::array<std::array<Element, 256>, 4> table{};
            for (int64_t c = 0; c < channels; c++)
                for (int v = 0; v < 256; v++) table[c][v] = static_cast<Element>((static_cast<float>(v) / 255.0f - mean[c]) / std[c]);
            const uint8_t *from = static_cast<const uint8_t *>(in.const_data_ptr());
            const int64_t pixels = in.numel() / channels;
            for (int64_t i = 0; i < pixels; i++)
                for (int64_t c = 0; c < channels; c++) to[i * channels + c] = table[c][from[i * channels + c]];
        };
        if (ct::dtype(dtype) == at::kBFloat16) fill(out.mutable_data_ptr<at::BFloat16>());
        else fill(out.mutable_data_ptr<float>());
        return out.permute({0, 3, 1, 2});
    });
}

ct_tensor ct_cross_entropy(ct_tensor logits, ct_tensor classes, double label_smoothing) {
    return ct::make([&] {
        return at::cross_entropy_loss(logits->value.to(at::kFloat), classes->value, {}, at::Reduction::Mean, -100, label_smoothing);
    });
}
ct_tensor ct_binary_cross_entropy(ct_tensor logits, ct_tensor targets, ct_tensor weight) {
    return ct::make([&] { return at::binary_cross_entropy_with_logits(logits->value.to(at::kFloat), targets->value, ct::optional(weight)); });
}
}
