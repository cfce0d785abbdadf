#pragma once
#include <stddef.h>

/// A stack of its own, and where it stopped.
typedef struct {
  void *_Nullable stack_pointer;
  void *_Nonnull stack;
  size_t byte_count;
} fiber;

/// A stack of `byte_count` bytes, with a page behind its end that no access survives.
fiber fiber_make(size_t byte_count);
void fiber_free(fiber *_Nonnull fiber);

/// `body(context)` runs from its beginning at the next switch to `fiber`, whatever it did before. It must not return.
void fiber_start(fiber *_Nonnull fiber, void (*_Nonnull body)(void *_Nullable), void *_Nullable context);

/// Goes on with `to`, until somebody switches to `from`.
void fiber_switch(fiber *_Nonnull from, fiber *_Nonnull to);
