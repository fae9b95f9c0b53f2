#ifndef CPIXELS_DISPATCH_H
#define CPIXELS_DISPATCH_H

// Copies of a function for x86-64's feature levels, chosen once by the loader: v4 is AVX-512, v3 AVX2 with FMA.
// (arch=haswell would ask for that very make of processor, which no AMD machine is.)
#if defined(__x86_64__) && defined(__linux__)
#define CPIXELS_CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define CPIXELS_CLONES
#endif

#define CPIXELS_INLINE static inline __attribute__((always_inline))

#endif
