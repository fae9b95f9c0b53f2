#include "DetectionBoxes.h"
#include "DetectionMining.h"

#include <ATen/core/grad_mode.h>
#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/full.h>
#include <ATen/ops/log_softmax.h>
#include <ATen/ops/smooth_l1_loss.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <array>
#include <limits>

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

/// The loss on the processor. Few anchors count (four for each that has an object), so the forward pass works out the rows of the
/// gradient that are not zero, and nothing of the size of the logits is kept for the backward pass.
class MultiBoxLoss : public torch::autograd::Function<MultiBoxLoss> {
  public:
    static variable_list forward(
        AutogradContext *context, const at::Tensor &logits, const at::Tensor &offsets, const at::Tensor &targets, const at::Tensor &corners,
        const at::Tensor &boxes, const at::Tensor &classes, const ct_multibox_options &options) {
        const ct::MinedLoss mined = ct::mined_loss(
            at::log_softmax(logits.to(at::kFloat), -1).contiguous(), offsets.to(at::kFloat).contiguous(), targets, corners, boxes, classes,
            options);
        context->save_for_backward({mined.rows, mined.logitGradients, mined.positives, mined.offsetGradients});
        context->saved_data["logits"] = logits.sizes();
        context->saved_data["offsets"] = offsets.sizes();
        context->saved_data["logit type"] = logits.scalar_type();
        context->saved_data["offset type"] = offsets.scalar_type();
        return {mined.classification, mined.regression};
    }

    static variable_list backward(AutogradContext *context, variable_list arriving) {
        TORCH_CHECK(!at::GradMode::is_enabled(), "the multi-box loss has no second derivative");
        const auto saved = context->get_saved_variables();
        const auto spread = [&](const at::Tensor &gradient, const at::Tensor &rows, const at::Tensor &values, const char *shape, const char *type) {
            if (!gradient.defined()) { return at::Tensor(); }
            const std::vector<int64_t> sizes = context->saved_data[shape].toIntVector();
            const at::ScalarType element = context->saved_data[type].toScalarType();
            at::Tensor all = at::zeros({sizes[0] * sizes[1], sizes[2]}, values.options().dtype(element));
            all.index_copy_(0, rows, (values * gradient).to(element));
            return all.view(sizes);
        };
        return {
            spread(arriving[0], saved[0], saved[1], "logits", "logit type"), spread(arriving[1], saved[2], saved[3], "offsets", "offset type"),
            at::Tensor(), at::Tensor(), at::Tensor(), at::Tensor(), at::Tensor()};
    }
};

/// The same in libtorch's operations, for any device: nothing waits for it.
std::pair<at::Tensor, at::Tensor> composed(
    const at::Tensor &logits, const at::Tensor &offsets, const ct::Matches &matches, const at::Tensor &corners, const at::Tensor &boxes,
    const at::Tensor &classes, const ct_multibox_options &options) {
    const at::Tensor isPositive = matches.objects >= 0, object = matches.objects.clamp_min(0);
    const at::Tensor zero = at::zeros({}, logits.options().dtype(at::kFloat));
    const at::Tensor target = at::where(isPositive, classes.gather(1, object) + 1, at::zeros({}, classes.options()));
    const at::Tensor losses = -at::log_softmax(logits.to(at::kFloat), -1).gather(-1, target.unsqueeze(-1)).squeeze(-1);

    const at::Tensor candidate = ~isPositive & (matches.overlaps < options.negative_overlap);
    const at::Tensor hardness = losses.detach().masked_fill(~candidate, -std::numeric_limits<float>::infinity());
    const at::Tensor order = std::get<1>(hardness.sort(/*stable=*/true, 1, /*descending=*/true));
    const at::Tensor places = at::arange(order.size(1), order.options()).expand_as(order);
    const at::Tensor rank = at::empty_like(order).scatter_(1, order, places);
    const at::Tensor wanted =
        (isPositive.sum(1, true).to(at::kDouble) * options.negative_ratio).floor().clamp_min(static_cast<double>(options.minimum_negatives));
    const at::Tensor counts = isPositive | (candidate & (rank < wanted));
    const at::Tensor classification = at::where(counts, losses, zero).sum();

    const at::Tensor matched = boxes.gather(1, object.unsqueeze(-1).expand({object.size(0), object.size(1), 4}));
    // An anchor without an object gets its own box, whose offsets are finite, whatever the object was that it did not take on.
    const at::Tensor goal = ct::encode_boxes(at::where(isPositive.unsqueeze(-1), matched, corners), corners);
    const at::Tensor distances = at::smooth_l1_loss(offsets.to(at::kFloat), goal, at::Reduction::None, 1.0);
    const at::Tensor misses = at::where(isPositive.unsqueeze(-1), distances, zero);

    if (options.by_valid_count) {
        return {classification / counts.sum().clamp_min(1), misses.sum() / (misses.detach() > 0).sum().clamp_min(1)};
    }
    const at::Tensor foreground = isPositive.sum().clamp_min(1);
    return {classification / foreground, misses.sum() / foreground};
}

}  // namespace

std::array<at::Tensor, 3> ct::multibox_loss(
    const at::Tensor &logits, const at::Tensor &offsets, const at::Tensor &anchors, const at::Tensor &boxes, const at::Tensor &classes,
    const ct_multibox_options &options, bool portable) {
    TORCH_CHECK(logits.dim() == 3 && logits.size(1) == anchors.size(0) && logits.size(2) > 1, "logits are N, A, classes + 1");
    TORCH_CHECK(
        offsets.dim() == 3 && offsets.size(0) == logits.size(0) && offsets.size(1) == logits.size(1) && offsets.size(2) == 4,
        "offsets are N, A, 4");
    TORCH_CHECK(boxes.dim() == 3 && boxes.size(0) == logits.size(0) && boxes.size(2) == 4, "boxes are N, M, 4, one list for each image");
    // A column that is empty keeps the gathers below from having nothing to take from.
    const bool isEmpty = boxes.size(1) == 0;
    const at::Tensor corners = anchor_corners(anchors, options.size);
    const at::Tensor pixels =
        isEmpty ? at::zeros({boxes.size(0), 1, 4}, corners.options()) : boxes.detach().to(at::kFloat).contiguous() * options.size;
    const at::Tensor numbers = isEmpty ? at::full({boxes.size(0), 1}, -1, classes.options()) : classes.contiguous();
    const Matches matches = match_anchors(corners, pixels, numbers, options.overlap, portable);
    const at::Tensor matched = (matches.objects >= 0).sum();
    if (portable || !logits.is_cpu()) {
        const auto [classification, regression] = composed(logits, offsets, matches, corners, pixels, numbers, options);
        return {classification, regression, matched};
    }

    const at::Tensor candidates = matches.overlaps.lt(options.negative_overlap);
    // -1: may be background, -2: counts for nothing.
    const at::Tensor targets = at::where(matches.objects < 0, candidates.to(at::kLong) - 2, matches.objects);
    const variable_list losses = MultiBoxLoss::apply(logits, offsets, targets, corners, pixels, numbers, options);
    return {losses[0], losses[1], matched};
}
