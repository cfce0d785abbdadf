// Stands before the C library's own functions in the program that this is linked into: the linker takes a program's own
// definition first. What is not to fail goes on to the kernel.
#define _GNU_SOURCE

#include "FaultySystem.h"

#if defined(__linux__)

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static atomic_int armed_call = -1;
static atomic_long countdown;
static atomic_int armed_code;
static atomic_bool has_fired;
// Of writes: how many bytes there is room for, and how many one takes. -1: any number.
static atomic_long room = -1, most = -1;

static const char *const names[] = {"open",  "writev",          "fsync",     "close", "rename", "link", "unlink",
                                    "mkdir", "posix_fallocate", "ftruncate", "mmap",  "fcntl",  "fstat"};

const char *faulty_call_name(int call) { return names[call]; }

void faulty_arm(int call, long number, int code) {
  atomic_store(&countdown, number);
  atomic_store(&armed_code, code);
  atomic_store(&has_fired, false);
  atomic_store(&armed_call, call);
}

void faulty_fill(size_t bytes, int code) {
  atomic_store(&armed_code, code);
  atomic_store(&has_fired, false);
  atomic_store(&room, (long)bytes);
}

void faulty_dribble(size_t bytes) {
  atomic_store(&has_fired, false);
  atomic_store(&most, (long)bytes);
}

bool faulty_disarm(void) {
  atomic_store(&armed_call, -1);
  atomic_store(&room, -1);
  atomic_store(&most, -1);
  return atomic_load(&has_fired);
}

// The errno of a call that is to fail, 0 for one that is not.
static int fault(int call) {
  if (atomic_load(&armed_call) != call || atomic_fetch_sub(&countdown, 1) != 1) return 0;
  atomic_store(&has_fired, true);
  return atomic_load(&armed_code);
}

#define FAIL(call)                \
  do {                            \
    int code = fault(call);       \
    if (code) {                   \
      errno = code;               \
      return -1;                  \
    }                             \
  } while (0)

int open(const char *path, int flags, ...) {
  va_list list;
  va_start(list, flags);
  mode_t mode = (flags & (O_CREAT | O_TMPFILE)) ? va_arg(list, mode_t) : 0;
  va_end(list);
  FAIL(faulty_open);
  return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

ssize_t writev(int file, const struct iovec *parts, int count) {
  FAIL(faulty_write);
  long limit = atomic_load(&most), left = atomic_load(&room);
  if (left >= 0 && (limit < 0 || left < limit)) limit = left;
  if (limit < 0) return syscall(SYS_writev, file, parts, count);
  size_t wanted = 0;
  for (int index = 0; index < count; index++) wanted += parts[index].iov_len;
  if (wanted > (size_t)limit) atomic_store(&has_fired, true);
  if (left == 0 && wanted > 0) {
    errno = atomic_load(&armed_code);
    return -1;
  }
  ssize_t taken = 0;
  for (int index = 0; index < count && taken < limit; index++) {
    size_t step = parts[index].iov_len;
    if (step > (size_t)(limit - taken)) step = (size_t)(limit - taken);
    ssize_t result = syscall(SYS_write, file, parts[index].iov_base, step);
    if (result < 0) return taken > 0 ? taken : -1;
    taken += result;
    if ((size_t)result < step) break;
  }
  if (left >= 0) atomic_fetch_sub(&room, taken);
  return taken;
}

int fsync(int file) {
  FAIL(faulty_sync);
  return (int)syscall(SYS_fsync, file);
}

// Closes all the same, as the kernel does.
int close(int file) {
  int code = fault(faulty_close);
  int result = (int)syscall(SYS_close, file);
  if (code && result == 0) {
    errno = code;
    return -1;
  }
  return result;
}

int rename(const char *from, const char *to) {
  FAIL(faulty_rename);
  return (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
}

int link(const char *from, const char *to) {
  FAIL(faulty_link);
  return (int)syscall(SYS_linkat, AT_FDCWD, from, AT_FDCWD, to, 0);
}

int unlink(const char *path) {
  FAIL(faulty_unlink);
  return (int)syscall(SYS_unlinkat, AT_FDCWD, path, 0);
}

int mkdir(const char *path, mode_t mode) {
  FAIL(faulty_mkdir);
  return (int)syscall(SYS_mkdirat, AT_FDCWD, path, mode);
}

// The only one that returns its error.
int posix_fallocate(int file, off_t start, off_t length) {
  int code = fault(faulty_reserve);
  if (code) return code;
  return syscall(SYS_fallocate, file, 0, start, length) == 0 ? 0 : errno;
}

int ftruncate(int file, off_t length) {
  FAIL(faulty_truncate);
  return (int)syscall(SYS_ftruncate, file, length);
}

void *mmap(void *address, size_t length, int protection, int flags, int file, off_t offset) {
  int code = fault(faulty_map);
  if (code) {
    errno = code;
    return MAP_FAILED;
  }
  return (void *)syscall(SYS_mmap, address, length, protection, flags, file, offset);
}

int fcntl(int file, int command, ...) {
  va_list list;
  va_start(list, command);
  void *argument = va_arg(list, void *);
  va_end(list);
  if (command == F_SETLK || command == F_GETLK) FAIL(faulty_lock);
  return (int)syscall(SYS_fcntl, file, command, argument);
}

int fstat(int file, struct stat *status) {
  FAIL(faulty_status);
  return (int)syscall(SYS_fstat, file, status);
}

#else

const char *faulty_call_name(int call) { return "?"; }
void faulty_arm(int call, long number, int code) {}
void faulty_fill(size_t bytes, int code) {}
void faulty_dribble(size_t bytes) {}
bool faulty_disarm(void) { return false; }

#endif
