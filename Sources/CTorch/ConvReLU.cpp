#include "ConvReLU.h"

#include "Clones.h"
#include "FusedConv.h"
#include "OpenMP.h"

#include <ATen/autocast_mode.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/conv2d.h>
#include <ATen/ops/convolution_backward.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/relu.h>
#include <torch/csrc/autograd/custom_function.h>

namespace ct {
namespace {

// A float's or a bfloat16's bits are those of a positive number where they are above 0 as an integer.
CT_CLONES void gateBits32(int32_t *into, const int32_t *gradient, const int32_t *output, int64_t count) {
    for (int64_t i = 0; i < count; ++i) { into[i] = output[i] > 0 ? gradient[i] : 0; }
}
CT_CLONES void gateBits16(int16_t *into, const int16_t *gradient, const int16_t *output, int64_t count) {
    for (int64_t i = 0; i < count; ++i) { into[i] = output[i] > 0 ? gradient[i] : int16_t(0); }
}

/// The gradient where ReLU's output is above 0. Written over the gradient where nobody else holds it.
at::Tensor gated(at::Tensor gradient, const at::Tensor &output) {
    at::Tensor into = gradient.use_count() == 1 ? gradient : at::empty_like(gradient);
    const bool isShort = gradient.scalar_type() == at::kBFloat16;
    const int64_t size = isShort ? 2 : 4;
    auto *to = static_cast<char *>(into.mutable_data_ptr());
    const auto *from = static_cast<const char *>(gradient.const_data_ptr()), *open = static_cast<const char *>(output.const_data_ptr());
    const int parts = partCount(gradient.numel());
    parallelParts(parts, [&](int part) {
        const PartRange range(gradient.numel(), parts, part);
        const int64_t at = range.begin * size, count = range.end - range.begin;
        if (isShort) {
            gateBits16(
                reinterpret_cast<int16_t *>(to + at), reinterpret_cast<const int16_t *>(from + at),
                reinterpret_cast<const int16_t *>(open + at), count);
        } else {
            gateBits32(
                reinterpret_cast<int32_t *>(to + at), reinterpret_cast<const int32_t *>(from + at),
                reinterpret_cast<const int32_t *>(open + at), count);
        }
    });
    return into;
}

class ConvReLU : public torch::autograd::Function<ConvReLU> {
  public:
    static at::Tensor forward(
        torch::autograd::AutogradContext *context, const at::Tensor &x, const at::Tensor &weight, const at::Tensor &bias,
        const ConvShape &shape, const std::optional<PoolWindow> &pool) {
        const at::Tensor w = weight.to(x.scalar_type());
        at::Tensor y = fused_conv(x, w, bias.to(x.scalar_type()), shape.stride, shape.padding, shape.dilation, 1, true);
        at::Tensor gate = y;
        context->saved_data["convolution"] = std::vector<int64_t>{shape.stride, shape.padding, shape.dilation};
        if (pool) {
            context->saved_data["sizes"] = y.sizes().vec();
            context->saved_data["pool"] = std::vector<int64_t>{pool->kernel, pool->stride, pool->padding, pool->roundsUp};
            y = poolForward(y, *pool, true, &gate);
        }
        context->save_for_backward({x, w, gate});
        context->saved_data["weight"] = static_cast<int64_t>(weight.scalar_type());
        return y;
    }

    static torch::autograd::variable_list backward(
        torch::autograd::AutogradContext *context, torch::autograd::variable_list arriving) {
        TORCH_CHECK(!at::GradMode::is_enabled(), "the fused convolution has no second derivative");
        const auto saved = context->get_saved_variables();
        const at::Tensor &x = saved[0], &w = saved[1], &gate = saved[2];
        at::Tensor gradient = std::move(arriving[0]);
        gradient = gradient.to(x.scalar_type()).contiguous(at::MemoryFormat::ChannelsLast);
        if (context->saved_data.count("pool")) {
            const auto pool = context->saved_data["pool"].toIntVector();
            gradient = poolBackward(
                gradient, gate, context->saved_data["sizes"].toIntVector(), PoolWindow{pool[0], pool[1], pool[2], pool[3] != 0});
        } else {
            gradient = gated(std::move(gradient), gate);
        }
        const auto shape = context->saved_data["convolution"].toIntVector();
        auto [dx, dw, db] = at::convolution_backward(
            gradient, x, w, at::OptionalIntArrayRef({w.size(0)}), {shape[0], shape[0]}, {shape[1], shape[1]}, {shape[2], shape[2]}, false,
            {0, 0}, 1, {context->needs_input_grad(0), context->needs_input_grad(1), context->needs_input_grad(2)});
        const auto type = static_cast<at::ScalarType>(context->saved_data["weight"].toInt());
        return {dx, dw.defined() ? dw.to(type) : dw, db.defined() ? db.to(type) : db, at::Tensor(), at::Tensor()};
    }
};

/// What autocast would compute a convolution of `x` in.
at::ScalarType computeType(const at::Tensor &x) {
    return at::autocast::is_autocast_enabled(x.device().type()) ? at::autocast::get_autocast_dtype(x.device().type()) : x.scalar_type();
}

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
