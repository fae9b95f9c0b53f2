#include "Support.h"
#include "include/ct_inference.h"
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/ops/conv2d.h>
#include <ATen/ops/mkldnn_reorder_conv2d_weight.h>
#include <ATen/ops/relu.h>
#include <map>
#include <memory>
#include <optional>

namespace {

using Ints = c10::List<int64_t>;
using Scalars = c10::List<std::optional<c10::Scalar>>;
using Text = std::optional<c10::string_view>;

/// libtorch's fused convolutions have no C++ declaration in the wheel: they are reached by name.
using Pointwise = at::Tensor(const at::Tensor &, const at::Tensor &, const std::optional<at::Tensor> &, at::IntArrayRef, at::IntArrayRef,
                             at::IntArrayRef, int64_t, c10::string_view, Scalars, Text);
using PointwiseAdd = at::Tensor &(at::Tensor &, const at::Tensor &, const at::Tensor &, const std::optional<at::Tensor> &, at::IntArrayRef,
                                  at::IntArrayRef, at::IntArrayRef, int64_t, c10::string_view, std::optional<at::Scalar>, Text, Scalars, Text);

template <typename Signature> const c10::TypedOperatorHandle<Signature> &op(const char *name, const char *overload) {
    static const auto handle = c10::Dispatcher::singleton().findSchemaOrThrow(name, overload).typed<Signature>();
    return handle;
}

} // namespace

struct ct_prepared_conv_s {
    at::Tensor weight, bias;
    int64_t stride, padding, dilation, groups;
    bool relu;
    /// oneDNN picks the weights' layout by the size of the input.
    std::map<std::vector<int64_t>, at::Tensor> packed;

    bool fusable(const at::Tensor &x) const {
        return x.is_cpu() && (x.scalar_type() == at::kFloat || x.scalar_type() == at::kBFloat16) && x.scalar_type() == weight.scalar_type();
    }

    const at::Tensor &packed_weight(const at::Tensor &x) {
        auto [entry, is_new] = packed.try_emplace(x.sizes().vec());
        if (is_new) {
            entry->second = at::mkldnn_reorder_conv2d_weight(
                weight.to_mkldnn(), {padding, padding}, {stride, stride}, {dilation, dilation}, groups, x.sizes());
        }
        return entry->second;
    }

    at::Tensor run(const at::Tensor &x, const std::optional<at::Tensor> &residual) {
        if (!fusable(x)) {
            at::Tensor y = at::conv2d(x, weight, bias, stride, padding, dilation, groups);
            if (residual) y = y.add_(*residual);
            return relu ? y.relu_() : y;
        }
        const std::vector<int64_t> pad{padding, padding}, step{stride, stride}, dilate{dilation, dilation};
        const at::Tensor &w = packed_weight(x);
        if (!residual) {
            return op<Pointwise>("mkldnn::_convolution_pointwise", "")
                .call(x, w, bias, pad, step, dilate, groups, relu ? "relu" : "none", Scalars(), std::nullopt);
        }
        at::Tensor sum = *residual;
        return op<PointwiseAdd>("mkldnn::_convolution_pointwise_", "binary")
            .call(sum, x, w, bias, pad, step, dilate, groups, "add", at::Scalar(1.0), relu ? Text("relu") : std::nullopt, Scalars(), std::nullopt);
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
        return conv.release();
    });
}
void ct_free_prepared_conv(ct_prepared_conv conv) { delete conv; }
ct_tensor ct_run_prepared_conv(ct_prepared_conv conv, ct_tensor x, ct_tensor residual) {
    return ct::make([&] { return conv->run(x->value, ct::optional(residual)); });
}
}
