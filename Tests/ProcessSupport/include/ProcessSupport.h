// What tests do to their process, and Swift cannot: fork it, and be called by a signal.
#pragma once

#include <stdbool.h>

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
