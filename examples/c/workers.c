/* Four worker processes that find the cluster's colour together: one of them probes, the others take its answer.
 *
 *   make && ./workers [directory for the segment, default /dev/shm]
 *
 * authenticate() stands for the call to the engine, which a real client makes with its own gRPC library. */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "e6shm.h"

enum { kWorkers = 4, kQueries = 3 };

static int failed(const char* what) {
  fprintf(stderr, "%s failed: %s\n", what, e6shm_last_error());
  return 1;
}

/* The engine: green is active, blue is refused with 456. Each call leaves a byte in the pipe, for the count at the end. */
static int authenticate(int calls, e6shm_strategy_t strategy) {
  const struct timespec round_trip = {0, 20 * 1000 * 1000};
  nanosleep(&round_trip, NULL);
  if (write(calls, "x", 1) != 1) perror("write");
  return strategy == E6SHM_GREEN ? 200 : 456;
}

/* Comes back with a usable colour, or says why there is none. */
static int find_colour(e6shm_t* host, int calls) {
  e6shm_detection_t found;
  int i;
  if (e6shm_detect_begin(host, -1, &found) != E6SHM_OK) return failed("detect_begin");
  if (found.outcome == E6SHM_DETECT_USABLE) return 0;
  if (found.outcome != E6SHM_DETECT_PROBE) {
    fprintf(stderr, "no colour: %s\n", e6shm_failure_name(found.failure));
    return 1;
  }
  for (i = 0; i < 2; ++i) {
    if (authenticate(calls, found.order[i]) == 200) {
      printf("worker %ld probed and found %s\n", (long)getpid(), e6shm_strategy_name(found.order[i]));
      /* late is no error here: somebody else knows better, and the next begin_query tells */
      (void)e6shm_detect_succeed(host, &found.lease, found.order[i]);
      return 0;
    }
    if (e6shm_detect_refused(host, &found.lease, found.order[i]) != E6SHM_OK) return failed("detect_refused");
  }
  return e6shm_detect_fail(host, &found.lease, E6SHM_FAILURE_BOTH_REFUSED, 2) == E6SHM_OK ? 1 : failed("detect_fail");
}

static int run_query(e6shm_t* host, int calls, int number) {
  e6shm_ticket_t query;
  e6shm_strategy_t colour;
  e6shm_epoch_t sent_in;
  char id[32];
  int32_t status;
  while ((status = e6shm_begin_query(host, &query, &colour, &sent_in)) == E6SHM_ERR_NO_STRATEGY)
    if (find_colour(host, calls) != 0) return 1;
  if (status != E6SHM_OK) return failed("begin_query");

  /* prepare, with `colour` in the metadata: the answer brings the query's id and its engine */
  snprintf(id, sizeof id, "query-%ld-%d", (long)getpid(), number);
  if (e6shm_bind(host, &query, id, E6SHM_ZERO_TERMINATED, "10.0.0.7", E6SHM_ZERO_TERMINATED) != E6SHM_OK)
    fprintf(stderr, "other processes cannot find %s: %s\n", id, e6shm_last_error());

  /* every answer confirms the colour; `new_strategy` in one would go to e6shm_announce, a 456 to e6shm_mismatch */
  if (e6shm_confirm(host, colour, sent_in) != E6SHM_OK) return failed("confirm");

  /* fetch, then clear */
  if (e6shm_end_query(host, &query) != E6SHM_OK) return failed("end_query");
  return 0;
}

static int work(e6shm_t* host, int calls) {
  int i;
  for (i = 0; i < kQueries; ++i)
    if (run_query(host, calls, i) != 0) return 1;
  printf("worker %ld ran %d queries on %s\n", (long)getpid(), kQueries,
         e6shm_strategy_name(e6shm_word_active(e6shm_snapshot_word(host))));
  return e6shm_detach(host) == E6SHM_OK ? 0 : failed("detach");
}

int main(int argc, char** argv) {
  e6shm_options_t options = E6SHM_OPTIONS_INIT;
  e6shm_t* host = NULL;
  int calls[2];
  int status, i, wrong = 0, authentications = 0;
  char byte;

  options.cluster = "example.invalid:80/workers";
  if (argc > 1) options.directory = argv[1];
  if (e6shm_attach(&options, &host) != E6SHM_OK) return failed("attach"); /* before the fork: allowed, and cheap */
  (void)e6shm_clear(host, NULL); /* an example starts without history; a real client does not do this */
  if (pipe(calls) != 0) return 1;

  for (i = 0; i < kWorkers; ++i) {
    const pid_t worker = fork();
    if (worker == 0) {
      status = work(host, calls[1]);
      exit(status); /* flushes */
    }
    if (worker < 0) wrong = 1;
  }
  while (wait(&status) > 0)
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) wrong = 1;

  close(calls[1]);
  while (read(calls[0], &byte, 1) == 1) ++authentications;
  printf("workers: %d, queries: %d, authentications: %d\n", kWorkers, kWorkers * kQueries, authentications);
  if (e6shm_detach(host) != E6SHM_OK) return failed("detach");
  return wrong;
}
