#include "TensorMemory.h"

#include "include/ct_allocator.h"

#if defined(__linux__)
#include <c10/core/CPUAllocator.h>
#include <c10/core/impl/alloc_cpu.h>
#include <c10/util/Exception.h>

#include <algorithm>
#include <bit>
#include <cstdint>
#include <list>
#include <map>
#include <mutex>
#include <sys/mman.h>
#include <vector>

// A step frees and allocates gigabytes in a few dozen sizes. A heap that cuts its holes to measure ends up with many that fit nothing
// large: DeepLabV3-ResNet-50 at 480 pixels, batch 4, uses 2.3 GB at once and made the heap grow to 3.2 GB. Giving every block back instead
// lets the system clear its pages again and again, which made the same step 1.4 times as long.
//
// Here the largest tensors, of which there are few sizes, take blocks of nearly their own size again. Blocks that wait for their next use
// are given back, those that have waited longest first, before all blocks together become more than what was in use at once at some time
// and a tenth. Smaller tensors the heap keeps together well: they stay there.
namespace ct {
namespace {

/// Smaller tensors are the heap's.
constexpr size_t smallest = 14 << 20;
/// Kept before a tensor's bytes; libtorch wants them aligned to this.
constexpr size_t headerBytes = 64;
/// How much all blocks together may be, compared with what was in use at once.
constexpr double slack = 1.1;

/// Blocks begin on a page; tensors of one size that are walked through together must not all fall into the same sets of a cache.
constexpr size_t colours = 32, colourBytes = 2 * headerBytes, spareBytes = colours * colourBytes;

/// Lies right before a tensor's bytes.
struct Header {
    void *block;
    /// Of the whole block; 0 where it is the heap's.
    size_t size;
};

class TensorMemory final : public c10::Allocator {
  public:
    c10::DataPtr allocate(size_t bytes) override {
        void *data;
        if (bytes < smallest) {
            void *block = c10::alloc_cpu(bytes + headerBytes);
            data = static_cast<char *>(block) + headerBytes;
            *header(data) = {block, 0};
        } else {
            data = take(blockSize(bytes));
        }
        return {data, data, &free, c10::Device(c10::DeviceType::CPU)};
    }

    c10::DeleterFnPtr raw_deleter() const override { return &free; }

    void copy_data(void *into, const void *from, size_t count) const override { default_copy_data(into, from, count); }

    void tell(int64_t *inUse, int64_t *idle, int64_t *most) {
        const std::lock_guard lock(mutex);
        *inUse = static_cast<int64_t>(used);
        *idle = static_cast<int64_t>(waiting);
        *most = static_cast<int64_t>(mostUsed);
    }

    static TensorMemory &shared() {
        // Never destroyed: tensors may outlive static objects.
        static auto *memory = new TensorMemory;
        return *memory;
    }

  private:
    struct Waiting {
        void *data;
        size_t size;
    };
    using Queue = std::list<Waiting>;

    std::mutex mutex;
    /// Longest waiting first.
    Queue queue;
    std::map<size_t, std::vector<Queue::iterator>> bySize;
    size_t used = 0, waiting = 0, mostUsed = 0, mapped = 0;

    static Header *header(void *data) { return static_cast<Header *>(static_cast<void *>(static_cast<char *>(data) - headerBytes)); }

    /// Sixteen sizes to a power of two.
    static size_t blockSize(size_t bytes) {
        const size_t all = bytes + headerBytes + spareBytes, step = std::bit_floor(all) / 16;
        return (all + step - 1) / step * step;
    }

    void *take(size_t size) {
        const std::lock_guard lock(mutex);
        const auto found = bySize.lower_bound(size);
        if (found != bySize.end() && found->first <= size + size / 4) { return again(found); }
        const auto limit = static_cast<size_t>(slack * static_cast<double>(mostUsed));
        while (waiting > 0 && used + waiting + size > limit) { giveBack(queue.begin()); }
        void *block = map(size);
        while (!block && waiting > 0) {
            giveBack(queue.begin());
            block = map(size);
        }
        TORCH_CHECK(block, "DefaultCPUAllocator: can't allocate memory: you tried to allocate ", size, " bytes.");
        count(size);
        void *data = static_cast<char *>(block) + headerBytes + mapped++ % colours * colourBytes;
        *header(data) = {block, size};
        return data;
    }

    void *again(std::map<size_t, std::vector<Queue::iterator>>::iterator found) {
        const Queue::iterator latest = found->second.back();
        void *data = latest->data;
        waiting -= latest->size;
        count(latest->size);
        queue.erase(latest);
        found->second.pop_back();
        if (found->second.empty()) { bySize.erase(found); }
        return data;
    }

    void count(size_t size) {
        used += size;
        mostUsed = std::max(mostUsed, used);
    }

    void giveBack(Queue::iterator oldest) {
        const auto found = bySize.find(oldest->size);
        found->second.erase(std::find(found->second.begin(), found->second.end(), oldest));
        if (found->second.empty()) { bySize.erase(found); }
        waiting -= oldest->size;
        munmap(header(oldest->data)->block, oldest->size);
        queue.erase(oldest);
    }

    static void *map(size_t size) {
        void *block = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        return block == MAP_FAILED ? nullptr : block;
    }

    void put(void *data, size_t size) {
        const std::lock_guard lock(mutex);
        used -= size;
        waiting += size;
        bySize[size].push_back(queue.insert(queue.end(), {data, size}));
    }

    static void free(void *data) {
        if (!data) { return; }
        const Header found = *header(data);
        found.size == 0 ? c10::free_cpu(found.block) : shared().put(data, found.size);
    }
};

}  // namespace

void installTensorMemory() { c10::SetCPUAllocator(&TensorMemory::shared(), 1); }

}  // namespace ct

void ct_tensor_memory(int64_t *used, int64_t *waiting, int64_t *most) { ct::TensorMemory::shared().tell(used, waiting, most); }

#else

void ct::installTensorMemory() {}
void ct_tensor_memory(int64_t *used, int64_t *waiting, int64_t *most) { *used = *waiting = *most = 0; }

#endif
