#define _GNU_SOURCE
#include "ProcessSupport.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#if defined(__linux__)
#include <sys/syscall.h>
#endif

int process_support_in_child(int (*body)(void *context), void *context, unsigned seconds) {
  pid_t child = fork();
  if (child < 0) return -1;
  if (child == 0) {
    signal(SIGALRM, SIG_DFL);
    alarm(seconds);
    _exit(body(context) & 0x7F);
  }
  int status;
  while (waitpid(child, &status, 0) < 0) {}
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

void process_support_on_signal(int number, void (*handler)(int), bool nests) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = handler;
  action.sa_flags = SA_RESTART | (nests ? SA_NODEFER : 0);
  sigaction(number, &action, NULL);
}

void process_support_unblock(int number) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, number);
  pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

void process_support_end_thread(void) {
#if defined(__linux__)
  syscall(SYS_exit, 0);
#else
  pthread_exit(NULL);
#endif
}

int process_support_refuse_threads(void) {
#if defined(__linux__)
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  int failure = pthread_attr_setstacksize(&attributes, (size_t)1 << 46);
  return failure ? failure : pthread_setattr_default_np(&attributes);
#else
  return ENOSYS;
#endif
}
