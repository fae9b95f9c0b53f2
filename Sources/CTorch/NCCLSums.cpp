// Sums over GPUs, on a stream of their own beside the one that computes: nothing here makes the processor wait.
#include "NCCL.h"
#include "Support.h"

#include <c10/core/DeviceGuard.h>
#include <c10/core/Event.h>
#include <c10/core/impl/VirtualGuardImpl.h>
#include <cstring>

namespace ct::nccl {
namespace {

/// ncclDataType_t
int number(at::ScalarType type) {
    switch (type) {
        case at::kByte: return 1;
        case at::kInt: return 2;
        case at::kLong: return 4;
        case at::kHalf: return 6;
        case at::kFloat: return 7;
        case at::kDouble: return 8;
        case at::kBFloat16: return 9;
        default: TORCH_CHECK(false, "NCCL adds up no tensors of ", c10::toString(type));
    }
}

constexpr int sum = 0;

/// Has the stream that computes wait for the sum.
class DeviceSum final : public PendingSum {
  public:
    DeviceSum(at::Tensor tensor, c10::Event done) : tensor(std::move(tensor)), done(std::move(done)) {}

    void wait() override { done.block(c10::impl::VirtualGuardImpl(at::kCUDA).getStream(tensor.device())); }

  private:
    /// Kept for the stream that adds up.
    at::Tensor tensor;
    c10::Event done;
};

class DeviceSums final : public Sums {
  public:
    DeviceSums(Communicator communicator, c10::Device device)
        : communicator(communicator), device(device),
          stream(c10::impl::VirtualGuardImpl(at::kCUDA).getStreamFromGlobalPool(device, /*isHighPriority=*/true)) {}

    // Aborting and not ncclCommDestroy, which waits for the others: sums that matter have been read by now, and a process may be gone.
    ~DeviceSums() override {
        const c10::DeviceGuard guard(device);
        Library::shared().abort(communicator);
    }

    std::unique_ptr<PendingSum> start(const at::Tensor &tensor) override {
        return collective([&] { return started(tensor); });
    }

  private:
    std::unique_ptr<PendingSum> started(const at::Tensor &tensor) {
        TORCH_CHECK(tensor.device() == device && tensor.is_contiguous(), "GPUs add up contiguous tensors of their own");
        const Library &library = Library::shared();
        int state = 0;
        library.check(library.asyncError(communicator, &state), "asking for errors");
        library.check(state, "adding up over the processes has failed");
        const c10::DeviceGuard guard(device);
        const c10::impl::VirtualGuardImpl devices(at::kCUDA);
        c10::Event ready(at::kCUDA), done(at::kCUDA);
        ready.record(devices.getStream(device));
        ready.block(stream);
        library.check(
            library.allReduce(
                tensor.const_data_ptr(), tensor.mutable_data_ptr(), static_cast<size_t>(tensor.numel()), number(tensor.scalar_type()), sum,
                communicator, devices.getStreamNativeHandle(stream)),
            "starting a sum");
        done.record(stream);
        // Where nobody waits for it, as after an error, the memory must outlive the sum all the same.
        devices.recordDataPtrOnStream(tensor.storage().data_ptr(), stream);
        return std::make_unique<DeviceSum>(tensor, std::move(done));
    }

    Communicator communicator;
    c10::Device device;
    c10::Stream stream;
};

}  // namespace

std::unique_ptr<Sums> sums(int index, int rank, int size, const Exchange &exchange) {
    const c10::Device device(at::kCUDA, static_cast<c10::DeviceIndex>(index));
    UniqueId id{};
    if (rank == 0) {
        // Whatever happens here, the others must not wait for the id.
        std::string text;
        try {
            const Library &library = Library::shared();
            library.check(library.uniqueId(&id), "making an id");
        } catch (...) {
            exchange(&text);
            throw;
        }
        text.assign(id.bytes, sizeof(id.bytes));
        exchange(&text);
    } else {
        const std::string text = exchange(nullptr);
        TORCH_CHECK(text.size() == sizeof(id.bytes), "rank 0 has no NCCL");
        std::memcpy(id.bytes, text.data(), text.size());
    }
    const Library &library = Library::shared();
    const c10::DeviceGuard guard(device);
    Communicator communicator = nullptr;
    library.check(library.join(&communicator, size, id, rank), "meeting the other processes");
    return std::make_unique<DeviceSums>(communicator, device);
}

}  // namespace ct::nccl
