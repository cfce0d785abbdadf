// What tests do to their process, and Swift cannot: fork it, and be called by a signal.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// Runs `body` in a forked child, for at most `seconds`. Returns what it returned, or -1 where the child ended otherwise.
int process_support_in_child(int (*_Nonnull body)(void *_Nullable context), void *_Nullable context, unsigned seconds);

/// Calls `handler` for `signal` from now on, also inside itself where `nests`.
void process_support_on_signal(int signal, void (*_Nonnull handler)(int signal), bool nests);

/// Lets `signal` come to the calling thread: threads of a test inherit a mask that keeps it out.
void process_support_unblock(int signal);

/// Ends the calling thread without its destructors.
void process_support_end_thread(void);

/// No thread can be made from now on, for want of memory for its stack. Linux; returns 0, or an errno.
int process_support_refuse_threads(void);

/// Starts `body` in a forked child, which ends after `seconds` at the latest. Returns its process id, or -1. For a process that
/// has one thread: locks of others would never be released in the child.
int process_support_start_child(int (*_Nonnull body)(void *_Nullable context), void *_Nullable context, unsigned seconds);

/// Waits for a child's end. Returns the status that it returned, or 256 and the signal that ended it.
int process_support_wait(int child);

/// The same, or 512 and the signal that stopped it, as soon as it stops.
int process_support_wait_stop(int child);

/// Lets a process that was stopped go on.
void process_support_continue(int process);

/// Ends a process at once, wherever it is.
void process_support_kill(int process);

/// Zeroed memory that children share; NULL where there is none.
void *_Nullable process_support_shared(size_t bytes);

/// From now on the n-th `process_support_tick` kills the process; never where n is negative.
void process_support_set_countdown(int64_t n);

/// The countdown's end sends this signal, instead of SIGKILL.
void process_support_set_signal(int signal);

/// What is left of it.
int64_t process_support_rest(void);

static inline void process_support_tick(void) {
  extern int64_t process_support_countdown;
  extern void process_support_signal_self(void);
  if (--process_support_countdown == 0) process_support_signal_self();
}
