#define _GNU_SOURCE
#include "ProcessSupport.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
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

int process_support_start_child(int (*body)(void *context), void *context, unsigned seconds) {
  pid_t child = fork();
  if (child != 0) return child;
  signal(SIGALRM, SIG_DFL);
  alarm(seconds);
  _exit(body(context) & 0x7F);
}

int process_support_wait(int child) {
  int status;
  while (waitpid(child, &status, 0) < 0)
    if (errno != EINTR) return -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 256 + WTERMSIG(status);
}

void process_support_kill(int process) { kill(process, SIGKILL); }

void *process_support_shared(size_t bytes) {
  void *base = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  return base == MAP_FAILED ? NULL : base;
}

int process_support_wait_stop(int child) {
  int status;
  while (waitpid(child, &status, WUNTRACED) < 0)
    if (errno != EINTR) return -1;
  if (WIFSTOPPED(status)) return 512 + WSTOPSIG(status);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 256 + WTERMSIG(status);
}

void process_support_continue(int process) { kill(process, SIGCONT); }

int64_t process_support_countdown = -1;
static int process_support_signal = SIGKILL;

void process_support_set_countdown(int64_t n) { process_support_countdown = n; }
void process_support_set_signal(int number) { process_support_signal = number; }
int64_t process_support_rest(void) { return process_support_countdown; }

void process_support_signal_self(void) { kill(getpid(), process_support_signal); }
