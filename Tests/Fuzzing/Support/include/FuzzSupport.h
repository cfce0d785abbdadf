#pragma once

#include <stddef.h>
#include <stdint.h>

#pragma clang assume_nonnull begin

/// Counts what the process holds of allocated memory, where it was built with a sanitizer: else nothing.
void fuzz_watch_memory(void);

/// Makes what is held now the most that was held.
void fuzz_reset_peak(void);

/// The most bytes that were held since, beyond what was held then.
size_t fuzz_peak(void);

/// libFuzzer's main function, with `body` for LLVMFuzzerTestOneInput; -1 where it is not linked.
int fuzz_run(int argc, char *_Nullable *_Nonnull argv, int (*body)(const uint8_t *_Nullable data, size_t size));

#pragma clang assume_nonnull end
