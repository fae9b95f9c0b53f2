#include "FusedConv.h"

#include <ATen/core/dispatch/Dispatcher.h>

namespace {

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

}  // namespace

at::Tensor ct::fused_conv(
    const at::Tensor &x, const at::Tensor &weight, const at::Tensor &bias, int64_t stride, int64_t padding, int64_t dilation,
    int64_t groups, bool relu) {
    return op<Pointwise>("mkldnn::_convolution_pointwise", "")
        .call(
            x, weight, bias, {padding, padding}, {stride, stride}, {dilation, dilation}, groups, relu ? "relu" : "none", Scalars(),
            std::nullopt);
}

at::Tensor ct::fused_conv_adding(
    const at::Tensor &x, const at::Tensor &weight, const at::Tensor &bias, const at::Tensor &residual, int64_t stride, int64_t padding,
    int64_t dilation, int64_t groups, bool relu) {
    at::Tensor sum = residual;
    return op<PointwiseAdd>("mkldnn::_convolution_pointwise_", "binary")
        .call(
            sum, x, weight, bias, {padding, padding}, {stride, stride}, {dilation, dilation}, groups, "add", at::Scalar(1.0),
            relu ? Text("relu") : std::nullopt, Scalars(), std::nullopt);
}
