#include "NormConvolution.h"

#include "FusedNorm.h"

#include <ATen/core/grad_mode.h>
#include <torch/csrc/autograd/custom_function.h>

namespace ct {
namespace {

class NormConvolution : public torch::autograd::Function<NormConvolution> {
  public:
    static at::Tensor forward(
        torch::autograd::AutogradContext *context, const at::Tensor &x, const at::Tensor &scale, const at::Tensor &shift,
        const at::Tensor &weight, const NormArguments &norm, const PlainConvolution &convolution) {
        NormContext kept;
        const at::Tensor y = normForward(x, norm, false, kept);
        context->save_for_backward({x, kept.statistics, weight});
        context->saved_data["shape"] = std::vector<int64_t>{
            convolution.stride, convolution.padding, convolution.dilation, static_cast<int64_t>(convolution.method)};
        context->saved_data["pixels"] = kept.pixels;
        return convolution.forward(y);
    }

    static torch::autograd::variable_list backward(
        torch::autograd::AutogradContext *context, torch::autograd::variable_list arriving) {
        TORCH_CHECK(!at::GradMode::is_enabled(), "the fused normalisation and convolution have no second derivative");
        const auto saved = context->get_saved_variables();
        const at::Tensor &x = saved[0];
        const NormContext kept{saved[1], at::Tensor(), context->saved_data["pixels"].toDouble()};
        const auto shape = context->saved_data["shape"].toIntVector();
        const PlainConvolution convolution{saved[2], shape[0], shape[1], shape[2], static_cast<Method>(shape[3])};
        auto [dy, dw] = convolution.backward(normAgain(x, kept, true), arriving[0], true, context->needs_input_grad(3));
        NormGradients result = normBackward(x, dy.contiguous(at::MemoryFormat::ChannelsLast), kept, Gate::recomputed);
        return {result.input, result.weight, result.bias, dw, at::Tensor(), at::Tensor()};
    }
};

}  // namespace

at::Tensor norm_relu_convolution(
    const at::Tensor &x, const NormArguments &norm, const at::Tensor &weight, int64_t stride, int64_t padding, int64_t dilation) {
    const bool isPlain = x.is_cpu() && x.dim() == 4 && x.scalar_type() == computeType(x) && weight.is_floating_point() && norm.weight.defined()
        && norm.bias.defined();
    if (!isPlain || !isNormFused(x, norm)) {
        const at::Tensor y = fused_batch_norm(
            x, {}, norm.weight, norm.bias, norm.runningMean, norm.runningVariance, norm.training, norm.momentum, norm.eps, true);
        return convolution(y, weight, {}, stride, padding, dilation, 1);
    }
    const PlainConvolution convolution{weight, stride, padding, dilation, methodFor(x, weight.sizes(), stride, padding, dilation)};
    return NormConvolution::apply(x, norm.weight, norm.bias, weight, norm, convolution);
}

}  // namespace ct
