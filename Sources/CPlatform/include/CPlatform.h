// The only C of the package: what Swift cannot say, or cannot say without a system call wrapper that glibc lacks.
// Everything on a hot path is a static inline, so that it is compiled into its Swift caller.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__x86_64__)
#include <x86intrin.h>
#endif

// MARK: Clock

/// The processor's cycle counter: rdtsc, cntvct_el0, or 0 where neither exists.
/// Not serialising: on x86-64 it may run ahead of an earlier load.
static inline uint64_t cplatform_cycle_counter(void) {
#if defined(__x86_64__)
  return __rdtsc();
#elif defined(__aarch64__)
  uint64_t ticks;
  __asm__ volatile("mrs %0, cntvct_el0" : "=r"(ticks));
  return ticks;
#else
  return 0;
#endif
}

/// True where the counter runs at one rate through frequency changes and sleep states, on all cores alike.
bool cplatform_cycle_counter_is_invariant(void);

/// The counter's architected frequency in Hz, or 0 where the architecture does not tell (x86-64 under most hypervisors).
uint64_t cplatform_cycle_counter_frequency(void);

// MARK: Processor hints

/// Tells the core that this is a spin loop. 10 to 60 ns on current x86-64.
static inline void cplatform_pause(void) {
#if defined(__x86_64__)
  _mm_pause();
#elif defined(__aarch64__)
  __asm__ volatile("isb" ::: "memory");
#endif
}

/// Asks for the line at `address` in the shared state.
static inline void cplatform_prefetch_read(const void *_Nonnull address) { __builtin_prefetch(address, 0, 3); }

/// Asks for the line at `address` in the exclusive state.
/// Spelled out on x86-64: for the baseline architecture the builtin falls back to a prefetch in the shared state, which
/// leaves the store its whole round trip. prefetchw is a no-op on the few processors that lack it.
static inline void cplatform_prefetch_write(const void *_Nonnull address) {
#if defined(__x86_64__)
  __asm__ volatile("prefetchw %0" : : "m"(*(const char *)address));
#else
  __builtin_prefetch(address, 1, 3);
#endif
}

/// Sends the line at `address` back to memory, out of all caches, without waiting for it. Only where
/// `cplatform_eviction_limit()` is not 0.
static inline void cplatform_evict(const void *_Nonnull address) {
#if defined(__x86_64__)
  __asm__ volatile("clflushopt %0" : "+m"(*(char *)address));
#else
  (void)address;
#endif
}

/// Bytes of a core's second-level cache, up to which eviction pays, or 0 where the processor has no `cplatform_evict`.
size_t cplatform_eviction_limit(void);

// MARK: Reads and barriers that the optimiser keeps

/// One load that is never cached, merged or hoisted.
static inline uint64_t cplatform_volatile_read(const uint64_t *_Nonnull address) {
  return *(const volatile uint64_t *)address;
}

/// Makes `value` look used, at no cost.
static inline void cplatform_keep(uint64_t value) { __asm__ volatile("" : : "r"(value) : "memory"); }

// MARK: Waiting

/// Sleeps while the 32-bit word at `address` equals `expected`, at most `timeout_ns` (0: without limit).
/// Returns on a wake, a changed word, a time-out, or spuriously: the caller checks its condition again.
void cplatform_wait(const uint32_t *_Nonnull address, uint32_t expected, uint64_t timeout_ns);

/// Wakes up to `count` threads that sleep on `address`.
void cplatform_wake(const uint32_t *_Nonnull address, uint32_t count);

// MARK: Asymmetric fences

/// True when the heavy fence reaches into the other threads of this process, so that the light one need not be an
/// instruction. Written once, by `cplatform_prepare_fences`; false before.
extern bool cplatform_fences_are_asymmetric;

/// Decides, once per process, what the two fences below are. Comes before the first of either, and so that this is
/// ordered before every use on other threads. Takes milliseconds in a process that already has several threads.
void cplatform_prepare_fences(void);

/// Orders the earlier stores of this thread before its later loads, as seen by a thread that calls
/// `cplatform_heavy_fence` in between. Costs nothing but a load where fences are asymmetric, else a full fence.
static inline void cplatform_light_fence(void) {
  if (__builtin_expect(cplatform_fences_are_asymmetric, 1))
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
  else
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
}

/// A full fence on this thread and, where fences are asymmetric, on every running thread of the process. 1 to 10 us.
void cplatform_heavy_fence(void);

// MARK: Memory

/// Maps `bytes` (a multiple of the page size) of fresh memory twice in a row, so that
/// base[i] and base[i + bytes] are the same byte. Returns NULL and sets errno where that cannot be had.
void *_Nullable cplatform_map_mirrored(size_t bytes);
void cplatform_unmap_mirrored(void *_Nonnull base, size_t bytes);

// MARK: Threads

/// Restricts the calling thread to one processor. Returns 0, or an errno.
int cplatform_pin_to_cpu(int cpu);

/// Lets the calling thread run on each of `count` processors. Returns 0, or an errno.
int cplatform_allow_cpus(const int *_Nonnull cpus, int count);

/// The processors that this process may run on, ascending, at most `capacity` of them. Returns how many there are.
int cplatform_allowed_cpus(int *_Nonnull cpus, int capacity);
