// Batch normalisation whose statistics are those of all processes' mini-batches together ("synchronised").
#include "SharedMoments.h"

#include "FusedNormPasses.h"
#include "ProcessGroup.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/full.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <atomic>
#include <utility>

namespace ct {
namespace {

/// Set by the training thread between steps; a backward pass may read it on libtorch's threads.
std::atomic<ct_group> sharing{nullptr};

/// Adds up numbers (float64) of this process's own over the processes: from GPU to GPU where that has been set up, so that nobody waits but the
/// device, else through main memory.
at::Tensor summed(const at::Tensor &values) {
    const ct_group group = sharing.load();
    const at::Tensor numbers = values.is_cuda() && group->overDevices ? values : values.to(at::kCPU).contiguous();
    group->startSum(numbers)->wait();
    return numbers.to(values.device());
}

void sum(std::vector<double> &numbers) {
    const at::Tensor view = at::from_blob(numbers.data(), {static_cast<int64_t>(numbers.size())}, at::TensorOptions().dtype(at::kDouble));
    sharing.load()->startSum(view)->wait();
}

/// (C) → (1, C, 1, …), like `x`.
at::Tensor perChannel(const at::Tensor &values, const at::Tensor &x) {
    std::vector<int64_t> shape(static_cast<size_t>(x.dim()), 1);
    shape[1] = -1;
    return values.to(at::kFloat).view(shape);
}

/// The sum over everything but the channels.
at::Tensor channelSums(const at::Tensor &x) { return x.transpose(0, 1).reshape({x.size(1), -1}).sum(1, false, at::kDouble); }

class SharedBatchNorm : public torch::autograd::Function<SharedBatchNorm> {
  public:
    static at::Tensor forward(
        torch::autograd::AutogradContext *context, const at::Tensor &x, const c10::optional<at::Tensor> &weight,
        const c10::optional<at::Tensor> &bias, const NormArguments &arguments) {
        const at::Tensor wide = x.to(at::kFloat);
        const double own = static_cast<double>(x.numel() / x.size(1));
        const at::Tensor count = at::full({1}, own, x.options().dtype(at::kDouble));
        const at::Tensor all = summed(at::cat({count, channelSums(wide), channelSums(wide.to(at::kDouble).square())}));
        const int64_t channels = x.size(1);
        const at::Tensor pixels = all.narrow(0, 0, 1);
        const at::Tensor mean = all.narrow(0, 1, channels) / pixels;
        const at::Tensor variance = (all.narrow(0, 1 + channels, channels) / pixels - mean.square()).clamp_min(0);
        for (const auto &[running, value] :
             {std::pair(arguments.runningMean, mean), std::pair(arguments.runningVariance, variance * (pixels / (pixels - 1)))}) {
            if (running.defined()) { running.mul_(1 - arguments.momentum).add_(value.to(at::kFloat), arguments.momentum); }
        }
        const at::Tensor inverse = (variance + arguments.eps).rsqrt().to(at::kFloat);
        const at::Tensor normalized = (wide - perChannel(mean, x)) * perChannel(inverse, x);
        context->save_for_backward({normalized, inverse, weight.value_or(at::Tensor()), pixels});
        context->saved_data["bias"] = bias.has_value();
        at::Tensor y = normalized;
        if (weight) { y = y * perChannel(*weight, x); }
        if (bias) { y = y + perChannel(*bias, x); }
        return y.to(x.scalar_type());
    }

    static torch::autograd::variable_list backward(
        torch::autograd::AutogradContext *context, torch::autograd::variable_list arriving) {
        TORCH_CHECK(!at::GradMode::is_enabled(), "the shared batch normalisation has no second derivative");
        const auto saved = context->get_saved_variables();
        const at::Tensor &normalized = saved[0], &inverse = saved[1], &weight = saved[2], &pixels = saved[3];
        const at::Tensor gradient = arriving[0].to(at::kFloat);
        const at::Tensor sums = channelSums(gradient), products = channelSums(gradient * normalized);
        const int64_t channels = sums.numel();
        // The kernels' products are those of the gradient and of x - mean: the same but for the deviation.
        const at::Tensor all = summed(at::cat({sums, products / inverse.to(at::kDouble)}));
        const at::Tensor meanGradient = all.narrow(0, 0, channels) / pixels;
        const at::Tensor meanProduct = all.narrow(0, channels, channels) * inverse.to(at::kDouble) / pixels;
        at::Tensor factor = inverse;
        if (weight.defined()) { factor = factor * weight; }
        const at::Tensor dx = (gradient - perChannel(meanGradient, gradient) - normalized * perChannel(meanProduct, gradient))
            * perChannel(factor, gradient);
        return {
            dx.to(arriving[0].scalar_type()), weight.defined() ? products.to(at::kFloat) : at::Tensor(),
            context->saved_data["bias"].toBool() ? sums.to(at::kFloat) : at::Tensor(), at::Tensor()};
    }
};

c10::optional<at::Tensor> given(const at::Tensor &tensor) {
    return tensor.defined() ? c10::optional<at::Tensor>(tensor) : c10::nullopt;
}

}  // namespace

bool sharesMoments() { return sharing.load() != nullptr; }

void shareMoments(Moments &moments) {
    if (!sharesMoments()) { return; }
    const size_t channels = moments.mean.size();
    std::vector<double> all(1 + 2 * channels);
    all[0] = moments.pixels;
    for (size_t channel = 0; channel < channels; ++channel) {
        const double mean = moments.mean[channel];
        all[1 + channel] = mean * moments.pixels;
        all[1 + channels + channel] = (moments.variance[channel] + mean * mean) * moments.pixels;
    }
    sum(all);
    moments.pixels = all[0];
    for (size_t channel = 0; channel < channels; ++channel) {
        const double mean = all[1 + channel] / moments.pixels;
        moments.mean[channel] = mean;
        moments.variance[channel] = std::max(0.0, all[1 + channels + channel] / moments.pixels - mean * mean);
    }
}

void shareSums(std::vector<double> &a, std::vector<double> &b) {
    if (!sharesMoments()) { return; }
    std::vector<double> all(a);
    all.insert(all.end(), b.begin(), b.end());
    sum(all);
    std::copy_n(all.begin(), a.size(), a.begin());
    std::copy(all.begin() + static_cast<std::ptrdiff_t>(a.size()), all.end(), b.begin());
}

at::Tensor shared_batch_norm(const at::Tensor &x, const NormArguments &arguments) {
    return SharedBatchNorm::apply(x, given(arguments.weight), given(arguments.bias), arguments);
}

}  // namespace ct

extern "C" {

void ct_norm_group_set(ct_group group) { ct::sharing.store(group); }
}
