/* A program in C99 that knows nothing but e6shm.h: what a client in another language does.
 *   c99_program life <directory>              one whole life, checked at every step
 *   c99_program detect <directory> <colour>   finds the colour by a probe that accepts only <colour>
 *   c99_program active <directory>            prints the host's usable colour
 * Status 0 fine, 1 something else came out, 2 bad usage. */
#include <stdio.h>
#include <string.h>

#include "e6shm.h"

#define CHECK(condition)                                                                        \
  do {                                                                                          \
    if (!(condition)) {                                                                         \
      fprintf(stderr, "line %d: %s (last error: %s)\n", __LINE__, #condition, e6shm_last_error()); \
      return 1;                                                                                 \
    }                                                                                           \
  } while (0)

static int attach(const char* directory, e6shm_t** host) {
  e6shm_options_t options = E6SHM_OPTIONS_INIT;
  options.cluster = "engine.example:80/c99";
  options.directory = directory;
  options.required = E6SHM_YES;
  CHECK(e6shm_attach(&options, host) == E6SHM_OK);
  return 0;
}

static int detect(e6shm_t* host, e6shm_strategy_t accepted) {
  e6shm_detection_t found;
  int i;
  CHECK(e6shm_detect_begin(host, -1, &found) == E6SHM_OK);
  if (found.outcome == E6SHM_DETECT_USABLE) return 0;
  CHECK(found.outcome == E6SHM_DETECT_PROBE);
  for (i = 0; i < 2; ++i) {
    if (found.order[i] == accepted) {
      CHECK(e6shm_detect_succeed(host, &found.lease, accepted) == E6SHM_OK);
      return 0;
    }
    CHECK(e6shm_detect_refused(host, &found.lease, found.order[i]) == E6SHM_OK);
  }
  CHECK(e6shm_detect_fail(host, &found.lease, E6SHM_FAILURE_BOTH_REFUSED, 2) == E6SHM_OK);
  return 1;
}

static int life(e6shm_t* host) {
  e6shm_ticket_t query;
  e6shm_strategy_t colour = E6SHM_NONE;
  e6shm_epoch_t sent_in = 0;
  e6shm_snapshot_t now;
  char engine[E6SHM_ENGINE_ADDRESS_SIZE];
  size_t length = 0;
  uint32_t in_flight = 0;
  uint64_t word;

  CHECK(e6shm_begin_query(host, &query, &colour, &sent_in) == E6SHM_ERR_NO_STRATEGY);
  CHECK(detect(host, E6SHM_GREEN) == 0);

  CHECK(e6shm_snapshot(host, &now) == E6SHM_OK);
  CHECK(now.active == E6SHM_GREEN && now.usable == 1 && now.pending == E6SHM_NONE && now.remaining_ms > 0);
  word = e6shm_snapshot_word(host);
  CHECK(e6shm_word_active(word) == now.active && e6shm_word_usable(word) && !e6shm_word_soft_expired(word));
  CHECK(e6shm_word_epoch(word) == now.epoch && e6shm_word_pending(word) == E6SHM_NONE);
  CHECK(e6shm_word_remaining_ms(word) > 0 && e6shm_word_remaining_ms(word) <= now.remaining_ms);

  CHECK(e6shm_begin_query(host, &query, &colour, &sent_in) == E6SHM_OK);
  CHECK(colour == E6SHM_GREEN && sent_in == now.epoch);
  CHECK(e6shm_bind(host, &query, "query-1", E6SHM_ZERO_TERMINATED, "10.0.0.7", 8) == E6SHM_OK);
  CHECK(e6shm_confirm(host, colour, sent_in) == E6SHM_OK);

  colour = E6SHM_NONE;
  CHECK(e6shm_find_query(host, "query-1", 7, &colour, NULL, engine, sizeof engine, &length) == E6SHM_OK);
  CHECK(colour == E6SHM_GREEN && length == 8 && strcmp(engine, "10.0.0.7") == 0);
  CHECK(e6shm_in_flight(host, &in_flight) == E6SHM_OK && in_flight == 1);

  CHECK(e6shm_end_query(host, &query) == E6SHM_OK);
  CHECK(e6shm_find_query(host, "query-1", 7, &colour, NULL, engine, sizeof engine, &length) == E6SHM_ERR_UNKNOWN);
  CHECK(e6shm_in_flight(host, &in_flight) == E6SHM_OK && in_flight == 0);
  return 0;
}

static int active(e6shm_t* host) {
  const uint64_t word = e6shm_snapshot_word(host);
  puts(e6shm_strategy_name(e6shm_word_usable(word) ? e6shm_word_active(word) : E6SHM_NONE));
  return 0;
}

int main(int argc, char** argv) {
  e6shm_t* host = NULL;
  e6shm_strategy_t colour = E6SHM_NONE;
  int failed;
  if (argc < 3) return 2;
  if (attach(argv[2], &host) != 0) return 1;
  if (strcmp(argv[1], "life") == 0) {
    failed = life(host);
  } else if (strcmp(argv[1], "active") == 0) {
    failed = active(host);
  } else if (strcmp(argv[1], "detect") == 0 && argc == 4 &&
             e6shm_strategy_parse(argv[3], E6SHM_ZERO_TERMINATED, &colour) == E6SHM_OK) {
    failed = detect(host, colour);
  } else {
    failed = 2;
  }
  CHECK(e6shm_detach(host) == E6SHM_OK);
  return failed;
}
