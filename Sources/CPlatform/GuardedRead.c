// Reading a mapping of a file that somebody else may cut short meanwhile.
#include "CPlatform.h"

#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <string.h>

// Where this thread goes on after a fault; NULL outside of a guarded read. Volatile: the handler looks at it.
static __thread sigjmp_buf *volatile guard;
static struct sigaction previous;
static int installation_failure;

static void on_bus_error(int number, siginfo_t *info, void *context) {
  if (guard) siglongjmp(*guard, 1);
  if (previous.sa_flags & SA_SIGINFO) {
    previous.sa_sigaction(number, info, context);
  } else if (previous.sa_handler != SIG_DFL && previous.sa_handler != SIG_IGN) {
    previous.sa_handler(number);
  } else {
    // The instruction is run again, and then ends the process as it would have without this handler.
    sigaction(number, &previous, NULL);
  }
}

// SA_NODEFER: a jump out of the handler restores no mask, which would cost a system call for each read. (The thread sanitizer
// runs handlers with all signals blocked, whatever was asked for.)
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define RESTORES_MASK 1
#endif
#endif
#ifndef RESTORES_MASK
#define RESTORES_MASK 0
#endif

static void install(void) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_sigaction = on_bus_error;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
  installation_failure = sigaction(SIGBUS, &action, &previous);
}

bool cplatform_copy_words(uint64_t *destination, const uint64_t *source, size_t count) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, install);
  if (installation_failure) return false;
  sigjmp_buf target;
  if (sigsetjmp(target, RESTORES_MASK)) {
    guard = NULL;
    return false;
  }
  guard = &target;
  __atomic_signal_fence(__ATOMIC_SEQ_CST);
  for (size_t i = 0; i < count; i++) destination[i] = __atomic_load_n(&source[i], __ATOMIC_ACQUIRE);
  __atomic_signal_fence(__ATOMIC_SEQ_CST);
  guard = NULL;
  return true;
}
