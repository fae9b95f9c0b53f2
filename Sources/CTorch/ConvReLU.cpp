#include "ConvReLU.h"

#include "Convolution.h"
#include "FusedConv.h"
#include "ReLUGate.h"
#include "Winograd.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/conv2d.h>
#include <ATen/ops/convolution_backward.h>
#include <ATen/ops/relu.h>
#include <torch/csrc/autograd/custom_function.h>

namespace ct {
namespace {

class ConvReLU : public torch::autograd::Function<ConvReLU> {
  public:
    static at::Tensor forward(
        torch::autograd::AutogradContext *context, const at::Tensor &x, const at::Tensor &weight, const at::Tensor &bias,
        const ConvShape &shape, const std::optional<PoolWindow> &pool) {
        const bool isMinimal = shape.dilation == 1 && winograd::isSuited(x, weight.sizes(), shape.stride, shape.padding, shape.dilation);
        at::Tensor y = isMinimal ? winograd::forward(x, weight, bias)
                                 : fused_conv(
                                       x, weight.to(x.scalar_type()), bias.to(x.scalar_type()), shape.stride, shape.padding,
                                       shape.dilation, 1, true);
        at::Tensor gate = y;
        context->saved_data["convolution"] = std::vector<int64_t>{shape.stride, shape.padding, shape.dilation};
        if (pool) {
            context->saved_data["sizes"] = y.sizes().vec();
            context->saved_data["pool"] = std::vector<int64_t>{pool->kernel, pool->stride, pool->padding, pool->roundsUp};
            y = poolForward(y, *pool, true, &gate);
        }
        context->save_for_backward({x, weight, gate});
        context->saved_data["minimal"] = isMinimal;
        return y;
    }

    static torch::autograd::variable_list backward(
        torch::autograd::AutogradContext *context, torch::autograd::variable_list arriving) {
        TORCH_CHECK(!at::GradMode::is_enabled(), "the fused convolution has no second derivative");
        const auto saved = context->get_saved_variables();
        const at::Tensor &x = saved[0], &weight = saved[1], &gate = saved[2];
        at::Tensor gradient = arriving[0].to(x.scalar_type()).contiguous(at::MemoryFormat::ChannelsLast), biasGradient;
        if (context->saved_data.count("pool")) {
            const auto pool = context->saved_data["pool"].toIntVector();
            gradient = poolBackward(
                gradient, gate, context->saved_data["sizes"].toIntVector(), PoolWindow{pool[0], pool[1], pool[2], pool[3] != 0});
            biasGradient = channelSums(gradient);
        } else {
            gradient = gatedAndSummed(gradient, gate, biasGradient);
        }
        const bool isMinimal = context->saved_data["minimal"].toBool();
        bool wantsInput = context->needs_input_grad(0), wantsWeight = context->needs_input_grad(1);
        at::Tensor dx, dw;
        if (isMinimal && wantsInput) {
            dx = winograd::inputGradient(gradient, weight);
            wantsInput = false;
        }
        if (isMinimal && wantsWeight && winograd::isWeightGradientSuited(weight.sizes())) {
            dw = winograd::weightGradient(x, gradient);
            wantsWeight = false;
        }
        if (wantsInput || wantsWeight) {
            const auto shape = context->saved_data["convolution"].toIntVector();
            auto [restInput, restWeight, none] = at::convolution_backward(
                gradient, x, weight.to(x.scalar_type()), at::OptionalIntArrayRef({weight.size(0)}), {shape[0], shape[0]},
                {shape[1], shape[1]}, {shape[2], shape[2]}, false, {0, 0}, 1, {wantsInput, wantsWeight, false});
            if (wantsInput) { dx = restInput; }
            if (wantsWeight) { dw = restWeight; }
        }
        const at::ScalarType type = weight.scalar_type();
        return {dx, dw.defined() ? dw.to(type) : dw, biasGradient.to(type), at::Tensor(), at::Tensor()};
    }
};

}  // namespace

at::Tensor conv_relu(
    const at::Tensor &x, const at::Tensor &weight, const at::Tensor &bias, const ConvShape &shape, const std::optional<PoolWindow> &pool) {
    const at::ScalarType type = computeType(x);
    const bool isFusable = x.is_cpu() && x.dim() == 4 && x.numel() > 0 && (type == at::kFloat || type == at::kBFloat16)
        && weight.is_floating_point() && x.is_floating_point() && (!pool || pool->isSound());
    if (!isFusable) {
        const at::Tensor y = at::relu(at::conv2d(x, weight, bias, shape.stride, shape.padding, shape.dilation));
        return pool ? max_pool2d(y, *pool) : y;
    }
    const at::Tensor input = x.to(type).contiguous(at::MemoryFormat::ChannelsLast);
    return ConvReLU::apply(input, weight, bias, shape, pool);
}

}  // namespace ct
