#include "Support.h"
#include <ATen/CPUGeneratorImpl.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/full.h>
#include <ATen/ops/normal.h>
#include <ATen/ops/uniform.h>
#include <ATen/ops/zeros_like.h>
#include <cstring>

namespace {
thread_local std::string last_error;
thread_local bool last_error_is_collective = false;

at::Tensor filled(const void *bytes, int64_t byte_count, at::IntArrayRef sizes, const at::TensorOptions &options) {
    at::Tensor t = at::empty(sizes, options);
    TORCH_CHECK(static_cast<int64_t>(t.nbytes()) == byte_count, byte_count, " bytes given for a tensor of ", t.nbytes());
    if (byte_count > 0) std::memcpy(t.mutable_data_ptr(), bytes, static_cast<size_t>(byte_count));
    return t;
}
}

void ct::set_error(const char *message, bool is_collective) noexcept {
    try { last_error = message; } catch (...) { last_error.clear(); }
    last_error_is_collective = is_collective;
}

at::Tensor ct::uploaded(const void *bytes, int64_t byte_count, at::IntArrayRef sizes, c10::ScalarType type, c10::Device to) {
    // libtorch gives a page-locked block away again only when the device has read it: nobody waits, and blocks take turns.
    const auto options = at::TensorOptions().dtype(type).pinned_memory(to.is_cuda());
    return filled(bytes, byte_count, sizes, options).to(to, type, /*non_blocking=*/true);
}

extern "C" {

const char *ct_last_error(void) { return last_error.c_str(); }
bool ct_last_error_is_collective(void) { return last_error_is_collective; }
void ct_release(ct_tensor t) { delete t; }

ct_tensor ct_full(const int64_t *sizes, int64_t dims, double value, int dtype, int device) {
    return ct::make([&] { return at::full(ct::sizes(sizes, dims), value, at::TensorOptions().dtype(ct::dtype(dtype)).device(ct::device(device))); });
}
ct_tensor ct_empty(const int64_t *sizes, int64_t dims, int dtype, int device) {
    return ct::make([&] { return at::empty(ct::sizes(sizes, dims), at::TensorOptions().dtype(ct::dtype(dtype)).device(ct::device(device))); });
}
ct_tensor ct_zeros_like(ct_tensor t) { return ct::make([&] { return at::zeros_like(t->value.detach()); }); }
ct_tensor ct_arange(int64_t end, int device) {
    return ct::make([&] { return at::arange(end, at::TensorOptions().dtype(at::kLong).device(ct::device(device))); });
}
ct_tensor ct_from_bytes(const void *bytes, int64_t byte_count, const int64_t *sizes, int64_t dims, int dtype) {
    return ct::make([&] { return filled(bytes, byte_count, ct::sizes(sizes, dims), at::TensorOptions().dtype(ct::dtype(dtype))); });
}
ct_tensor ct_upload(const void *bytes, int64_t byte_count, const int64_t *sizes, int64_t dims, int dtype, int device) {
    return ct::make([&] { return ct::uploaded(bytes, byte_count, ct::sizes(sizes, dims), ct::dtype(dtype), ct::device(device)); });
}
ct_tensor ct_random_normal(const int64_t *sizes, int64_t dims, uint64_t seed) {
    return ct::make([&] {
        auto generator = at::make_generator<at::CPUGeneratorImpl>(seed);
        return at::empty(ct::sizes(sizes, dims), at::TensorOptions().dtype(at::kFloat)).normal_(0, 1, generator);
    });
}
ct_tensor ct_random_uniform(const int64_t *sizes, int64_t dims, double low, double high, uint64_t seed) {
    return ct::make([&] {
        auto generator = at::make_generator<at::CPUGeneratorImpl>(seed);
        return at::empty(ct::sizes(sizes, dims), at::TensorOptions().dtype(at::kFloat)).uniform_(low, high, generator);
    });
}

int64_t ct_dim(ct_tensor t) { return t->value.dim(); }
int64_t ct_size(ct_tensor t, int64_t dim) { return dim >= 0 && dim < t->value.dim() ? t->value.sizes()[static_cast<size_t>(dim)] : -1; }
int ct_dtype(ct_tensor t) { return static_cast<int>(t->value.scalar_type()); }
int ct_device(ct_tensor t) { return t->value.is_cuda() ? t->value.get_device() : -1; }
bool ct_is_channels_last(ct_tensor t) { return t->value.is_contiguous(at::MemoryFormat::ChannelsLast); }

int ct_copy_bytes(ct_tensor t, int dtype, void *out, int64_t byte_count) {
    return ct::perform([&] {
        at::Tensor c = t->value.detach().to(at::TensorOptions().device(at::kCPU).dtype(ct::dtype(dtype))).contiguous();
        TORCH_CHECK(static_cast<int64_t>(c.nbytes()) == byte_count, "room for ", byte_count, " bytes where the tensor has ", c.nbytes());
        if (byte_count > 0) std::memcpy(out, c.const_data_ptr(), static_cast<size_t>(byte_count));
    });
}
int ct_item(ct_tensor t, double *out) {
    return ct::perform([&] { *out = t->value.item().toDouble(); });
}

ct_tensor ct_to_dtype(ct_tensor t, int dtype) { return ct::make([&] { return t->value.to(ct::dtype(dtype)); }); }
ct_tensor ct_to_device(ct_tensor t, int device, bool non_blocking) {
    return ct::make([&] { return t->value.to(ct::device(device), t->value.scalar_type(), non_blocking); });
}
ct_tensor ct_channels_last(ct_tensor t) { return ct::make([&] { return t->value.contiguous(at::MemoryFormat::ChannelsLast); }); }
ct_tensor ct_contiguous(ct_tensor t) { return ct::make([&] { return t->value.contiguous(); }); }
ct_tensor ct_clone(ct_tensor t) { return ct::make([&] { return t->value.clone(); }); }
int ct_copy_(ct_tensor t, ct_tensor source) { return ct::perform([&] { t->value.copy_(source->value); }); }
int ct_move_(ct_tensor t, int device) {
    return ct::perform([&] {
        const c10::Device to = ct::device(device);
        if (t->value.device() != to) t->value.set_data(t->value.detach().to(to));
    });
}
int ct_fill_(ct_tensor t, double value) { return ct::perform([&] { t->value.fill_(value); }); }

ct_tensor ct_reshape(ct_tensor t, const int64_t *sizes, int64_t dims) { return ct::make([&] { return t->value.reshape(ct::sizes(sizes, dims)); }); }
ct_tensor ct_permute(ct_tensor t, const int64_t *order, int64_t dims) { return ct::make([&] { return t->value.permute(ct::sizes(order, dims)); }); }
ct_tensor ct_flatten(ct_tensor t, int64_t from_dim) { return ct::make([&] { return t->value.flatten(from_dim); }); }
ct_tensor ct_narrow(ct_tensor t, int64_t dim, int64_t start, int64_t length) { return ct::make([&] { return t->value.narrow(dim, start, length); }); }
ct_tensor ct_stride(ct_tensor t, int64_t dim, int64_t step) {
    return ct::make([&] { return t->value.slice(dim, std::nullopt, std::nullopt, step); });
}
ct_tensor ct_index_select(ct_tensor t, int64_t dim, ct_tensor indices) { return ct::make([&] { return t->value.index_select(dim, indices->value); }); }
ct_tensor ct_cat(const ct_tensor *ts, int64_t count, int64_t dim) { return ct::make([&] { return at::cat(ct::list(ts, count), dim); }); }
ct_tensor ct_pad(ct_tensor t, const int64_t *pairs, int64_t count) {
    return ct::make([&] { return at::constant_pad_nd(t->value, ct::sizes(pairs, count), 0); });
}
}
