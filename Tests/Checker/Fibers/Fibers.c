// Switches between stacks: the registers that a callee has to keep, and the stack pointer. The floating point control words
// stay what they are: nobody here changes them.
#include "Fibers.h"

#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#if defined(__APPLE__)
#define NAME(x) "_" #x
#else
#define NAME(x) #x
#endif

// void fiber_swap(void **from, void *to)
// void fiber_enter: at the top of a new stack; calls what fiber_start left in two registers.
void fiber_swap(void **from, void *to);
void fiber_enter(void);

#if defined(__x86_64__)
enum { saved_words = 6 };
__asm__(
    ".text\n.globl " NAME(fiber_swap) "\n" NAME(fiber_swap) ":\n"
    "  pushq %rbp\n  pushq %rbx\n  pushq %r12\n  pushq %r13\n  pushq %r14\n  pushq %r15\n"
    "  movq %rsp, (%rdi)\n  movq %rsi, %rsp\n"
    "  popq %r15\n  popq %r14\n  popq %r13\n  popq %r12\n  popq %rbx\n  popq %rbp\n  ret\n"
    ".globl " NAME(fiber_enter) "\n" NAME(fiber_enter) ":\n"
    "  movq %r12, %rdi\n  xorl %ebp, %ebp\n  callq *%rbx\n  ud2\n");
#elif defined(__aarch64__)
enum { saved_words = 20 };
__asm__(
    ".text\n.globl " NAME(fiber_swap) "\n.p2align 2\n" NAME(fiber_swap) ":\n"
    "  sub sp, sp, #160\n"
    "  stp x19, x20, [sp]\n  stp x21, x22, [sp, #16]\n  stp x23, x24, [sp, #32]\n  stp x25, x26, [sp, #48]\n"
    "  stp x27, x28, [sp, #64]\n  stp x29, x30, [sp, #80]\n  stp d8, d9, [sp, #96]\n  stp d10, d11, [sp, #112]\n"
    "  stp d12, d13, [sp, #128]\n  stp d14, d15, [sp, #144]\n"
    "  mov x9, sp\n  str x9, [x0]\n  mov sp, x1\n"
    "  ldp x19, x20, [sp]\n  ldp x21, x22, [sp, #16]\n  ldp x23, x24, [sp, #32]\n  ldp x25, x26, [sp, #48]\n"
    "  ldp x27, x28, [sp, #64]\n  ldp x29, x30, [sp, #80]\n  ldp d8, d9, [sp, #96]\n  ldp d10, d11, [sp, #112]\n"
    "  ldp d12, d13, [sp, #128]\n  ldp d14, d15, [sp, #144]\n"
    "  add sp, sp, #160\n  ret\n"
    ".globl " NAME(fiber_enter) "\n.p2align 2\n" NAME(fiber_enter) ":\n"
    "  mov x0, x20\n  mov x29, xzr\n  blr x19\n  brk #1\n");
#else
#error "the checker knows x86-64 and arm64"
#endif

fiber fiber_make(size_t byte_count) {
  size_t page = (size_t)sysconf(_SC_PAGESIZE);
  byte_count = (byte_count + 2 * page - 1) & ~(page - 1);
  void *stack = mmap(NULL, byte_count, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON, -1, 0);
  if (stack == MAP_FAILED || mprotect(stack, page, PROT_NONE) != 0) abort();
  return (fiber){.stack_pointer = NULL, .stack = stack, .byte_count = byte_count};
}

void fiber_free(fiber *fiber) { munmap(fiber->stack, fiber->byte_count); }

void fiber_start(fiber *fiber, void (*body)(void *), void *context) {
  // As a call leaves it: 16-byte aligned but for the return address.
  uintptr_t *top = (uintptr_t *)((char *)fiber->stack + fiber->byte_count - 64);
#if defined(__x86_64__)
  top -= saved_words + 1;
  top[0] = top[1] = top[2] = 0;
  top[3] = (uintptr_t)context;  // r12
  top[4] = (uintptr_t)body;     // rbx
  top[5] = 0;
  top[6] = (uintptr_t)fiber_enter;
#else
  top -= saved_words;
  for (int i = 0; i < saved_words; i++) top[i] = 0;
  top[0] = (uintptr_t)body;     // x19
  top[1] = (uintptr_t)context;  // x20
  top[11] = (uintptr_t)fiber_enter;
#endif
  fiber->stack_pointer = top;
}

void fiber_switch(fiber *from, fiber *to) { fiber_swap(&from->stack_pointer, to->stack_pointer); }
