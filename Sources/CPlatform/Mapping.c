// Memory of its own: of arenas, in a file or not, and of rings whose end is next to their begin.
#if defined(__linux__)
#define _GNU_SOURCE
#endif

#include "CPlatform.h"
#include "Internal.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#if defined(__linux__)
#include <sys/syscall.h>
#elif defined(__APPLE__)
#include <mach/mach.h>
#include <mach/mach_vm.h>
#endif

void *cplatform_map(size_t bytes, int file) {
#if defined(MAP_POPULATE)
  int populate = MAP_POPULATE;
#else
  int populate = 0;
#endif
  int flags = file < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED;
  // Of a fork that is not counted, the child would take the mapping for its own.
  int failure = cplatform_watch_forks();
  if (failure) {
    errno = failure;
    return NULL;
  }
  void *base = mmap(NULL, bytes, PROT_READ | PROT_WRITE, flags | populate, file, 0);
  if (base == MAP_FAILED) return NULL;
#if defined(MADV_DONTFORK)
  madvise(base, bytes, MADV_DONTFORK);
#endif
  // Where nothing was populated above, and where it was but for want of memory did not succeed in full.
  for (size_t i = 0; i < bytes; i += 4096) ((volatile char *)base)[i] = ((volatile char *)base)[i];
  return base;
}

int cplatform_reserve(int file, size_t bytes) {
#if defined(__APPLE__)
  while (ftruncate(file, (off_t)bytes) != 0) {
    if (errno != EINTR) return errno;
  }
#else
  // By pieces: one that a signal interrupts has to begin anew, and a profiler's signals come faster than gigabytes are zeroed.
  const size_t piece = 16u << 20;
  for (size_t start = 0; start < bytes;) {
    size_t count = bytes - start < piece ? bytes - start : piece;
    int failure = posix_fallocate(file, (off_t)start, (off_t)count);
    if (failure == 0) start += count;
    else if (failure != EINTR) return failure;
  }
#endif
  return 0;
}

void cplatform_unmap(void *base, size_t bytes) { munmap(base, bytes); }

void cplatform_untouch(void *address, size_t bytes) {
  uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
  uintptr_t start = ((uintptr_t)address + page - 1) & ~(page - 1);
  uintptr_t end = ((uintptr_t)address + bytes) & ~(page - 1);
  if (start < end) madvise((void *)start, end - start, MADV_DONTNEED);
}

void *cplatform_map_mirrored(size_t bytes) {
#if defined(__linux__)
  int file = (int)syscall(SYS_memfd_create, "ring", 1u /* MFD_CLOEXEC */);
  if (file < 0) return NULL;
  char *base = MAP_FAILED;
  // Space is reserved up front: a full tmpfs is an error here, not a SIGBUS at the first store.
  int failure = cplatform_reserve(file, bytes);
  if (failure == 0) {
    base = mmap(NULL, 2 * bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (base == MAP_FAILED) failure = errno;
  }
  for (int half = 0; failure == 0 && half < 2; half++) {
    void *mapped = mmap(base + (size_t)half * bytes, bytes, PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_FIXED | MAP_POPULATE, file, 0);
    if (mapped == MAP_FAILED) failure = errno;
  }
  close(file);
  if (failure && base != MAP_FAILED) munmap(base, 2 * bytes);
  errno = failure;
  return failure ? NULL : base;
#elif defined(__APPLE__)
  mach_vm_address_t base = 0;
  if (mach_vm_allocate(mach_task_self(), &base, 2 * bytes, VM_FLAGS_ANYWHERE) != KERN_SUCCESS) return NULL;
  mach_vm_address_t mirror = base + bytes;
  vm_prot_t current, maximum;
  if (mach_vm_remap(mach_task_self(), &mirror, bytes, 0, VM_FLAGS_FIXED | VM_FLAGS_OVERWRITE, mach_task_self(), base, 0,
                    &current, &maximum, VM_INHERIT_NONE) != KERN_SUCCESS) {
    mach_vm_deallocate(mach_task_self(), base, 2 * bytes);
    errno = ENOMEM;
    return NULL;
  }
  return (void *)base;
#else
  errno = ENOSYS;
  return NULL;
#endif
}

void cplatform_unmap_mirrored(void *base, size_t bytes) { munmap(base, 2 * bytes); }
