// What an event costs in C when nothing but the event is kept: a record of 24 bytes in a ring that one thread writes.
// No check of room, no switch, no lane: the floor that an emit is held against.
#pragma once

#include <stdint.h>

#include "CPlatform.h"

struct cfloor_record {
  uint64_t ticks;
  uint64_t id;
  uint64_t value;
};

/// A ring of a power of two of records. One thread writes.
struct cfloor_ring {
  struct cfloor_record *_Nonnull records;
  uint64_t mask;
  /// Keeps the index on lines of its own.
  uint64_t padding[14];
  /// Records ever written.
  uint64_t index;
  uint64_t more_padding[15];
};

/// Returns NULL where there is no memory. All of it is touched here.
struct cfloor_ring *_Nullable cfloor_make(uint64_t capacity);
void cfloor_free(struct cfloor_ring *_Nonnull ring);

static inline uint64_t cfloor_index(const struct cfloor_ring *_Nonnull ring) {
  return __atomic_load_n(&ring->index, __ATOMIC_ACQUIRE);
}

/// Writes one record with the present time, and publishes it.
static inline void cfloor_emit(struct cfloor_ring *_Nonnull ring, uint64_t id, uint64_t value) {
  uint64_t index = ring->index;
  struct cfloor_record *record = ring->records + (index & ring->mask);
  record->ticks = cplatform_cycle_counter();
  record->id = id;
  record->value = value;
  __atomic_store_n(&ring->index, index + 1, __ATOMIC_RELEASE);
}
