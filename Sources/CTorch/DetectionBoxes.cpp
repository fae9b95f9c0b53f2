#include "DetectionBoxes.h"

#include "Support.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/exp.h>
#include <ATen/ops/log.h>
#include <ATen/ops/maximum.h>
#include <ATen/ops/minimum.h>
#include <ATen/ops/stack.h>

#include <cmath>

namespace {

at::Tensor edge(const at::Tensor &boxes, int64_t number) { return boxes.select(-1, number); }

struct Centres {
    at::Tensor x, y, width, height;

    // In torchvision's order of operations: half a pixel decides ties.
    explicit Centres(const at::Tensor &boxes)
        : width(edge(boxes, 2) - edge(boxes, 0)), height(edge(boxes, 3) - edge(boxes, 1)) {
        x = edge(boxes, 0) + 0.5 * width;
        y = edge(boxes, 1) + 0.5 * height;
    }
};

at::Tensor area(const at::Tensor &boxes) { return (edge(boxes, 2) - edge(boxes, 0)) * (edge(boxes, 3) - edge(boxes, 1)); }

void checkAnchors(const at::Tensor &anchors) {
    TORCH_CHECK(anchors.dim() == 2 && anchors.size(1) == 4 && anchors.size(0) > 0, "anchors are A, 4");
}

}  // namespace

at::Tensor ct::anchor_corners(const at::Tensor &anchors, double size) {
    checkAnchors(anchors);
    const at::Tensor plain = anchors.detach().to(at::kFloat), centre = plain.slice(1, 0, 2), half = 0.5 * plain.slice(1, 2, 4);
    return at::cat({(centre - half) * size, (centre + half) * size}, 1).contiguous();
}

at::Tensor ct::box_overlaps(const at::Tensor &a, const at::Tensor &b) {
    const at::Tensor first = a.unsqueeze(-2);
    const at::Tensor width = at::minimum(edge(first, 2), edge(b, 2)).sub_(at::maximum(edge(first, 0), edge(b, 0))).clamp_min_(0);
    const at::Tensor height = at::minimum(edge(first, 3), edge(b, 3)).sub_(at::maximum(edge(first, 1), edge(b, 1))).clamp_min_(0);
    const at::Tensor shared = width * height;
    return shared / (area(first) + area(b)).sub_(shared);
}

at::Tensor ct::encode_boxes(const at::Tensor &boxes, const at::Tensor &corners) {
    const Centres object(boxes), anchor(corners);
    return at::stack(
        {10 * (object.x - anchor.x) / anchor.width, 10 * (object.y - anchor.y) / anchor.height,
         5 * at::log(object.width / anchor.width), 5 * at::log(object.height / anchor.height)},
        -1);
}

at::Tensor ct::decode_boxes(const at::Tensor &offsets, const at::Tensor &corners) {
    const Centres anchor(corners);
    // torchvision's bound: no box is more than 62.5 times its anchor.
    const double most = std::log(1000.0 / 16);
    const at::Tensor x = edge(offsets, 0) / 10 * anchor.width + anchor.x, y = edge(offsets, 1) / 10 * anchor.height + anchor.y;
    const at::Tensor halfWidth = 0.5 * (at::exp((edge(offsets, 2) / 5).clamp_max(most)) * anchor.width);
    const at::Tensor halfHeight = 0.5 * (at::exp((edge(offsets, 3) / 5).clamp_max(most)) * anchor.height);
    return at::stack({x - halfWidth, y - halfHeight, x + halfWidth, y + halfHeight}, -1);
}

extern "C" {

ct_tensor ct_box_overlaps(ct_tensor a, ct_tensor b) {
    return ct::make([&] {
        TORCH_CHECK(a->value.dim() == 2 && a->value.size(1) == 4, "boxes are N, 4");
        TORCH_CHECK(b->value.dim() == 2 && b->value.size(1) == 4, "boxes are M, 4");
        return ct::box_overlaps(a->value, b->value);
    });
}
ct_tensor ct_encode_boxes(ct_tensor boxes, ct_tensor anchors, double size) {
    return ct::make([&] { return ct::encode_boxes(boxes->value.to(at::kFloat) * size, ct::anchor_corners(anchors->value, size)); });
}
ct_tensor ct_decode_boxes(ct_tensor offsets, ct_tensor anchors, double size) {
    return ct::make([&] { return ct::decode_boxes(offsets->value.to(at::kFloat), ct::anchor_corners(anchors->value, size)) / size; });
}

int ct_match_anchors(ct_tensor anchors, ct_tensor boxes, ct_tensor classes, double overlap, double size, bool portable, ct_tensor *results) {
    return ct::perform([&] {
        const at::Tensor corners = ct::anchor_corners(anchors->value, size);
        const ct::Matches matches =
            ct::match_anchors(corners, boxes->value.to(at::kFloat) * size, classes->value, overlap, portable);
        results[0] = ct::box(matches.objects);
        results[1] = ct::box(matches.overlaps);
    });
}

int ct_multibox_loss(
    ct_tensor logits, ct_tensor offsets, ct_tensor anchors, ct_tensor boxes, ct_tensor classes, const ct_multibox_options *options,
    bool portable, ct_tensor *results) {
    return ct::perform([&] {
        const auto values =
            ct::multibox_loss(logits->value, offsets->value, anchors->value, boxes->value, classes->value, *options, portable);
        for (size_t i = 0; i < values.size(); ++i) { results[i] = ct::box(values[i]); }
    });
}

ct_tensor ct_detect(ct_tensor logits, ct_tensor offsets, ct_tensor anchors, const ct_detect_options *options, bool portable) {
    return ct::make([&] { return ct::detect(logits->value, offsets->value, anchors->value, *options, portable); });
}
}
