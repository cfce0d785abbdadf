#if defined(__linux__)
#define _GNU_SOURCE
#endif

#include "CPlatform.h"
#include "Internal.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#if defined(__x86_64__)
#include <cpuid.h>
#endif
#if defined(__linux__)
#include <linux/futex.h>
#include <sys/syscall.h>
#elif defined(__APPLE__)
#include <os/os_sync_wait_on_address.h>
#endif

bool cplatform_cycle_counter_is_invariant(void) {
#if defined(__x86_64__)
  unsigned eax, ebx, ecx, edx;
  if (!__get_cpuid(0x80000007, &eax, &ebx, &ecx, &edx)) return false;
  return (edx >> 8) & 1;
#elif defined(__aarch64__)
  return true;
#else
  return false;
#endif
}

uint64_t cplatform_cycle_counter_frequency(void) {
#if defined(__aarch64__)
  uint64_t hertz;
  __asm__ volatile("mrs %0, cntfrq_el0" : "=r"(hertz));
  return hertz;
#else
  return 0;
#endif
}

static int64_t nanoseconds(clockid_t clock) {
  struct timespec time;
  clock_gettime(clock, &time);
  return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

uint64_t cplatform_monotonic_nanoseconds(void) { return (uint64_t)nanoseconds(CLOCK_MONOTONIC); }

int64_t cplatform_wall_nanoseconds(void) { return nanoseconds(CLOCK_REALTIME); }

bool cplatform_clock_is_cycle_counter;

// A constructor and not a call that comes first: a reading that somebody takes before that call would be in other units.
__attribute__((constructor)) static void decide_clock(void) {
  cplatform_clock_is_cycle_counter = cplatform_cycle_counter_is_invariant();
}

void cplatform_clock_use_system(void) { cplatform_clock_is_cycle_counter = false; }

size_t cplatform_eviction_limit(void) {
#if defined(__x86_64__)
  unsigned eax, ebx, ecx, edx;
  if (!__get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) || !(ebx & bit_CLFLUSHOPT)) return 0;
#if defined(_SC_LEVEL2_CACHE_SIZE)
  long bytes = sysconf(_SC_LEVEL2_CACHE_SIZE);
  if (bytes > 0) return (size_t)bytes;
#endif
  return 1 << 20;
#else
  return 0;
#endif
}

// Word 6 is the address of the word that a lane compares its generation with: one that never changes. The
// room, word 4, is 0, so that no emit comes any further.
static uint64_t no_generation;
uint64_t cplatform_no_lane[16] __attribute__((aligned(128))) = {[6] = (uintptr_t)&no_generation};
__thread void *cplatform_thread_lane = cplatform_no_lane;
__thread bool cplatform_thread_is_off_path;
uint8_t cplatform_event_switches[65536];
uint64_t cplatform_event_switch_times[65536];
uint32_t cplatform_forks;

static pthread_key_t exit_key;
static void (*leave_thread)(void *);
static void (*hold_locks)(bool);

static void thread_exits(void *lane) {
  cplatform_thread_lane = cplatform_no_lane;
  leave_thread(lane);
}

// What the forking thread had before.
static __thread void *lane_before_fork;
static __thread bool was_off_path_before_fork;

// A lane's memory is not in the child. A signal handler may emit there before the child's hook runs, so the lane goes
// before the fork, and until it is back, emits of this thread are refused.
static void before_fork(void) {
  was_off_path_before_fork = cplatform_thread_is_off_path;
  cplatform_set_off_path(true);
  lane_before_fork = cplatform_thread_lane;
  cplatform_thread_lane = cplatform_no_lane;
  if (hold_locks) hold_locks(true);
}

static void in_forking_parent(void) {
  if (hold_locks) hold_locks(false);
  cplatform_thread_lane = lane_before_fork;
  cplatform_set_off_path(was_off_path_before_fork);
}

static void in_forked_child(void) {
  memset(cplatform_event_switches, 0, sizeof cplatform_event_switches);
  if (leave_thread) pthread_setspecific(exit_key, NULL);
  cplatform_forks++;
  if (hold_locks) hold_locks(false);
  cplatform_set_off_path(was_off_path_before_fork);
}

static int fork_hooks_failure;
static void set_fork_hooks(void) {
  fork_hooks_failure = pthread_atfork(before_fork, in_forking_parent, in_forked_child);
}

int cplatform_watch_forks(void) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, set_fork_hooks);
  return fork_hooks_failure;
}

int cplatform_set_thread_hooks(void (*leave)(void *), void (*hold)(bool)) {
  int failure = pthread_key_create(&exit_key, thread_exits);
  if (failure) return failure;
  leave_thread = leave;
  hold_locks = hold;
  return cplatform_watch_forks();
}

void cplatform_set_lane(void *lane) {
  cplatform_thread_lane = lane ? lane : cplatform_no_lane;
  pthread_setspecific(exit_key, lane);
}

uint32_t cplatform_thread_id(void) {
#if defined(__linux__)
  return (uint32_t)syscall(SYS_gettid);
#else
  uint64_t id;
  pthread_threadid_np(NULL, &id);
  return (uint32_t)id;
#endif
}

void cplatform_yield(void) { sched_yield(); }

bool cplatform_thread_lives(uint32_t thread) {
#if defined(__linux__)
  return syscall(SYS_tgkill, getpid(), thread, 0) == 0 || errno != ESRCH;
#else
  (void)thread;
  return true;
#endif
}

void cplatform_set_thread_name(const char *name) {
#if defined(__APPLE__)
  pthread_setname_np(name);
#else
  char cut[16] = {0};
  strncpy(cut, name, sizeof cut - 1);
  pthread_setname_np(pthread_self(), cut);
#endif
}

size_t cplatform_thread_name(uint32_t thread, char *buffer, size_t capacity) {
  char name[64] = {0};
  if (thread == cplatform_thread_id()) {
    if (pthread_getname_np(pthread_self(), name, sizeof name) != 0) return 0;
  } else {
#if defined(__linux__)
    char path[48];
    snprintf(path, sizeof path, "/proc/self/task/%u/comm", thread);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return 0;
    ssize_t count = read(file, name, sizeof name - 1);
    close(file);
    if (count <= 0) return 0;
    name[count] = 0;
    // The kernel ends the name with a line feed.
    if (name[count - 1] == '\n') name[count - 1] = 0;
#endif
  }
  size_t length = strnlen(name, sizeof name);
  if (length > capacity) length = capacity;
  memcpy(buffer, name, length);
  return length;
}

// Blocks begin at multiples of their size, whose own number is not given: so a multiple, as the 0 at the start, means that
// there is none left. A signal handler may come between load and exchange, and then the exchange fails.
enum { numbers_in_a_block = 1024 };
static __thread uint64_t next_number;
static uint64_t next_block;

uint64_t cplatform_unique_number(void) {
  uint64_t next = __atomic_load_n(&next_number, __ATOMIC_RELAXED), number;
  do {
    number = next;
    if (number % numbers_in_a_block == 0)
      number = __atomic_fetch_add(&next_block, numbers_in_a_block, __ATOMIC_RELAXED) + 1;
  } while (!__atomic_compare_exchange_n(&next_number, &next, number + 1, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED));
  return number;
}

// Entry points of the runtime that debuggers and its own descriptions of jobs use. Weak, so that a program without
// tasks, or a runtime that lacks them, links all the same.
__attribute__((swiftcall, weak)) void *swift_task_getCurrent(void);
__attribute__((swiftcall, weak)) uint64_t swift_task_getJobTaskId(void *task);

uint64_t cplatform_task_number(void) {
  if (!swift_task_getCurrent || !swift_task_getJobTaskId) return 0;
  void *task = swift_task_getCurrent();
  return task ? swift_task_getJobTaskId(task) : 0;
}

void cplatform_wait(const uint32_t *address, uint32_t expected, uint64_t timeout_ns) {
#if defined(__linux__)
  struct timespec limit = {.tv_sec = (time_t)(timeout_ns / 1000000000), .tv_nsec = (long)(timeout_ns % 1000000000)};
  syscall(SYS_futex, address, FUTEX_WAIT_PRIVATE, expected, timeout_ns ? &limit : NULL, NULL, 0);
#elif defined(__APPLE__)
  if (timeout_ns)
    os_sync_wait_on_address_with_timeout((void *)address, expected, 4, OS_SYNC_WAIT_ON_ADDRESS_NONE,
                                         OS_CLOCK_MACH_ABSOLUTE_TIME, timeout_ns);
  else
    os_sync_wait_on_address((void *)address, expected, 4, OS_SYNC_WAIT_ON_ADDRESS_NONE);
#else
  (void)address, (void)expected, (void)timeout_ns;
  sched_yield();
#endif
}

void cplatform_wake(const uint32_t *address, uint32_t count) {
#if defined(__linux__)
  syscall(SYS_futex, address, FUTEX_WAKE_PRIVATE, count > INT_MAX ? INT_MAX : (int)count, NULL, NULL, 0);
#elif defined(__APPLE__)
  if (count == 1)
    os_sync_wake_by_address_any((void *)address, 4, OS_SYNC_WAKE_BY_ADDRESS_NONE);
  else
    os_sync_wake_by_address_all((void *)address, 4, OS_SYNC_WAKE_BY_ADDRESS_NONE);
#else
  (void)address, (void)count;
#endif
}

bool cplatform_fences_are_asymmetric;

#if defined(__linux__) && defined(SYS_membarrier)
// Of <linux/membarrier.h>, spelled out for kernel headers that lack it.
enum { query_commands = 0, private_expedited = 1 << 3, register_private_expedited = 1 << 4 };

static long membarrier(int command) { return syscall(SYS_membarrier, command, 0, 0); }

static void decide_fences(void) {
  long offered = membarrier(query_commands);
  // The register call alone would do, but for a filter that lets it pass and forbids the barrier: so one is tried.
  cplatform_fences_are_asymmetric = offered > 0 && (offered & private_expedited) &&
                                    membarrier(register_private_expedited) == 0 && membarrier(private_expedited) == 0;
}
#else
static void decide_fences(void) {}
#endif

void cplatform_prepare_fences(void) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, decide_fences);
}

void cplatform_heavy_fence(void) {
  atomic_thread_fence(memory_order_seq_cst);
#if defined(__linux__) && defined(SYS_membarrier)
  // The registration belongs to the address space: threads made later share it, a forked child inherits it, exec ends it
  // together with every waiter. What can still fail is a call that a filter forbids after the decision. The light fences
  // that rely on it were already left out, and no substitute reaches them: a sleeper would miss its wake-up.
  if (cplatform_fences_are_asymmetric && membarrier(private_expedited) != 0) {
    perror("membarrier was available when the first channel was made, and now fails");
    abort();
  }
#endif
}

int cplatform_pin_to_cpu(int cpu) { return cplatform_allow_cpus(&cpu, 1); }

int cplatform_allow_cpus(const int *cpus, int count) {
#if defined(__linux__)
  cpu_set_t set;
  CPU_ZERO(&set);
  for (int i = 0; i < count; i++) CPU_SET(cpus[i], &set);
  return pthread_setaffinity_np(pthread_self(), sizeof set, &set);
#else
  (void)cpus, (void)count;
  return ENOTSUP;
#endif
}

int cplatform_allowed_cpus(int *cpus, int capacity) {
#if defined(__linux__)
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) != 0) return 0;
  int count = 0;
  for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
    if (!CPU_ISSET(cpu, &set)) continue;
    if (count < capacity) cpus[count] = cpu;
    count++;
  }
  return count;
#else
  int count = (int)sysconf(_SC_NPROCESSORS_ONLN);
  for (int cpu = 0; cpu < count && cpu < capacity; cpu++) cpus[cpu] = cpu;
  return count;
#endif
}
