#include "Convolution.h"
#include "FusedConv.h"
#include "PackedWeights.h"
#include "Support.h"
#include "TapConv.h"
#include "TapConvFloat.h"
#include "Winograd.h"
#include "WinogradFloat.h"
#include "include/ct_inference.h"
#include <ATen/ops/conv2d.h>
#include <ATen/ops/mkldnn_reorder_conv2d_weight.h>
#include <memory>
#include <optional>

struct ct_prepared_conv_s {
    at::Tensor weight, bias;
    int64_t stride, padding, dilation, groups;
    bool relu;
    ct::PackedWeights packed;
    /// What our own bfloat16 kernels take, where the convolution is of their kind: weights and bias before rounding, and the packed weights.
    at::Tensor precise, preciseBias, minimal, taps;
    /// The same in float32.
    at::Tensor minimalFloat, tapsFloat;

    bool fusable(const at::Tensor &x) const {
        return x.is_cpu() && (x.scalar_type() == at::kFloat || x.scalar_type() == at::kBFloat16) && x.scalar_type() == weight.scalar_type();
    }

    at::Tensor packed_weight(const at::Tensor &x) {
        return packed.find(x.sizes(), [&] {
            return at::mkldnn_reorder_conv2d_weight(
                weight.to_mkldnn(), {padding, padding}, {stride, stride}, {dilation, dilation}, groups, x.sizes());
        });
    }

    std::optional<at::Tensor> ownKernels(const at::Tensor &x) {
        if (!precise.defined() || x.dim() != 4 || x.numel() == 0) { return std::nullopt; }
        const at::Tensor input = x.contiguous(at::MemoryFormat::ChannelsLast);
        switch (ct::methodFor(input, weight.sizes(), stride, padding, dilation)) {
        case ct::Method::library: return std::nullopt;
        case ct::Method::minimal:
            if (!minimal.defined()) { minimal = ct::winograd::packed(precise); }
            return ct::winograd::forwardPacked(input, minimal, preciseBias, dilation);
        case ct::Method::taps:
            if (!taps.defined()) { taps = ct::taps::packed(precise); }
            return ct::taps::forwardPacked(input, taps, preciseBias, dilation);
        }
        return std::nullopt;
    }

    /// By the number of products, as ``ct::methodFor`` in bfloat16.
    std::optional<at::Tensor> ownFloatKernels(const at::Tensor &x, const std::optional<at::Tensor> &residual) {
        if (x.dim() != 4) { return std::nullopt; }
        const int64_t height = x.size(2), width = x.size(3);
        const double all = 9.0 * static_cast<double>(height * width);
        const double minimal = ct::winogradfloat::isSuited(x, weight.sizes(), stride, padding, dilation)
            ? 1.3 * static_cast<double>(ct::winogradfloat::products(height, width, dilation))
            : all;
        const double few = !residual && ct::tapsfloat::isSuited(x, weight.sizes(), stride, padding, dilation)
            ? 1.1 * static_cast<double>(ct::taps::products(height, width, dilation))
            : all;
        if (minimal < all && minimal <= few) {
            if (!minimalFloat.defined()) { minimalFloat = ct::winogradfloat::packed(weight); }
            return ct::winogradfloat::convolved(x, minimalFloat, bias, residual, dilation, relu);
        }
        if (few < all) {
            if (!tapsFloat.defined()) { tapsFloat = ct::tapsfloat::packed(weight); }
            return ct::tapsfloat::convolved(x, tapsFloat, bias, dilation, relu);
        }
        return std::nullopt;
    }

    at::Tensor run(const at::Tensor &x, const std::optional<at::Tensor> &residual) {
        if (!residual) {
            if (auto y = ownKernels(x)) { return *y; }
        }
        if (!fusable(x)) {
            at::Tensor y = at::conv2d(x, weight, bias, stride, padding, dilation, groups);
            if (residual) y = y.add_(*residual);
            return relu ? y.relu_() : y;
        }
        if (x.scalar_type() == at::kFloat && groups == 1) {
            if (auto y = ownFloatKernels(x, residual)) { return *y; }
        }
        const at::Tensor w = packed_weight(x);
        return residual ? ct::fused_conv_adding(x, w, bias, *residual, stride, padding, dilation, groups, relu)
                        : ct::fused_conv(x, w, bias, stride, padding, dilation, groups, relu);
    }
};

extern "C" {

ct_prepared_conv ct_prepare_conv(ct_tensor weight, ct_tensor bias, int64_t stride, int64_t padding, int64_t dilation, int64_t groups, bool relu,
                                 int dtype) {
    return ct::guarded<ct_prepared_conv>(nullptr, [&] {
        auto conv = std::make_unique<ct_prepared_conv_s>();
        conv->weight = weight->value.detach().to(ct::dtype(dtype)).contiguous(at::MemoryFormat::ChannelsLast);
        conv->bias = bias->value.detach().to(ct::dtype(dtype));
        conv->stride = stride;
        conv->padding = padding;
        conv->dilation = dilation;
        conv->groups = groups;
        conv->relu = relu;
        const bool isOwn = relu && groups == 1 && stride == 1 && padding == dilation && weight->value.is_cpu()
            && ct::dtype(dtype) == at::kBFloat16 && weight->value.dim() == 4 && weight->value.size(2) == 3 && weight->value.size(3) == 3;
        if (isOwn) {
            conv->precise = weight->value.detach().to(at::kFloat).clone(at::MemoryFormat::ChannelsLast);
            conv->preciseBias = bias->value.detach().to(at::kFloat).clone();
        }
        return conv.release();
    });
}
void ct_free_prepared_conv(ct_prepared_conv conv) { delete conv; }
ct_tensor ct_run_prepared_conv(ct_prepared_conv conv, ct_tensor x, ct_tensor residual) {
    return ct::make([&] { return conv->run(x->value, ct::optional(residual)); });
}
}
