#include "Clones.h"
#include "DetectionBoxes.h"
#include "OpenMP.h"
#include "Support.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/bmm.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/full.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros_like.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace {

struct Scored {
    float score;
    int32_t anchor;

    bool operator<(const Scored &other) const { return score != other.score ? score > other.score : anchor < other.anchor; }
};

struct Kept {
    float score;
    int32_t label, anchor;
};

/// The boxes of a class by score, each edge beside its like.
struct BoxPlanes {
    std::vector<float> left, top, right, bottom, area;

    BoxPlanes(const std::vector<Scored> &order, const float *boxes)
        : left(order.size()), top(order.size()), right(order.size()), bottom(order.size()), area(order.size()) {
        for (size_t i = 0; i < order.size(); ++i) {
            const float *box = boxes + order[i].anchor * 4;
            left[i] = box[0], top[i] = box[1], right[i] = box[2], bottom[i] = box[3];
            const float width = right[i] - left[i], height = bottom[i] - top[i];
            area[i] = width * height;
        }
    }
};

/// Marks what overlaps box `of` more than `limit` among the boxes behind it.
CT_CLONES void suppress(
    const float *left, const float *top, const float *right, const float *bottom, const float *area, int64_t of, int64_t count, float limit,
    uint8_t *isGone) {
    const float l = left[of], t = top[of], r = right[of], b = bottom[of], a = area[of];
    for (int64_t j = of + 1; j < count; ++j) {
        const float width = std::max(0.0f, std::min(r, right[j]) - std::max(l, left[j]));
        const float height = std::max(0.0f, std::min(b, bottom[j]) - std::max(t, top[j]));
        const float shared = width * height;
        const float both = a + area[j];
        isGone[j] |= static_cast<uint8_t>(shared / (both - shared) > limit);
    }
}

void suppressClass(std::vector<Scored> &found, const float *boxes, int32_t label, float limit, const ct_detect_options &options, std::vector<Kept> &kept) {
    if (static_cast<int64_t>(found.size()) > options.candidates) {
        std::nth_element(found.begin(), found.begin() + options.candidates, found.end());
        found.resize(static_cast<size_t>(options.candidates));
    }
    std::sort(found.begin(), found.end());
    const BoxPlanes planes(found, boxes);
    const int64_t count = static_cast<int64_t>(found.size());
    std::vector<uint8_t> isGone(found.size(), 0);
    for (int64_t i = 0; i < count && static_cast<int64_t>(kept.size()) < options.per_image; ++i) {
        if (isGone[static_cast<size_t>(i)]) { continue; }
        kept.push_back({found[static_cast<size_t>(i)].score, label, found[static_cast<size_t>(i)].anchor});
        suppress(
            planes.left.data(), planes.top.data(), planes.right.data(), planes.bottom.data(), planes.area.data(), i, count, limit,
            isGone.data());
    }
}

/// The largest float that is not above `value`: comparing floats with it is comparing them with `value`.
float floatBelow(double value) {
    const float nearest = static_cast<float>(value);
    return nearest > value ? std::nextafter(nearest, -std::numeric_limits<float>::infinity()) : nearest;
}

void detectOnProcessor(const at::Tensor &probabilities, const at::Tensor &boxes, const ct_detect_options &options, at::Tensor &result) {
    const int64_t images = probabilities.size(0), anchors = probabilities.size(1), width = probabilities.size(2);
    const float *probability = ct::elements<float>(probabilities), *box = ct::elements<float>(boxes);
    const float least = static_cast<float>(options.score), limit = floatBelow(options.overlap);
    const int parts = ct::partCount(probabilities.numel());

    // Anchors are shared out to find the candidates, then classes to thin them out.
    std::vector<std::vector<Scored>> found(static_cast<size_t>(parts * images * width));
    ct::parallelParts(parts, [&](int part) {
        const ct::PartRange range(anchors, parts, part);
        for (int64_t image = 0; image < images; ++image) {
            auto *classes = found.data() + (part * images + image) * width;
            for (int64_t anchor = range.begin; anchor < range.end; ++anchor) {
                const float *row = probability + (image * anchors + anchor) * width;
                for (int64_t c = 1; c < width; ++c) {
                    if (row[c] > least) { classes[c].push_back({row[c], static_cast<int32_t>(anchor)}); }
                }
            }
        }
    });
    std::vector<std::vector<Kept>> kept(static_cast<size_t>(images * width));
    ct::parallelParts(parts, [&](int part) {
        for (int64_t unit = part; unit < images * width; unit += parts) {
            std::vector<Scored> &all = found[static_cast<size_t>(unit)];
            for (int other = 1; other < parts; ++other) {
                const auto &more = found[static_cast<size_t>(other * images * width + unit)];
                all.insert(all.end(), more.begin(), more.end());
            }
            suppressClass(all, box + unit / width * anchors * 4, static_cast<int32_t>(unit % width), limit, options, kept[static_cast<size_t>(unit)]);
        }
    });

    float *out = result.mutable_data_ptr<float>();
    const float size = static_cast<float>(options.size);
    for (int64_t image = 0; image < images; ++image) {
        std::vector<Kept> all;
        for (int64_t c = 1; c < width; ++c) {
            const auto &some = kept[static_cast<size_t>(image * width + c)];
            all.insert(all.end(), some.begin(), some.end());
        }
        std::stable_sort(all.begin(), all.end(), [](const Kept &a, const Kept &b) { return a.score > b.score; });
        const size_t count = std::min(all.size(), static_cast<size_t>(options.per_image));
        for (size_t i = 0; i < count; ++i) {
            float *row = out + (image * options.per_image + static_cast<int64_t>(i)) * 6;
            const float *from = box + (image * anchors + all[i].anchor) * 4;
            row[0] = static_cast<float>(all[i].label - 1);
            row[1] = all[i].score;
            for (int c = 0; c < 4; ++c) { row[2 + c] = from[c] / size; }
        }
    }
}

/// Greedy suppression of boxes in the order of their scores, B lists of K: a box stays unless one before it stays and covers it. The
/// answer for the first n boxes is right after n rounds, and mostly much earlier: nothing changes any more then.
at::Tensor survivors(const at::Tensor &boxes, const at::Tensor &isReal, double limit) {
    const at::Tensor overlaps = ct::box_overlaps(boxes, boxes.unsqueeze(-3));
    const at::Tensor covers = overlaps.gt(limit).triu(1).to(at::kFloat);
    at::Tensor stays = isReal;
    for (int64_t round = 0; round < boxes.size(-2); ++round) {
        const at::Tensor next = isReal & at::bmm(stays.to(at::kFloat).unsqueeze(1), covers).squeeze(1).eq(0);
        const bool isSettled = next.equal(stays);
        stays = next;
        if (isSettled) { break; }
    }
    return stays;
}

at::Tensor detectPortably(const at::Tensor &probabilities, const at::Tensor &boxes, const ct_detect_options &options) {
    // One image at a time: its classes' overlaps take candidates² floats each.
    const int64_t classes = probabilities.size(1) - 1, count = std::min(options.candidates, probabilities.size(0));
    const at::Tensor scores = probabilities.slice(1, 1).t();
    auto [ordered, anchor] = scores.masked_fill(~scores.gt(static_cast<float>(options.score)), -1).sort(/*stable=*/true, 1, /*descending=*/true);
    ordered = ordered.slice(1, 0, count);
    const at::Tensor places = anchor.slice(1, 0, count).reshape({-1});
    const at::Tensor chosen = boxes.index_select(0, places).view({classes, count, 4});
    const at::Tensor stays = survivors(chosen, ordered > 0, floatBelow(options.overlap));
    const at::Tensor flat = at::where(stays, ordered, at::full({}, -1, ordered.options())).reshape({-1});
    const auto [best, place] = flat.sort(/*stable=*/true, 0, /*descending=*/true);
    const int64_t length = std::min(options.per_image, flat.size(0));
    const at::Tensor score = best.slice(0, 0, length).unsqueeze(1), from = place.slice(0, 0, length);
    const at::Tensor label = from.floor_divide(count).to(at::kFloat).unsqueeze(1);
    const at::Tensor rows = at::cat({label, score, chosen.view({-1, 4}).index_select(0, from) / options.size}, 1);
    return at::where(score > 0, rows, at::full({}, -1, rows.options()));
}

}  // namespace

at::Tensor ct::detect(
    const at::Tensor &logits, const at::Tensor &offsets, const at::Tensor &anchors, const ct_detect_options &options, bool portable) {
    TORCH_CHECK(logits.dim() == 3 && logits.size(1) == anchors.size(0) && logits.size(2) > 1, "logits are N, A, classes + 1");
    TORCH_CHECK(
        offsets.dim() == 3 && offsets.size(0) == logits.size(0) && offsets.size(1) == logits.size(1) && offsets.size(2) == 4,
        "offsets are N, A, 4");
    const at::Tensor corners = anchor_corners(anchors, options.size);
    const at::Tensor probabilities = at::softmax(logits.detach().to(at::kFloat), -1).contiguous();
    const at::Tensor boxes = decode_boxes(offsets.detach().to(at::kFloat), corners).clamp_(0, options.size).contiguous();
    at::Tensor result = at::full({logits.size(0), options.per_image, 6}, -1, probabilities.options());
    if (logits.is_cpu() && !portable) {
        detectOnProcessor(probabilities, boxes, options, result);
        return result;
    }
    for (int64_t image = 0; image < logits.size(0); ++image) {
        const at::Tensor rows = detectPortably(probabilities[image], boxes[image], options);
        result[image].slice(0, 0, rows.size(0)).copy_(rows);
    }
    return result;
}
