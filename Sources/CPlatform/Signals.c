// Signals that are counted, for who waits for one, beside a handler that is there already.
#if defined(__linux__)
#define _GNU_SOURCE
#endif

#include "CPlatform.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>

#if defined(__linux__)
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

enum { signal_limit = 128 };
static _Atomic(uint64_t *) signal_counts[signal_limit];
static _Atomic(uint64_t *) signal_bells[signal_limit];
static struct sigaction earlier_actions[signal_limit];
// Ours was not taken out, since another handler stood before it, which may call it.
static atomic_bool signal_is_left[signal_limit];

static void count_signal(int signal, siginfo_t *info, void *context) {
  int error = errno;
  uint64_t *count = atomic_load(&signal_counts[signal]);
  uint64_t *bell = atomic_load(&signal_bells[signal]);
  if (count && bell) {
    __atomic_fetch_add(count, 1, __ATOMIC_ACQ_REL);
    __atomic_fetch_add(bell, 1, __ATOMIC_ACQ_REL);
    // The low half, on machines that are little-endian.
    cplatform_wake((const uint32_t *)(const void *)bell, INT_MAX);
  }
  errno = error;
  const struct sigaction *earlier = &earlier_actions[signal];
  if (earlier->sa_flags & SA_SIGINFO) {
    if (earlier->sa_sigaction) earlier->sa_sigaction(signal, info, context);
  } else if (earlier->sa_handler != SIG_DFL && earlier->sa_handler != SIG_IGN) {
    earlier->sa_handler(signal);
  }
}

static bool counts(const struct sigaction *action) {
  return (action->sa_flags & SA_SIGINFO) && action->sa_sigaction == count_signal;
}

int cplatform_count_signal(int signal, uint64_t *count, uint64_t *bell) {
  if (signal <= 0 || signal >= signal_limit) return EINVAL;
  // Raised by an instruction, which a handler that does nothing about it returns to.
  if (signal == SIGSEGV || signal == SIGBUS || signal == SIGILL || signal == SIGFPE) return EINVAL;
  if (!count) {
    if (!atomic_exchange(&signal_counts[signal], (uint64_t *)NULL)) return 0;
    struct sigaction now;
    if (sigaction(signal, NULL, &now) != 0) return errno;
    if (!counts(&now)) {
      atomic_store(&signal_is_left[signal], true);
      return 0;
    }
    atomic_store(&signal_is_left[signal], false);
    return sigaction(signal, &earlier_actions[signal], NULL) == 0 ? 0 : errno;
  }
  uint64_t *none = NULL;
  if (!atomic_compare_exchange_strong(&signal_counts[signal], &none, count)) return EBUSY;
  atomic_store(&signal_bells[signal], bell);
  struct sigaction now;
  if (atomic_load(&signal_is_left[signal]) && sigaction(signal, NULL, &now) == 0) {
    // It is the first again, or called by the first. Installed once more before that one, each would call the other for ever.
    if (counts(&now)) return 0;
    if ((now.sa_flags & SA_SIGINFO) || (now.sa_handler != SIG_DFL && now.sa_handler != SIG_IGN)) {
      atomic_store(&signal_counts[signal], (uint64_t *)NULL);
      return EBUSY;
    }
  }
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_sigaction = count_signal;
  action.sa_flags = SA_SIGINFO | SA_RESTART | SA_ONSTACK;
  sigfillset(&action.sa_mask);
  // Read before ours is in place: a signal may come at once.
  if (sigaction(signal, NULL, &earlier_actions[signal]) == 0 && sigaction(signal, &action, NULL) == 0) return 0;
  int error = errno;
  atomic_store(&signal_counts[signal], (uint64_t *)NULL);
  return error;
}
