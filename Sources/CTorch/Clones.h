#pragma once

#if defined(__x86_64__)
/// One copy of the function for each generation of processors; the loader picks.
#define CT_CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define CT_CLONES
#endif
