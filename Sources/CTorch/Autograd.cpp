#include "Support.h"
#include "include/ct_autograd.h"
#include <ATen/autocast_mode.h>
#include <ATen/core/grad_mode.h>
#include <c10/core/InferenceMode.h>
#include <memory>

/// One entered mode. Destroying it restores what was before.
struct ct_mode_s {
    std::unique_ptr<at::NoGradGuard> no_grad;
    std::unique_ptr<c10::InferenceMode> inference;
    bool autocast = false;
    at::DeviceType device = at::kCPU;
    bool was_enabled = false;
    at::ScalarType was_dtype = at::kFloat;

    ~ct_mode_s() {
        if (!autocast) return;
        at::autocast::set_autocast_enabled(device, was_enabled);
        at::autocast::set_autocast_dtype(device, was_dtype);
        if (at::autocast::decrement_nesting() == 0) at::autocast::clear_cache();
    }
};

extern "C" {

int ct_set_requires_grad(ct_tensor t, bool on) { return ct::perform([&] { t->value.set_requires_grad(on); }); }
bool ct_requires_grad(ct_tensor t) { return t->value.requires_grad(); }
ct_tensor ct_detach(ct_tensor t) { return ct::make([&] { return t->value.detach(); }); }
int ct_backward(ct_tensor loss) { return ct::perform([&] { loss->value.backward(); }); }
ct_tensor ct_grad(ct_tensor t) {
    return ct::guarded<ct_tensor>(nullptr, [&]() -> ct_tensor { return t->value.grad().defined() ? ct::box(t->value.grad()) : nullptr; });
}
void ct_clear_grad(ct_tensor t) { t->value.mutable_grad().reset(); }

ct_mode ct_enter_no_grad(void) {
    return ct::guarded<ct_mode>(nullptr, [] {
        auto mode = std::make_unique<ct_mode_s>();
        mode->no_grad = std::make_unique<at::NoGradGuard>();
        return mode.release();
    });
}
ct_mode ct_enter_inference(void) {
    return ct::guarded<ct_mode>(nullptr, [] {
        auto mode = std::make_unique<ct_mode_s>();
        mode->inference = std::make_unique<c10::InferenceMode>();
        return mode.release();
    });
}
ct_mode ct_enter_autocast(int device, int dtype) {
    return ct::guarded<ct_mode>(nullptr, [&] {
        auto mode = std::make_unique<ct_mode_s>();
        mode->device = ct::device(device).type();
        mode->was_enabled = at::autocast::is_autocast_enabled(mode->device);
        mode->was_dtype = at::autocast::get_autocast_dtype(mode->device);
        at::autocast::set_autocast_enabled(mode->device, true);
        at::autocast::set_autocast_dtype(mode->device, ct::dtype(dtype));
        at::autocast::increment_nesting();
        mode->autocast = true;
        return mode.release();
    });
}
void ct_leave(ct_mode mode) { delete mode; }
}
