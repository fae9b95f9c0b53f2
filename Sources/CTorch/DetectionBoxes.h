// What the parts of object detection share: the geometry of boxes. C++ only; the C face is ct_detection.h.
#pragma once

#include "include/ct_detection.h"

#include <ATen/core/Tensor.h>

#include <array>
#include <utility>

namespace ct {

/// Anchors (centre, width, height; fractions) as left, top, right, bottom in pixels: A, 4, float32, contiguous.
at::Tensor anchor_corners(const at::Tensor &anchors, double size);

/// IoU of every pair of boxes given as corners: (..., N, 4) and (M, 4) -> ..., N, M. 0 / 0 is NaN, as in torchvision.
at::Tensor box_overlaps(const at::Tensor &a, const at::Tensor &b);

/// Offsets that lead from the anchors to the boxes; both are corners in the same unit.
at::Tensor encode_boxes(const at::Tensor &boxes, const at::Tensor &corners);

/// The boxes that offsets lead to from the anchors; corners in the anchors' unit.
at::Tensor decode_boxes(const at::Tensor &offsets, const at::Tensor &corners);

/// What matching gives for N images and A anchors.
struct Matches {
    /// The number of the object that each anchor takes on, or -1: int64.
    at::Tensor objects;
    /// The largest IoU with any object, 0 without one: float32.
    at::Tensor overlaps;
};

/// Every object gets the anchor that overlaps it most (of several equal ones the first; of several objects with one anchor the
/// last), every other anchor the object it overlaps most (the first) where that is at least `overlap`: torchvision's SSDMatcher.
/// Objects of class -1, without area or with an edge that is not finite match nothing.
/// `boxes` are corners in pixels, N, M, 4; `classes` N, M.
Matches match_anchors(const at::Tensor &corners, const at::Tensor &boxes, const at::Tensor &classes, double overlap, bool portable);

/// The losses of classification and of regression, and the number of anchors with an object.
std::array<at::Tensor, 3> multibox_loss(
    const at::Tensor &logits, const at::Tensor &offsets, const at::Tensor &anchors, const at::Tensor &boxes, const at::Tensor &classes,
    const ct_multibox_options &options, bool portable);

/// N, per_image, 6.
at::Tensor detect(
    const at::Tensor &logits, const at::Tensor &offsets, const at::Tensor &anchors, const ct_detect_options &options, bool portable);

}  // namespace ct
