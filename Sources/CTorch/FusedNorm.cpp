#include "FusedNorm.h"

#include "FusedNormPasses.h"
#include "SharedMoments.h"

#include <ATen/Context.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/add.h>
#include <ATen/ops/batch_norm.h>
#include <ATen/ops/relu.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <array>

namespace ct {
namespace {

class FusedBatchNorm : public torch::autograd::Function<FusedBatchNorm> {
  public:
    static at::Tensor forward(
        torch::autograd::AutogradContext *context, const at::Tensor &x, const c10::optional<at::Tensor> &residual,
        const c10::optional<at::Tensor> &weight, const c10::optional<at::Tensor> &bias, const NormArguments &arguments) {
        NormContext kept;
        const at::Tensor y = normForward(x, arguments, arguments.relu && residual.has_value(), kept);
        context->save_for_backward({x, kept.statistics, kept.bits});
        context->saved_data["relu"] = arguments.relu;
        context->saved_data["residual"] = residual.has_value();
        context->saved_data["weight"] = weight.has_value();
        context->saved_data["bias"] = bias.has_value();
        context->saved_data["pixels"] = kept.pixels;
        return y;
    }

    static torch::autograd::variable_list backward(
        torch::autograd::AutogradContext *context, torch::autograd::variable_list arriving) {
        TORCH_CHECK(!at::GradMode::is_enabled(), "the fused batch normalisation has no second derivative");
        const auto saved = context->get_saved_variables();
        const at::Tensor &x = saved[0];
        const NormContext kept{saved[1], saved[2], context->saved_data["pixels"].toDouble()};
        const at::Tensor gradient = arriving[0].to(x.scalar_type()).contiguous(at::MemoryFormat::ChannelsLast);
        const Gate gate = kept.bits.defined() ? Gate::bits
            : context->saved_data["relu"].toBool() ? Gate::recomputed
                                                   : Gate::open;
        NormGradients result = normBackward(x, gradient, kept, gate);
        if (!context->saved_data["residual"].toBool()) {
            result.residual.reset();
        } else if (!result.residual.defined()) {
            result.residual = gradient;
        }
        if (!context->saved_data["weight"].toBool()) { result.weight.reset(); }
        if (!context->saved_data["bias"].toBool()) { result.bias.reset(); }
        return {result.input, result.residual, result.weight, result.bias, at::Tensor()};
    }
};

bool isPlainFloats(const at::Tensor &vector, int64_t channels) {
    return !vector.defined()
        || (vector.device().is_cpu() && vector.scalar_type() == at::kFloat && vector.is_contiguous()
            && vector.numel() == channels);
}

bool isPlainActivation(const at::Tensor &x) {
    return x.dim() == 4 && x.device().is_cpu() && x.layout() == at::kStrided && x.numel() > 0
        && (x.scalar_type() == at::kFloat || x.scalar_type() == at::kBFloat16)
        && x.is_contiguous(at::MemoryFormat::ChannelsLast);
}

bool isFusable(const at::Tensor &x, const NormArguments &arguments) {
    if (!isPlainActivation(x) || !normPassesFit(x)) { return false; }
    const at::Tensor &residual = arguments.residual;
    if (residual.defined()
        && (!isPlainActivation(residual) || residual.sizes() != x.sizes() || residual.scalar_type() != x.scalar_type())) {
        return false;
    }
    for (const at::Tensor *vector :
         {&arguments.weight, &arguments.bias, &arguments.runningMean, &arguments.runningVariance}) {
        if (!isPlainFloats(*vector, x.size(1))) { return false; }
    }
    return arguments.training || (arguments.runningMean.defined() && arguments.runningVariance.defined());
}

bool wantsGradient(const at::Tensor &x, const NormArguments &arguments) {
    if (!at::GradMode::is_enabled()) { return false; }
    const std::array<const at::Tensor *, 4> tensors{&x, &arguments.residual, &arguments.weight, &arguments.bias};
    return std::any_of(
        tensors.begin(), tensors.end(), [](const at::Tensor *tensor) { return tensor->defined() && tensor->requires_grad(); });
}

at::Tensor composed(const at::Tensor &x, const NormArguments &arguments) {
    at::Tensor y = arguments.training && sharesMoments()
        ? shared_batch_norm(x, arguments)
        : at::batch_norm(
            x, arguments.weight, arguments.bias, arguments.runningMean, arguments.runningVariance, arguments.training,
            arguments.momentum, arguments.eps, at::globalContext().userEnabledCuDNN());
    if (arguments.residual.defined()) { y = at::add(y, arguments.residual); }
    return arguments.relu ? at::relu(y) : y;
}

c10::optional<at::Tensor> given(const at::Tensor &tensor) {
    return tensor.defined() ? c10::optional<at::Tensor>(tensor) : c10::nullopt;
}

}  // namespace

bool isNormFused(const at::Tensor &x, const NormArguments &arguments) {
    return arguments.training && isFusable(x, arguments) && wantsGradient(x, arguments);
}

at::Tensor fused_batch_norm(
    const at::Tensor &x, const c10::optional<at::Tensor> &residual, const at::Tensor &weight, const at::Tensor &bias,
    at::Tensor running_mean, at::Tensor running_var, bool training, double momentum, double eps, bool relu) {
    const NormArguments arguments{
        residual.value_or(at::Tensor()), weight, bias, std::move(running_mean), std::move(running_var), training, momentum,
        eps, relu};
    const bool differentiated = wantsGradient(x, arguments);
    // The running statistics are no function of this batch, so their gradient is another one: libtorch knows it.
    if (!isFusable(x, arguments) || (differentiated && !training)) { return composed(x, arguments); }
    if (!differentiated) {
        NormContext unused;
        return normForward(x, arguments, false, unused);
    }
    return FusedBatchNorm::apply(x, given(arguments.residual), given(weight), given(bias), arguments);
}

}  // namespace ct
