// libtorch's c10d: a TCP store and Gloo, which also adds up tensors of GPUs where NCCL can't: through the processor's memory.
#define USE_C10D_GLOO 1
#include "ProcessGroup.h"

#include "NCCL.h"
#include "Support.h"

#include <c10/util/Logging.h>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <mutex>

struct ct_work_s {
    std::unique_ptr<ct::PendingSum> sum;
};

namespace ct {
namespace {

std::chrono::milliseconds milliseconds(double seconds) { return std::chrono::milliseconds(static_cast<int64_t>(seconds * 1000)); }

c10d::ReduceOp operation(int number) {
    switch (number) {
        case 1: return c10d::ReduceOp::MIN;
        case 2: return c10d::ReduceOp::MAX;
        default: return c10d::ReduceOp::SUM;
    }
}

/// Starts one collective operation at a time in this process. libtorch 2.11 notes each in a recorder of the whole process, whose map of
/// groups it fills without a lock (pytorch/pytorch#179313): two groups that start at once would crash.
template <typename Body> c10::intrusive_ptr<c10d::Work> starting(Body &&body) {
    static std::mutex mutex;
    const std::lock_guard<std::mutex> lock(mutex);
    return collective(body);
}

c10::intrusive_ptr<c10d::Work> start(c10d::Backend &backend, const at::Tensor &tensor, int number) {
    std::vector<at::Tensor> tensors{tensor};
    c10d::AllreduceOptions options;
    options.reduceOp = operation(number);
    return starting([&] { return backend.allreduce(tensors, options); });
}

void finish(c10d::Work &work) {
    collective([&] { TORCH_CHECK(work.wait(), "a collective operation was not completed"); });
}

class GlooSum final : public PendingSum {
  public:
    explicit GlooSum(c10::intrusive_ptr<c10d::Work> work) : work(std::move(work)) {}
    void wait() override { finish(*work); }

  private:
    c10::intrusive_ptr<c10d::Work> work;
};

class GlooSums final : public Sums {
  public:
    explicit GlooSums(c10::intrusive_ptr<c10d::Backend> backend) : backend(std::move(backend)) {}
    std::unique_ptr<PendingSum> start(const at::Tensor &tensor) override {
        return std::make_unique<GlooSum>(ct::start(*backend, tensor, 0));
    }

  private:
    c10::intrusive_ptr<c10d::Backend> backend;
};

}  // namespace
}  // namespace ct

extern "C" {

ct_store ct_store_open(const char *host, int port, bool serves, double connecting, double seconds, const char *prefix) {
    return ct::guarded<ct_store>(nullptr, [&] {
        // What libtorch warns of here, names without an address and tries to connect, belongs to waiting; what fails comes as an error. 2: errors.
        if (std::getenv("TORCH_CPP_LOG_LEVEL") == nullptr) { FLAGS_caffe2_log_level = 2; }
        c10d::TCPStoreOptions options;
        options.port = static_cast<uint16_t>(port);
        options.isServer = serves;
        options.waitWorkers = false;
        options.timeout = ct::milliseconds(connecting);
        c10::intrusive_ptr<c10d::Store> store = c10::make_intrusive<c10d::TCPStore>(host, options);
        store->setTimeout(ct::milliseconds(seconds));
        if (*prefix) { store = c10::make_intrusive<c10d::PrefixStore>(prefix, store); }
        return new ct_store_s{std::move(store)};
    });
}
int ct_store_set(ct_store store, const char *key, const void *bytes, int64_t count) {
    return ct::perform([&] {
        const auto *first = static_cast<const uint8_t *>(bytes);
        store->store->set(key, std::vector<uint8_t>(first, first + count));
    });
}
int ct_store_get(ct_store store, const char *key, double seconds, void *bytes, int64_t capacity, int64_t *count) {
    return ct::perform([&] {
        store->store->wait({key}, ct::milliseconds(seconds));
        const std::vector<uint8_t> value = store->store->get(key);
        *count = static_cast<int64_t>(value.size());
        std::memcpy(bytes, value.data(), static_cast<size_t>(std::min(*count, capacity)));
    });
}
int ct_store_has(ct_store store, const char *key, bool *result) {
    return ct::perform([&] { *result = store->store->check({key}); });
}
int ct_store_add(ct_store store, const char *key, int64_t amount, int64_t *result) {
    return ct::perform([&] { *result = store->store->add(key, amount); });
}
void ct_store_release(ct_store store) { delete store; }

ct_group ct_group_make(
    ct_store store, const char *name, int rank, int size, const char *interface, const char *address, double connecting, double seconds) {
    return ct::guarded<ct_group>(nullptr, [&] {
        auto options = c10d::ProcessGroupGloo::Options::create(ct::milliseconds(connecting));
        options->threads = 1;
        options->devices.push_back(
            interface     ? c10d::ProcessGroupGloo::createDeviceForInterface(interface)
                : address ? c10d::ProcessGroupGloo::createDeviceForHostname(address)
                          : c10d::ProcessGroupGloo::createDefaultDevice());
        const c10::intrusive_ptr<c10d::Store> own = c10::make_intrusive<c10d::PrefixStore>(name, store->store);
        const auto backend = c10::make_intrusive<c10d::ProcessGroupGloo>(own, rank, size, options);
        backend->setTimeout(ct::milliseconds(seconds));
        return new ct_group_s{backend, std::make_unique<ct::GlooSums>(backend), nullptr};
    });
}
int ct_nccl_version(int *version) {
    return ct::perform([&] {
        const ct::nccl::Library &library = ct::nccl::Library::shared();
        library.check(library.version(version), "asking for its version");
    });
}
int ct_group_join_devices(ct_group group, ct_store store, const char *name, int rank, int size, int device, double seconds) {
    return ct::perform([&] {
        const std::string key = std::string("nccl/") + name;
        group->overDevices = ct::nccl::sums(device, rank, size, [&](const std::string *own) {
            if (own) {
                store->store->set(key, std::vector<uint8_t>(own->begin(), own->end()));
                return *own;
            }
            store->store->wait({key}, ct::milliseconds(seconds));
            const std::vector<uint8_t> value = store->store->get(key);
            return std::string(value.begin(), value.end());
        });
    });
}
void ct_group_leave_devices(ct_group group) { group->overDevices.reset(); }
int ct_group_reduce(ct_group group, ct_tensor t, int operation) {
    return ct::perform([&] { ct::finish(*ct::start(*group->backend, t->value, operation)); });
}
ct_work ct_group_start_sum(ct_group group, ct_tensor t) {
    return ct::guarded<ct_work>(nullptr, [&] { return new ct_work_s{group->startSum(t->value)}; });
}
int ct_work_wait(ct_work work) {
    return ct::perform([&] { work->sum->wait(); });
}
void ct_work_release(ct_work work) { delete work; }
int ct_group_broadcast(ct_group group, ct_tensor t, int from) {
    return ct::perform([&] {
        // What goes over the wire is plain memory.
        at::Tensor plain = t->value.contiguous();
        std::vector<at::Tensor> tensors{plain};
        c10d::BroadcastOptions options;
        options.rootRank = from;
        ct::finish(*ct::starting([&] { return group->backend->broadcast(tensors, options); }));
        if (!plain.is_same(t->value)) { t->value.copy_(plain); }
    });
}
int ct_group_gather(ct_group group, ct_tensor part, ct_tensor whole) {
    return ct::perform([&] { ct::finish(*ct::starting([&] { return group->backend->_allgather_base(whole->value, part->value); })); });
}
void ct_group_release(ct_group group) { delete group; }
}
