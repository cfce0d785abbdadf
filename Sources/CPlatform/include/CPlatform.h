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

/// The counter, read after all earlier instructions and before all later ones. Some 10 ns dearer: for calibration.
static inline uint64_t cplatform_ordered_cycle_counter(void) {
#if defined(__x86_64__)
  _mm_lfence();
  uint64_t ticks = __rdtsc();
  _mm_lfence();
  return ticks;
#elif defined(__aarch64__)
  uint64_t ticks;
  __asm__ volatile("isb\n\tmrs %0, cntvct_el0\n\tisb" : "=r"(ticks)::"memory");
  return ticks;
#else
  return 0;
#endif
}

/// CLOCK_MONOTONIC, in nanoseconds.
uint64_t cplatform_monotonic_nanoseconds(void);

/// CLOCK_REALTIME, in nanoseconds since 1970.
int64_t cplatform_wall_nanoseconds(void);

/// True where the trace clock is the cycle counter: the counter is invariant, and nobody asked for the system's clock.
/// Decided while the program (or library) is loaded, so that it is settled before any reading, by any thread.
extern bool cplatform_clock_is_cycle_counter;

/// That word, for Swift, which does not read a variable that it cannot tell to be settled.
static inline bool cplatform_clock_uses_cycle_counter(void) { return cplatform_clock_is_cycle_counter; }

/// From now on the trace clock is the system's monotonic clock. Readings from before do not compare with those after,
/// so this comes before the first of them and before there is a second thread.
void cplatform_clock_use_system(void);

/// The trace clock: the cycle counter, or nanoseconds of the system's monotonic clock.
static inline uint64_t cplatform_clock_now(void) {
  if (__builtin_expect(cplatform_clock_is_cycle_counter, 1)) return cplatform_cycle_counter();
  return cplatform_monotonic_nanoseconds();
}

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

/// True where a read of the line at `address` took longer than a hand-over between neighbouring cores does. Some 40 ns
/// besides the read. Only where `cplatform_eviction_limit()` is not 0: there, a tick is a third to half of a nanosecond.
static inline bool cplatform_comes_from_far(const void *_Nonnull address) {
  uint64_t start = cplatform_ordered_cycle_counter();
  (void)*(const volatile uint64_t *)address;
  return cplatform_ordered_cycle_counter() - start > 300;
}

// MARK: Reads and barriers that the optimiser keeps

/// One load that is never cached, merged or hoisted.
static inline uint64_t cplatform_volatile_read(const uint64_t *_Nonnull address) {
  return *(const volatile uint64_t *)address;
}

/// Makes `value` look used, at no cost.
static inline void cplatform_keep(uint64_t value) { __asm__ volatile("" : : "r"(value) : "memory"); }

// MARK: This thread's lane

/// What a thread without a lane points to: 16 words that are never written, laid out as a lane that has no room.
extern uint64_t cplatform_no_lane[16];

/// The lane that this thread emits through, or `cplatform_no_lane`. One load from the thread's own storage; the
/// initial-exec model keeps it from being a call.
extern __thread void *_Nonnull cplatform_thread_lane __attribute__((tls_model("initial-exec")));

static inline void *_Nonnull cplatform_lane(void) { return cplatform_thread_lane; }
static inline bool cplatform_has_lane(void) { return cplatform_thread_lane != cplatform_no_lane; }

/// Makes `lane`, or none where it is NULL, this thread's, and asks for the thread's exit to be told. Allocates nothing, unless the
/// process had made more keys for threads than the system has room for in a thread itself (32, with glibc) before the hooks were set.
void cplatform_set_lane(void *_Nullable lane);

/// Set while this thread is off the fast path of an emit, where a signal handler's emit may not follow it.
extern __thread bool cplatform_thread_is_off_path __attribute__((tls_model("initial-exec")));

static inline bool cplatform_is_off_path(void) { return cplatform_thread_is_off_path; }
static inline void cplatform_set_off_path(bool value) {
  cplatform_thread_is_off_path = value;
  __atomic_signal_fence(__ATOMIC_SEQ_CST);
}

/// Calls `leave` at the exit of each thread that has a lane then, with that lane. In the child of a fork, no thread has a
/// lane and all events are switched off. Around a fork, `hold` takes and releases the locks that the child has to find free.
/// Set once per process, before the first lane. Returns 0, or an errno.
int cplatform_set_thread_hooks(void (*_Nonnull leave)(void *_Nonnull lane), void (*_Nonnull hold)(bool takes));

/// How many forks, each in its child, lie between the first process and this one. Counted from the first `cplatform_map` on.
extern uint32_t cplatform_forks;
static inline uint32_t cplatform_fork_count(void) { return cplatform_forks; }

/// The system's id of the calling thread.
uint32_t cplatform_thread_id(void);

/// Lets other threads run on this processor.
void cplatform_yield(void);

/// False only where no thread with this id lives in the process.
bool cplatform_thread_lives(uint32_t thread);

/// Orders the accesses before it against those after it, as seen by a signal handler on this thread. No instruction.
static inline void cplatform_signal_fence(void) { __atomic_signal_fence(__ATOMIC_SEQ_CST); }

enum { cplatform_event_is_off, cplatform_event_is_on, cplatform_event_is_rare };

/// One byte per event id: whether the event is recorded, and whether more has to be done for it than to record it. Written
/// under the registry's lock.
extern uint8_t cplatform_event_switches[65536];

/// `event` is below 65536.
static inline uint8_t cplatform_event_switch(uint32_t event) {
  return __atomic_load_n(&cplatform_event_switches[event], __ATOMIC_RELAXED);
}
static inline void cplatform_set_event_switch(uint16_t event, uint8_t value) {
  __atomic_store_n(&cplatform_event_switches[event], value, __ATOMIC_RELAXED);
}

/// When the event's category was last switched, in units of the trace clock; 0 where it never was. A span that began before
/// counts as closed: its end may not have been seen.
extern uint64_t cplatform_event_switch_times[65536];

static inline uint64_t cplatform_event_switch_time(uint16_t event) {
  return __atomic_load_n(&cplatform_event_switch_times[event], __ATOMIC_RELAXED);
}
static inline void cplatform_set_event_switch_time(uint16_t event, uint64_t units) {
  __atomic_store_n(&cplatform_event_switch_times[event], units, __ATOMIC_RELAXED);
}

// MARK: Numbers and tasks

/// A number that was not given before in this process, never 0. Each thread draws a thousand at a time: no shared word is
/// written in between. Any thread; a signal handler, too.
uint64_t cplatform_unique_number(void);

/// The Swift runtime's own number of the calling thread's task, which no other task of the process has or had. 0 outside
/// of tasks, or where the runtime does not tell.
uint64_t cplatform_task_number(void);

// MARK: Waiting

/// Sleeps while the 32-bit word at `address` equals `expected`, at most `timeout_ns` (0: without limit).
/// Returns on a wake, a changed word, a time-out, or spuriously: the caller checks its condition again.
void cplatform_wait(const uint32_t *_Nonnull address, uint32_t expected, uint64_t timeout_ns);

/// Wakes up to `count` threads that sleep on `address`.
void cplatform_wake(const uint32_t *_Nonnull address, uint32_t count);

/// From now on, `signal` adds one to each of two words, on whichever thread it comes to, and wakes the waiters of the second;
/// then the handler that was there before runs, if any. `count` NULL: gives that handler its place back, unless another one
/// was installed meanwhile. Returns 0, or an errno: EBUSY where the signal is counted already, or that other handler
/// is still there; EINVAL for one that an instruction raises. The words have to stay for as long as the process may be inside
/// a handler: for ever, to be safe.
int cplatform_count_signal(int signal, uint64_t *_Nullable count, uint64_t *_Nullable bell);

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

/// Maps `bytes` of zeroed memory, all of it touched, not passed on to a child of fork: anonymous where `file` is negative, else the
/// start of that file, shared. Returns NULL and sets errno where that cannot be had.
void *_Nullable cplatform_map(size_t bytes, int file);

/// Gives an empty file `bytes` bytes, all of which are there: a full disk is an error now, not a signal at some store. Returns 0 or
/// an errno, never EINTR.
int cplatform_reserve(int file, size_t bytes);
void cplatform_unmap(void *_Nonnull base, size_t bytes);

/// Gives the whole pages of `bytes` bytes at `address` back, until they are touched again: they hold zeros, of an anonymous
/// mapping. Best effort.
void cplatform_untouch(void *_Nonnull address, size_t bytes);

/// Copies `count` words of a mapping that others may write to, or whose file they may cut short: each by one load (acquire), in
/// order. False where one of them is not there: then SIGBUS came, and went no further. A SIGBUS from anywhere else goes to
/// the handler that was there before the first call. Any thread; not inside a signal handler.
bool cplatform_copy_words(uint64_t *_Nonnull destination, const uint64_t *_Nonnull source, size_t count);

// MARK: Threads

/// Names the calling thread, cut to 15 bytes where the system has no room for more.
void cplatform_set_thread_name(const char *_Nonnull name);

/// Copies the name of a thread of this process, at most `capacity` bytes of it, and returns how many there are: 0 where the
/// thread has none, has ended, or cannot be asked. The calling thread can always be.
size_t cplatform_thread_name(uint32_t thread, char *_Nonnull buffer, size_t capacity);

/// Restricts the calling thread to one processor. Returns 0, or an errno.
int cplatform_pin_to_cpu(int cpu);

/// Lets the calling thread run on each of `count` processors. Returns 0, or an errno.
int cplatform_allow_cpus(const int *_Nonnull cpus, int count);

/// The processors that this process may run on, ascending, at most `capacity` of them. Returns how many there are.
int cplatform_allowed_cpus(int *_Nonnull cpus, int capacity);
