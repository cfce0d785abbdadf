#include "CFloor.h"

#include <stdlib.h>
#include <string.h>

struct cfloor_ring *cfloor_make(uint64_t capacity) {
  struct cfloor_ring *ring = aligned_alloc(128, sizeof(struct cfloor_ring));
  if (!ring) return NULL;
  // A multiple of the page size, so that no other data shares its lines.
  size_t bytes = (capacity * sizeof(struct cfloor_record) + 4095) / 4096 * 4096;
  struct cfloor_record *records = aligned_alloc(4096, bytes);
  if (!records) {
    free(ring);
    return NULL;
  }
  memset(records, 0, bytes);
  memset(ring, 0, sizeof *ring);
  ring->records = records;
  ring->mask = capacity - 1;
  return ring;
}

void cfloor_free(struct cfloor_ring *ring) {
  free(ring->records);
  free(ring);
}
