// Counts the bytes that the reader under test holds and the time that it takes, and stops the process where they pass a bound.
#ifndef SIGHTLINE_WATCH_H
#define SIGHTLINE_WATCH_H

#include <stddef.h>

/// Hooks into the address sanitizer's allocator. Once, first.
void watch_install(void);

/// CPU seconds that an input may take.
#define WATCH_SECONDS 10

/// Counts from 0; more than `bound` bytes at once are reported with a stack trace, and the process aborts.
void watch_begin(size_t bound);

/// The most bytes that were held at once since `watch_begin`.
size_t watch_end(void);

/// libFuzzer's main, with its arguments.
int watch_run_fuzzer(int count, char *_Nullable *_Nonnull arguments);

#endif
