// Gradients that are added up over processes while the backward pass still runs (Li et al. 2020, "PyTorch Distributed").
#include "ProcessGroup.h"
#include "Support.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>
#include <torch/csrc/autograd/function_hook.h>
#include <torch/csrc/autograd/variable.h>

#include <chrono>
#include <memory>

namespace {

/// Parameters that are added up in one operation.
struct Bucket {
    std::vector<size_t> members;
    at::Tensor memory;
    /// A place in the memory for each member, laid out like it.
    std::vector<at::Tensor> places;
    size_t filled = 0;
    std::unique_ptr<ct::PendingSum> sum;
};

class Hook : public torch::autograd::PostAccumulateGradHook {
  public:
    Hook(ct_reducer_s *reducer, size_t parameter) : reducer(reducer), parameter(parameter) {}
    void operator()(const at::Tensor &) override;

  private:
    ct_reducer_s *reducer;
    size_t parameter;
};

}  // namespace

struct ct_reducer_s {
    ct_group group;
    std::vector<at::Tensor> parameters;
    std::vector<size_t> bucketOf;
    /// In the order in which a backward pass fills them: the last layers' first.
    std::vector<Bucket> buckets;
    size_t started = 0;
    bool isArmed = false;
    bool overlaps = true;
    double waited = 0;

    ct_reducer_s(ct_group group, std::vector<at::Tensor> given, int64_t bytes)
        : group(group), parameters(std::move(given)), bucketOf(parameters.size()) {
        int64_t room = 0;
        for (size_t left = parameters.size(); left > 0; --left) {
            const at::Tensor &parameter = parameters[left - 1];
            const int64_t size = static_cast<int64_t>(parameter.nbytes());
            const bool fits = !buckets.empty() && size <= room && parameters[buckets.back().members.front()].options().dtype() == parameter.dtype();
            if (!fits) {
                // The first one is small, so that the network has something to do early.
                room = buckets.empty() ? bytes / 8 : bytes;
                buckets.emplace_back();
            }
            room -= size;
            bucketOf[left - 1] = buckets.size() - 1;
            buckets.back().members.push_back(left - 1);
        }
        for (Bucket &bucket : buckets) { allocate(bucket); }
        for (size_t index = 0; index < parameters.size(); ++index) {
            torch::autograd::impl::set_post_acc_grad_hooks(parameters[index], std::make_unique<Hook>(this, index));
        }
    }

    ~ct_reducer_s() {
        for (const at::Tensor &parameter : parameters) { torch::autograd::impl::set_post_acc_grad_hooks(parameter, nullptr); }
    }

    void allocate(Bucket &bucket) {
        int64_t count = 0;
        for (size_t member : bucket.members) { count += parameters[member].numel(); }
        bucket.memory = at::empty({count}, parameters[bucket.members.front()].options().requires_grad(false));
        int64_t at = 0;
        for (size_t member : bucket.members) {
            const at::Tensor &parameter = parameters[member];
            TORCH_CHECK(parameter.is_non_overlapping_and_dense(), "gradients are added up of dense parameters only");
            bucket.places.push_back(bucket.memory.as_strided(parameter.sizes(), parameter.strides(), at));
            at += parameter.numel();
        }
    }

    void arm(bool whileRunning) {
        for (Bucket &bucket : buckets) {
            bucket.filled = 0;
            bucket.sum.reset();
        }
        started = 0;
        overlaps = whileRunning;
        isArmed = true;
    }

    void fill(size_t parameter) {
        if (!isArmed) { return; }
        buckets[bucketOf[parameter]].filled += 1;
        if (overlaps) { startFilled(); }
    }

    /// In one order everywhere: operations of a group meet by their number.
    void startFilled() {
        while (started < buckets.size() && buckets[started].filled == buckets[started].members.size()) { start(buckets[started++]); }
    }

    void start(Bucket &bucket) {
        at::NoGradGuard guard;
        for (size_t i = 0; i < bucket.members.size(); ++i) {
            const at::Tensor &gradient = parameters[bucket.members[i]].grad();
            if (gradient.defined()) {
                bucket.places[i].copy_(gradient);
            } else {
                bucket.places[i].zero_();
            }
        }
        bucket.sum = group->startSum(bucket.memory);
    }

    /// `scale`: applied to the buckets' memory.
    template <typename Scale> void finish(const Scale &scale) {
        isArmed = false;
        at::NoGradGuard guard;
        // What no gradient came for takes part as well: in another process it may have one.
        while (started < buckets.size()) { start(buckets[started++]); }
        for (Bucket &bucket : buckets) {
            const auto before = std::chrono::steady_clock::now();
            bucket.sum->wait();
            waited += std::chrono::duration<double>(std::chrono::steady_clock::now() - before).count();
            scale(bucket.memory);
            for (size_t i = 0; i < bucket.members.size(); ++i) {
                parameters[bucket.members[i]].mutable_grad() = bucket.places[i];
            }
        }
    }
};

void Hook::operator()(const at::Tensor &) { reducer->fill(parameter); }

extern "C" {

ct_reducer ct_reducer_make(ct_group group, const ct_tensor *parameters, int64_t count, int64_t bytes) {
    return ct::guarded<ct_reducer>(nullptr, [&] { return new ct_reducer_s(group, ct::list(parameters, count), bytes); });
}
void ct_reducer_arm(ct_reducer reducer, bool overlaps) { reducer->arm(overlaps); }
int ct_reducer_finish(ct_reducer reducer, double scale) {
    return ct::perform([&] {
        reducer->finish([&](at::Tensor &sums) {
            if (scale != 1) { sums.mul_(scale); }
        });
    });
}
int ct_reducer_finish_by(ct_reducer reducer, ct_tensor scale) {
    return ct::perform([&] {
        const at::Tensor factor = scale->value.reshape({});
        reducer->finish([&](at::Tensor &sums) { sums.mul_(factor); });
    });
}
void ct_reducer_figures(ct_reducer reducer, double *waited, int64_t *buckets) {
    *waited = reducer->waited;
    *buckets = static_cast<int64_t>(reducer->buckets.size());
}
void ct_reducer_release(ct_reducer reducer) { delete reducer; }
}
