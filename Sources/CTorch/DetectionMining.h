#pragma once

#include "include/ct_detection.h"

#include <ATen/core/Tensor.h>

namespace ct {

/// The losses of a batch and the rows of their gradients that are not zero, for a gradient of 1.
struct MinedLoss {
    at::Tensor classification, regression;
    /// Anchors that count, as rows of the flattened logits: int64, K; and their gradients, K, classes + 1.
    at::Tensor rows, logitGradients;
    /// Anchors with an object, as rows of the flattened offsets: int64, P; and their gradients, P, 4.
    at::Tensor positives, offsetGradients;
};

/// Picks the background anchors that are hardest and works out the losses, on the processor.
///
/// `logProbabilities` N, A, classes + 1, `offsets` N, A, 4, `corners` A, 4 and `boxes` N, M, 4 are contiguous float32, the latter two
/// in pixels; `classes` N, M. `targets` N, A: the number of the anchor's object, -1 may be background, -2 counts for nothing.
MinedLoss mined_loss(
    const at::Tensor &logProbabilities, const at::Tensor &offsets, const at::Tensor &targets, const at::Tensor &corners,
    const at::Tensor &boxes, const at::Tensor &classes, const ct_multibox_options &options);

}  // namespace ct
