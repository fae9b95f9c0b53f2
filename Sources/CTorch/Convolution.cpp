#include "Convolution.h"

#include "TapConv.h"
#include "Winograd.h"

#include <ATen/autocast_mode.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/conv2d.h>
#include <ATen/ops/convolution_backward.h>
#include <torch/csrc/autograd/custom_function.h>

namespace ct {
namespace {

enum class Method : int64_t { library, minimal, taps };

/// By the number of products. Transforms and smaller matrices cost minimal filtering about a quarter, and libtorch leaves out some of the
/// padding, too.
Method methodFor(const at::Tensor &x, at::IntArrayRef weightSizes, int64_t stride, int64_t padding, int64_t dilation) {
    const double all = 9.0 * static_cast<double>(x.size(2) * x.size(3));
    const double minimal = winograd::isSuited(x, weightSizes, stride, padding, dilation)
        ? 1.25 * static_cast<double>(winograd::products(x.size(2), x.size(3), dilation))
        : all;
    const double taps = taps::isSuited(x, weightSizes, stride, padding, dilation)
        ? 1.1 * static_cast<double>(taps::products(x.size(2), x.size(3), dilation))
        : all;
    if (minimal < all && minimal <= taps) { return Method::minimal; }
    return taps < all ? Method::taps : Method::library;
}

class Convolution : public torch::autograd::Function<Convolution> {
  public:
    static at::Tensor forward(
        torch::autograd::AutogradContext *context, const at::Tensor &x, const at::Tensor &weight, int64_t dilation, int64_t method) {
        context->save_for_backward({x, weight});
        context->saved_data["dilation"] = dilation;
        context->saved_data["method"] = method;
        return method == static_cast<int64_t>(Method::minimal) ? winograd::forward(x, weight, at::Tensor(), dilation)
                                                               : taps::forward(x, weight, dilation);
    }

    static torch::autograd::variable_list backward(
        torch::autograd::AutogradContext *context, torch::autograd::variable_list arriving) {
        TORCH_CHECK(!at::GradMode::is_enabled(), "this convolution has no second derivative");
        const auto saved = context->get_saved_variables();
        const at::Tensor &x = saved[0], &weight = saved[1];
        const int64_t dilation = context->saved_data["dilation"].toInt();
        const bool isMinimal = context->saved_data["method"].toInt() == static_cast<int64_t>(Method::minimal);
        const at::Tensor gradient = arriving[0].to(x.scalar_type()).contiguous(at::MemoryFormat::ChannelsLast);
        at::Tensor dx, dw;
        if (context->needs_input_grad(0)) {
            dx = isMinimal ? winograd::inputGradient(gradient, weight, dilation) : taps::inputGradient(gradient, weight, dilation);
        }
        if (context->needs_input_grad(1)) {
            if (!isMinimal) {
                dw = taps::weightGradient(x, gradient, dilation);
            } else if (winograd::isWeightGradientSuited(weight.sizes())) {
                dw = winograd::weightGradient(x, gradient, dilation);
            } else {
                dw = std::get<1>(at::convolution_backward(
                    gradient, x, weight.to(x.scalar_type()), at::OptionalIntArrayRef(), {1, 1}, {dilation, dilation}, {dilation, dilation},
                    false, {0, 0}, 1, {false, true, false}));
            }
            dw = dw.to(weight.scalar_type());
        }
        return {dx, dw, at::Tensor(), at::Tensor()};
    }
};

at::ScalarType computeType(const at::Tensor &x) {
    return at::autocast::is_autocast_enabled(x.device().type()) ? at::autocast::get_autocast_dtype(x.device().type()) : x.scalar_type();
}

}  // namespace

at::Tensor convolution(
    const at::Tensor &x, const at::Tensor &weight, const std::optional<at::Tensor> &bias, int64_t stride, int64_t padding, int64_t dilation,
    int64_t groups) {
    if (x.dim() == 4 && weight.dim() == 4 && weight.size(2) == 3 && weight.size(3) == 3 && groups == 1 && stride == 1
        && padding == dilation && x.numel() > 0) {
        if (x.is_cpu() && !bias && x.is_floating_point() && weight.is_floating_point() && computeType(x) == at::kBFloat16) {
            const at::Tensor input = x.to(at::kBFloat16).contiguous(at::MemoryFormat::ChannelsLast);
            const Method method = methodFor(input, weight.sizes(), stride, padding, dilation);
            if (method != Method::library) { return Convolution::apply(input, weight, dilation, static_cast<int64_t>(method)); }
        }
        // All but the middle of the kernel lies on padding everywhere.
        if (x.size(2) <= dilation && x.size(3) <= dilation) {
            return at::conv2d(x, weight.narrow(2, 1, 1).narrow(3, 1, 1), bias);
        }
    }
    return at::conv2d(x, weight, bias, stride, padding, dilation, groups);
}

}  // namespace ct
