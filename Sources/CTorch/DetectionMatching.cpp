#include "Clones.h"
#include "DetectionBoxes.h"
#include "OpenMP.h"
#include "Support.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/full.h>
#include <ATen/ops/isfinite.h>
#include <ATen/ops/where.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <vector>

namespace {

struct Object {
    float left, top, right, bottom, area;
    int32_t number;
};

// Edges and areas of the anchors, each kind beside its like.
struct AnchorPlanes {
    const float *left, *top, *right, *bottom, *area;
};

/// An object against `count` anchors: their overlaps, the best so far for each of them, and the bits of the largest (the overlaps
/// are not negative, so the order of their bits is their own, and integers may be reduced in any order).
CT_CLONES int32_t overlapWith(
    const Object &object, const AnchorPlanes &anchors, int64_t begin, int64_t count, int32_t *bits, float *best, int32_t *number) {
    const float *left = anchors.left + begin, *top = anchors.top + begin, *right = anchors.right + begin,
                *bottom = anchors.bottom + begin, *area = anchors.area + begin;
    const Object o = object;
    int32_t largest = -1;
    for (int64_t i = 0; i < count; ++i) {
        const float width = std::max(0.0f, std::min(o.right, right[i]) - std::max(o.left, left[i]));
        const float height = std::max(0.0f, std::min(o.bottom, bottom[i]) - std::max(o.top, top[i]));
        const float shared = width * height;
        const float both = o.area + area[i];
        const float overlap = shared / (both - shared);
        const bool better = overlap > best[i];
        best[i] = better ? overlap : best[i];
        number[i] = better ? o.number : number[i];
        bits[i] = std::bit_cast<int32_t>(overlap);
        largest = std::max(largest, bits[i]);
    }
    return largest;
}

struct Best {
    int32_t bits;
    int32_t anchor;
};

std::vector<Object> realObjects(const float *boxes, const int64_t *classes, int64_t count) {
    std::vector<Object> objects;
    for (int64_t i = 0; i < count; ++i) {
        const float *box = boxes + 4 * i;
        const bool isFinite = std::all_of(box, box + 4, [](float edge) { return std::isfinite(edge); });
        if (classes[i] < 0 || !isFinite || !(box[2] > box[0]) || !(box[3] > box[1])) { continue; }
        const float width = box[2] - box[0], height = box[3] - box[1];
        objects.push_back({box[0], box[1], box[2], box[3], width * height, static_cast<int32_t>(i)});
    }
    return objects;
}

ct::Matches matchOnProcessor(const at::Tensor &corners, const at::Tensor &boxes, const at::Tensor &classes, float overlap) {
    constexpr int64_t block = 1024;
    const int64_t images = boxes.size(0), slots = boxes.size(1), anchors = corners.size(0), blocks = (anchors + block - 1) / block;
    const at::Tensor edges = corners.t().contiguous();
    const at::Tensor areas = (edges[2] - edges[0]) * (edges[3] - edges[1]);
    const float *plane = ct::elements<float>(edges);
    const AnchorPlanes planes{plane, plane + anchors, plane + 2 * anchors, plane + 3 * anchors, ct::elements<float>(areas)};

    std::vector<std::vector<Object>> objects;
    int64_t pairs = 0;
    for (int64_t image = 0; image < images; ++image) {
        objects.push_back(realObjects(ct::elements<float>(boxes) + image * slots * 4, ct::elements<int64_t>(classes) + image * slots, slots));
        pairs += static_cast<int64_t>(objects.back().size()) * anchors;
    }

    ct::Matches matches{at::empty({images, anchors}, boxes.options().dtype(at::kLong)), at::empty({images, anchors}, boxes.options())};
    int64_t *chosen = matches.objects.mutable_data_ptr<int64_t>();
    float *overlaps = matches.overlaps.mutable_data_ptr<float>();
    std::vector<Best> bests(static_cast<size_t>(images * blocks * slots));
    const int parts = ct::partCount(pairs);
    ct::parallelParts(parts, [&](int part) {
        const ct::PartRange range(images * blocks, parts, part);
        int32_t bits[block], number[block];
        for (int64_t unit = range.begin; unit < range.end; ++unit) {
            const int64_t image = unit / blocks, begin = unit % blocks * block, count = std::min(block, anchors - begin);
            float *best = overlaps + image * anchors + begin;
            std::fill_n(best, count, 0.0f);
            std::fill_n(number, count, -1);
            for (const Object &object : objects[static_cast<size_t>(image)]) {
                const int32_t largest = overlapWith(object, planes, begin, count, bits, best, number);
                const int64_t place = std::find(bits, bits + count, largest) - bits;
                bests[static_cast<size_t>(unit * slots + object.number)] = {largest, static_cast<int32_t>(begin + place)};
            }
            int64_t *to = chosen + image * anchors + begin;
            for (int64_t i = 0; i < count; ++i) { to[i] = best[i] >= overlap ? number[i] : -1; }
        }
    });
    for (int64_t image = 0; image < images; ++image) {
        for (const Object &object : objects[static_cast<size_t>(image)]) {
            Best best{-1, 0};
            for (int64_t number = 0; number < blocks; ++number) {
                const Best &other = bests[static_cast<size_t>((image * blocks + number) * slots + object.number)];
                if (other.bits > best.bits) { best = other; }
            }
            chosen[image * anchors + best.anchor] = object.number;
        }
    }
    return matches;
}

ct::Matches matchPortably(const at::Tensor &corners, const at::Tensor &boxes, const at::Tensor &classes, double overlap) {
    const int64_t slots = boxes.size(1);
    const at::Tensor isReal = (classes >= 0) & at::isfinite(boxes).all(-1) & (boxes.select(-1, 2) > boxes.select(-1, 0))
        & (boxes.select(-1, 3) > boxes.select(-1, 1));
    at::Tensor overlaps = ct::box_overlaps(boxes, corners).masked_fill_(~isReal.unsqueeze(-1), -1);
    const auto [best, object] = overlaps.max(1);
    const at::Tensor anchor = std::get<1>(overlaps.max(2));
    const at::Tensor none = at::full({1}, -1, classes.options());
    const at::Tensor numbers = at::where(isReal, at::arange(slots, classes.options()), none);
    // Of several objects that claim an anchor the last gets it, whatever the order in which the device writes.
    const at::Tensor claimed = at::full({boxes.size(0), corners.size(0)}, -1, classes.options()).scatter_reduce(1, anchor, numbers, "amax");
    const at::Tensor near = at::where(best >= overlap, object, none);
    return {at::where(claimed >= 0, claimed, near), best.clamp_min(0)};
}

}  // namespace

ct::Matches ct::match_anchors(
    const at::Tensor &corners, const at::Tensor &boxes, const at::Tensor &classes, double overlap, bool portable) {
    TORCH_CHECK(boxes.dim() == 3 && boxes.size(2) == 4, "boxes are N, M, 4");
    TORCH_CHECK(
        classes.dim() == 2 && classes.size(0) == boxes.size(0) && classes.size(1) == boxes.size(1) && classes.scalar_type() == at::kLong,
        "classes are int64 N, M, one for each box");
    const int64_t images = boxes.size(0), anchors = corners.size(0), slots = boxes.size(1);
    if (images == 0 || slots == 0) {
        return {at::full({images, anchors}, -1, classes.options()), at::full({images, anchors}, 0, corners.options())};
    }
    if (corners.is_cpu() && !portable) {
        return matchOnProcessor(corners, boxes.contiguous(), classes.contiguous(), static_cast<float>(overlap));
    }
    // Images in groups, so that crowded ones do not fill the memory with overlaps.
    const int64_t group = std::max<int64_t>(1, (int64_t(1) << 23) / (slots * anchors));
    if (group >= images) { return matchPortably(corners, boxes, classes, overlap); }
    Matches all{at::empty({images, anchors}, classes.options()), at::empty({images, anchors}, corners.options())};
    for (int64_t begin = 0; begin < images; begin += group) {
        const int64_t end = std::min(images, begin + group);
        const Matches some = matchPortably(corners, boxes.slice(0, begin, end), classes.slice(0, begin, end), overlap);
        all.objects.slice(0, begin, end).copy_(some.objects);
        all.overlaps.slice(0, begin, end).copy_(some.overlaps);
    }
    return all;
}
