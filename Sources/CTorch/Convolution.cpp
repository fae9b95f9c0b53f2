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

class Convolution : public torch::autograd::Function<Convolution> {
  public:
    static at::Tensor forward(
        torch::autograd::AutogradContext *context, const at::Tensor &x, const at::Tensor &weight, int64_t dilation, int64_t method) {
        context->save_for_backward({x, weight});
        context->saved_data["dilation"] = dilation;
        context->saved_data["method"] = method;
        return PlainConvolution{weight, 1, dilation, dilation, static_cast<Method>(method)}.forward(x);
    }

    static torch::autograd::variable_list backward(
        torch::autograd::AutogradContext *context, torch::autograd::variable_list arriving) {
        TORCH_CHECK(!at::GradMode::is_enabled(), "this convolution has no second derivative");
        const auto saved = context->get_saved_variables();
        const int64_t dilation = context->saved_data["dilation"].toInt();
        const PlainConvolution convolution{saved[1], 1, dilation, dilation, static_cast<Method>(context->saved_data["method"].toInt())};
        const auto [dx, dw] = convolution.backward(saved[0], arriving[0], context->needs_input_grad(0), context->needs_input_grad(1));
        return {dx, dw, at::Tensor(), at::Tensor()};
    }
};

}  // namespace

at::ScalarType computeType(const at::Tensor &x) {
    return at::autocast::is_autocast_enabled(x.device().type()) ? at::autocast::get_autocast_dtype(x.device().type()) : x.scalar_type();
}

Method methodFor(const at::Tensor &x, at::IntArrayRef weightSizes, int64_t stride, int64_t padding, int64_t dilation) {
    // By the number of products. Transforms and smaller matrices cost minimal filtering about a quarter, and libtorch leaves out some of
    // the padding, too.
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

at::Tensor PlainConvolution::forward(const at::Tensor &x) const {
    switch (method) {
    case Method::minimal: return winograd::forward(x, weight, at::Tensor(), dilation);
    case Method::taps: return taps::forward(x, weight, dilation);
    case Method::library: break;
    }
    // Cast here, so that autocast does not keep a copy.
    return at::conv2d(x, weight.to(x.scalar_type()), {}, stride, padding, dilation);
}

std::pair<at::Tensor, at::Tensor> PlainConvolution::backward(
    const at::Tensor &x, const at::Tensor &arriving, bool wantsInput, bool wantsWeight) const {
    const at::Tensor gradient = arriving.to(x.scalar_type()).contiguous(at::MemoryFormat::ChannelsLast);
    at::Tensor dx, dw;
    if (method == Method::taps) {
        if (wantsInput) { dx = taps::inputGradient(gradient, weight, dilation); }
        if (wantsWeight) { dw = taps::weightGradient(x, gradient, dilation); }
    } else {
        bool restInput = wantsInput, restWeight = wantsWeight;
        if (method == Method::minimal && wantsInput) {
            dx = winograd::inputGradient(gradient, weight, dilation);
            restInput = false;
        }
        if (method == Method::minimal && wantsWeight && winograd::isWeightGradientSuited(weight.sizes())) {
            dw = winograd::weightGradient(x, gradient, dilation);
            restWeight = false;
        }
        if (restInput || restWeight) {
            auto [input, factors, none] = at::convolution_backward(
                gradient, x, weight.to(x.scalar_type()), at::OptionalIntArrayRef(), {stride, stride}, {padding, padding},
                {dilation, dilation}, false, {0, 0}, 1, {restInput, restWeight, false});
            if (restInput) { dx = input; }
            if (restWeight) { dw = factors; }
        }
    }
    return {dx, dw.defined() ? dw.to(weight.scalar_type()) : dw};
}

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
