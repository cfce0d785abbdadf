#include "FuzzSupport.h"

#include <stdatomic.h>

// Of the sanitizer's run-time library and of libFuzzer: there only in builds that ask for them.
extern int __sanitizer_install_malloc_and_free_hooks(void (*)(const volatile void *, size_t), void (*)(const volatile void *))
    __attribute__((weak));
extern size_t __sanitizer_get_allocated_size(const volatile void *) __attribute__((weak));
extern int LLVMFuzzerRunDriver(int *argc, char ***argv, int (*)(const uint8_t *, size_t)) __attribute__((weak));

static atomic_llong held;
static atomic_llong peak;
static atomic_llong base;

static void on_malloc(const volatile void *address, size_t size) {
  (void)address;
  long long now = atomic_fetch_add(&held, (long long)size) + (long long)size;
  long long most = atomic_load(&peak);
  while (now > most && !atomic_compare_exchange_weak(&peak, &most, now)) {}
}

static void on_free(const volatile void *address) {
  if (address) atomic_fetch_sub(&held, (long long)__sanitizer_get_allocated_size(address));
}

void fuzz_watch_memory(void) {
  if (!__sanitizer_install_malloc_and_free_hooks || !__sanitizer_get_allocated_size) return;
  __sanitizer_install_malloc_and_free_hooks(on_malloc, on_free);
}

void fuzz_reset_peak(void) {
  long long now = atomic_load(&held);
  atomic_store(&base, now);
  atomic_store(&peak, now);
}

size_t fuzz_peak(void) { return (size_t)(atomic_load(&peak) - atomic_load(&base)); }

int fuzz_run(int argc, char **argv, int (*body)(const uint8_t *, size_t)) {
  if (!LLVMFuzzerRunDriver) return -1;
  return LLVMFuzzerRunDriver(&argc, &argv, body);
}
