// Semantic segmentation: scores of a small map against masks of the images' size.
//
// Scores are N, classes, h, w; masks N, H, W, uint8, 255 being a hole. The scores are enlarged bilinearly (align_corners false) to the
// mask, but only a few pixels at a time: N, classes, H, W is never stored. `portable` takes libtorch's operations where the processor
// has kernels of its own, with the same results; other devices always take them.
#pragma once
#include "ct_tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

/// results[0]: the mean cross-entropy over the pixels that are no hole, a float32 scalar with a graph, 0 where there is none;
/// results[1]: how many of them the largest score tells right; results[2]: how many they are (int64 scalars).
int ct_segmentation_loss(ct_tensor _Nonnull logits, ct_tensor _Nonnull targets, bool portable, ct_tensor _Nullable *_Nonnull results);

/// The class of the largest enlarged score: N, height, width (uint8).
ct_tensor _Nullable ct_segmentation_classes(ct_tensor _Nonnull logits, int64_t height, int64_t width, bool portable);

#ifdef __cplusplus
}
#endif
