#pragma once

#include <stdbool.h>
#include <stddef.h>

#pragma clang assume_nonnull begin

/// The system calls that are counted, and that can be made to fail.
enum faulty_call {
  faulty_open, faulty_write, faulty_sync, faulty_close, faulty_rename, faulty_link, faulty_unlink, faulty_mkdir, faulty_reserve,
  faulty_truncate, faulty_map, faulty_lock, faulty_status,
  faulty_call_count
};

const char *faulty_call_name(int call);

/// From now on the `number`th call of this kind (from 1 on) fails with `code`, once. Of all threads.
void faulty_arm(int call, long number, int code);

/// From now on there is room for `bytes` bytes more: the write that reaches there is short, and all after it fail with `code`.
void faulty_fill(size_t bytes, int code);

/// From now on each write takes at most so many bytes.
void faulty_dribble(size_t bytes);

/// Nothing fails any more. Returns whether anything has.
bool faulty_disarm(void);

#pragma clang assume_nonnull end
