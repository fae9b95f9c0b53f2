#include "Watch.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/time.h>

int __sanitizer_install_malloc_and_free_hooks(
    void (*on_malloc)(const volatile void *, size_t), void (*on_free)(const volatile void *));
size_t __sanitizer_get_allocated_size(const volatile void *);
void __sanitizer_print_stack_trace(void);

static atomic_bool counts;
static atomic_long held, most;
static long bound;

static void on_malloc(const volatile void *bytes, size_t size) {
    (void)bytes;
    if (!atomic_load_explicit(&counts, memory_order_relaxed)) return;
    long now = atomic_fetch_add(&held, (long)size) + (long)size;
    if (now > atomic_load(&most)) atomic_store(&most, now);
    if (now <= bound) return;
    // What follows allocates, too.
    atomic_store(&counts, 0);
    fprintf(stderr, "== over-allocation: %zu bytes more make %ld, beyond the bound of %ld\n", size, now, bound);
    __sanitizer_print_stack_trace();
    abort();
}

static void on_free(const volatile void *bytes) {
    if (bytes && atomic_load_explicit(&counts, memory_order_relaxed)) {
        atomic_fetch_sub(&held, (long)__sanitizer_get_allocated_size(bytes));
    }
}

static void on_hang(int signal) {
    (void)signal;
    atomic_store(&counts, 0);
    fprintf(stderr, "== hang: more than %d seconds of CPU for one input\n", WATCH_SECONDS);
    __sanitizer_print_stack_trace();
    abort();
}

// The process's own time, for a machine may be busy or stand still.
static void arm(int seconds) {
    struct itimerval timer = {.it_value = {.tv_sec = seconds}};
    setitimer(ITIMER_VIRTUAL, &timer, NULL);
}

void watch_install(void) {
    __sanitizer_install_malloc_and_free_hooks(on_malloc, on_free);
    signal(SIGVTALRM, on_hang);
}

void watch_begin(size_t limit) {
    arm(WATCH_SECONDS);
    bound = (long)limit;
    atomic_store(&held, 0);
    atomic_store(&most, 0);
    atomic_store(&counts, 1);
}

size_t watch_end(void) {
    arm(0);
    atomic_store(&counts, 0);
    return (size_t)atomic_load(&most);
}

int LLVMFuzzerRunDriver(int *count, char ***arguments, int (*callback)(const unsigned char *, size_t));
int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t count);

int watch_run_fuzzer(int count, char **arguments) { return LLVMFuzzerRunDriver(&count, &arguments, LLVMFuzzerTestOneInput); }
