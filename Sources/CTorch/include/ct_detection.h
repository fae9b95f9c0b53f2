// Object detection with anchors: matching, the multi-box loss, decoding and non-maximum suppression.
//
// Anchors are A, 4: centre x, centre y, width, height as fractions of the picture, float32. Boxes are left, top, right, bottom as
// fractions. `size` is the side in pixels of the network's square input: everything is worked out in these pixels, as torchvision
// does, and nothing but the rounding depends on it. `portable` takes libtorch's operations where the processor has kernels of its
// own, with the same results; other devices always take them.
#pragma once
#include "ct_tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

/// Intersection over union of every pair: (N, 4) and (M, 4) -> N, M.
ct_tensor _Nullable ct_box_overlaps(ct_tensor _Nonnull a, ct_tensor _Nonnull b);
/// Boxes ..., A, 4 -> offsets to the anchors, ..., A, 4, divided by the variances 0.1, 0.1, 0.2, 0.2.
ct_tensor _Nullable ct_encode_boxes(ct_tensor _Nonnull boxes, ct_tensor _Nonnull anchors, double size);
/// Offsets ..., A, 4 -> boxes ..., A, 4 as fractions, not clipped.
ct_tensor _Nullable ct_decode_boxes(ct_tensor _Nonnull offsets, ct_tensor _Nonnull anchors, double size);

/// Boxes N, M, 4 and classes N, M (int64; -1: no object) -> results[0], N, A: the number of each anchor's object or -1 (int64), and
/// results[1], N, A: the largest overlap with any object (float32).
int ct_match_anchors(ct_tensor _Nonnull anchors, ct_tensor _Nonnull boxes, ct_tensor _Nonnull classes, double overlap, double size, bool portable,
                     ct_tensor _Nullable *_Nonnull results);

typedef struct {
    /// Side of the network's input in pixels.
    double size;
    /// Overlap from which an anchor takes on an object.
    double overlap;
    /// Background anchors for each that has an object.
    double negative_ratio;
    /// Background anchors of an image at least.
    int64_t minimum_negatives;
    /// Only anchors that overlap all objects less than this can be background.
    double negative_overlap;
    /// MXNet's normalisation instead of torchvision's: by the anchors that count, and by the offsets that are off.
    bool by_valid_count;
} ct_multibox_options;

/// Logits N, A, classes + 1 and offsets N, A, 4 against boxes and classes -> results[0], the classification loss, and results[1], the
/// regression loss: float32 scalars with a graph; results[2], how many anchors have an object (int64).
int ct_multibox_loss(ct_tensor _Nonnull logits, ct_tensor _Nonnull offsets, ct_tensor _Nonnull anchors, ct_tensor _Nonnull boxes,
                     ct_tensor _Nonnull classes, const ct_multibox_options *_Nonnull options, bool portable, ct_tensor _Nullable *_Nonnull results);

typedef struct {
    double size;
    /// Scores must exceed this.
    double score;
    /// Overlap beyond which the lower of two boxes of a class goes.
    double overlap;
    /// Boxes of a class, the best, that enter suppression.
    int64_t candidates;
    /// Boxes of an image, the best of all classes, that remain.
    int64_t per_image;
} ct_detect_options;

/// -> N, per_image, 6 (float32): class, score, left, top, right, bottom, by score; class -1 fills up.
ct_tensor _Nullable ct_detect(ct_tensor _Nonnull logits, ct_tensor _Nonnull offsets, ct_tensor _Nonnull anchors,
                              const ct_detect_options *_Nonnull options, bool portable);

#ifdef __cplusplus
}
#endif
