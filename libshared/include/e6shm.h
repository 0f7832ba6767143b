/* The host's knowledge about one e6data cluster, for every language that can call C.
 *
 *   A process:            e6shm_attach                      once, before or after it forks
 *   A request's life:     e6shm_begin_query                 -> the colour to send, fixed for this query
 *                         ... prepare answered ...           e6shm_bind (ticket, id, engine)
 *                         every response                     e6shm_announce, e6shm_confirm
 *                         a 456                              e6shm_mismatch, then e6shm_detect_begin
 *                         clear or cancel                    e6shm_end_query
 *   No usable colour:     e6shm_detect_begin                 -> probe yourself, or the answer that another process found
 *
 * The caller talks to the engine itself; this library never does, starts no thread, calls nothing back and prints nothing.
 *
 * Status. Functions that return int32_t return E6SHM_OK (0), or a negative E6SHM_ERR_*; e6shm_last_error() then has the
 *   sentence. On an error every output is zeroed, unless the function says otherwise. There are no positive statuses.
 * Arguments. A null pointer, an undefined number or a bad size is E6SHM_ERR_BAD_ARGUMENT, never a crash; only outputs marked
 *   "may be null" may be null. Memory behind a pointer is used during the call only, and belongs to the caller.
 * Text. Inputs are bytes with a length; pass E6SHM_ZERO_TERMINATED as the length to have it counted. Outputs go to a buffer of
 *   the caller as `size` bytes with the zero; `length` receives the full length without it, also when the buffer is too small
 *   (E6SHM_ERR_TOO_LONG, buffer is ""). A null buffer of size 0 asks for the length alone and is no error.
 * Threads. Every function may be called from any thread at any time, with one exception: e6shm_detach must not run while
 *   another thread is inside a call with the same handle. Not for signal handlers. A call holds off thread cancellation, and
 *   leaves errno as it was. Without a segment each thread knows for itself: end a query on the thread that began it.
 * Fork. A handle is valid on both sides of a fork; the child becomes a participant of its own on its first call. Tickets and
 *   leases stay with the process that got them: in the child they answer E6SHM_ERR_FORKED and touch nothing. A fork while
 *   other threads are inside the library leaves nothing locked in the child.
 * Waiting. Only e6shm_detect_begin and e6shm_resume_begin wait for other processes, until their time-out; nothing else waits
 *   longer than 100 ms.
 * Stability. Numbers, struct layouts and functions of one E6SHM_ABI_VERSION never change; new ones are added. Structs have a
 *   fixed size (given for 64-bit systems) with reserved fields that are zero; e6shm_options_t grows and says its size.
 */
#ifndef E6SHM_H
#define E6SHM_H

#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define E6SHM_API __attribute__((visibility("default")))
#else
#define E6SHM_API
#endif

#ifdef __cplusplus
#define E6SHM_NOEXCEPT noexcept
#define E6SHM_CAST(type, value) static_cast<type>(value)
extern "C" {
#else
#define E6SHM_NOEXCEPT
#define E6SHM_CAST(type, value) ((type)(value))
#endif

/* The version of this interface: it is also the library's SONAME. */
#define E6SHM_ABI_VERSION 1

/* Status. */

/* Statuses -1 to -99 name a cause that a person can act on; they are those of e6::Cause with the sign changed. */
enum {
  E6SHM_OK = 0,
  E6SHM_ERR_BAD_OPTION = -1,       /* an option or environment variable is malformed or out of range */
  E6SHM_ERR_NO_DIRECTORY = -2,     /* the segment directory does not exist */
  E6SHM_ERR_NO_PERMISSION = -3,    /* the system refused access */
  E6SHM_ERR_READ_ONLY = -4,        /* the directory's file system is read-only */
  E6SHM_ERR_NO_SPACE = -5,         /* the file system cannot hold the segment */
  E6SHM_ERR_NO_DESCRIPTORS = -6,   /* the process or the system has no file descriptor left */
  E6SHM_ERR_NOT_A_SEGMENT = -7,    /* a file of that name is no segment */
  E6SHM_ERR_FOREIGN_OWNER = -8,    /* it belongs to another user */
  E6SHM_ERR_FOREIGN_MODE = -9,     /* its permissions are wider than allowed, or its group is another */
  E6SHM_ERR_FOREIGN_LAYOUT = -10,  /* another layout version stands under this version's name */
  E6SHM_ERR_FOREIGN_LIBC = -11,    /* made by a C library whose mutex has another shape */
  E6SHM_ERR_FOREIGN_CLOCK = -12,   /* made in another time namespace, or before the last boot */
  E6SHM_ERR_FOREIGN_CLUSTER = -13, /* the name is right and the cluster in it is another */
  E6SHM_ERR_DAMAGED = -14,         /* checksum or structure wrong */
  E6SHM_ERR_RETIRED = -15,         /* it was retired and its name could not be taken over */
  E6SHM_ERR_BUSY = -16,            /* a lock was not to be had within its bound */
  E6SHM_ERR_FULL = -17,            /* no free slot or entry */
  E6SHM_ERR_TOO_LONG = -18,        /* a text does not fit its place */
  E6SHM_ERR_UNKNOWN = -19,         /* no such query */
  E6SHM_ERR_FORKED = -20,          /* a ticket or lease of another process, as after a fork */
  E6SHM_ERR_TIMEOUT = -21,         /* the caller's deadline passed */
  E6SHM_ERR_SYSTEM = -22,          /* anything else; see e6shm_last_errno */
  E6SHM_ERR_FOREIGN_KERNEL = -23,  /* another kernel made it while this one was running */

  E6SHM_ERR_BAD_ARGUMENT = -100, /* a null pointer, an undefined number, a bad size */
  E6SHM_ERR_BAD_HANDLE = -101,   /* no handle of e6shm_attach, or detached */
  E6SHM_ERR_BAD_TICKET = -102,   /* no ticket or lease that this library gave out, or one of another handle */
  E6SHM_ERR_ENDED = -103,        /* a ticket or lease that has been given back already */
  E6SHM_ERR_NO_STRATEGY = -104,  /* no usable colour: detect */
  E6SHM_ERR_LATE = -105,         /* the lease had been taken over; its result was ignored */
  E6SHM_ERR_NO_MEMORY = -106
};

/* "no-space", "bad-ticket", ...; "ok" for 0 and "undefined" for what is no status. Static text, like all *_name functions'. */
E6SHM_API const char* e6shm_status_name(int32_t status) E6SHM_NOEXCEPT;

/* One sentence for the operator about the calling thread's last error: what it is about, what is wrong, what to do. "" if it
 * had none. Never null. Valid until the thread's next error; a call that succeeds leaves it. */
E6SHM_API const char* e6shm_last_error(void) E6SHM_NOEXCEPT;

/* errno of the system call that failed in the calling thread's last error; 0 if none did. */
E6SHM_API int32_t e6shm_last_errno(void) E6SHM_NOEXCEPT;

/* The library's version as text, for example "0.1.0". */
E6SHM_API const char* e6shm_version(void) E6SHM_NOEXCEPT;

/* E6SHM_ABI_VERSION of the library that was loaded. */
E6SHM_API int32_t e6shm_abi_version(void) E6SHM_NOEXCEPT;

/* Words. */

/* The length of a text that ends with a zero byte. */
#define E6SHM_ZERO_TERMINATED SIZE_MAX

/* A colour of the cluster. */
typedef int32_t e6shm_strategy_t;
enum { E6SHM_NONE = 0, E6SHM_BLUE = 1, E6SHM_GREEN = 2 };

/* "blue", "green", the wire names; "none" for E6SHM_NONE; "undefined" for any other number. */
E6SHM_API const char* e6shm_strategy_name(e6shm_strategy_t strategy) E6SHM_NOEXCEPT;

/* Parses a colour regardless of case; surrounding spaces are not accepted. Anything but blue and green is
 * E6SHM_ERR_BAD_ARGUMENT, and *strategy is E6SHM_NONE: an engine's unknown `new_strategy` is to be ignored with a warning. */
E6SHM_API int32_t e6shm_strategy_parse(const char* text, size_t length, e6shm_strategy_t* strategy) E6SHM_NOEXCEPT;

/* The other colour; E6SHM_NONE for what is none. */
E6SHM_API e6shm_strategy_t e6shm_strategy_other(e6shm_strategy_t strategy) E6SHM_NOEXCEPT;

/* The moment of the host's knowledge in which a request was sent. News that stems from the request carries it back, and has no
 * effect once the host has moved on. Copy it and keep it across threads, never across a fork or in a file; compare it only for
 * equality. High half: changes of the active colour; low half: changes of the pending one. */
typedef uint64_t e6shm_epoch_t;

/* When a pending colour becomes the active one. */
typedef int32_t e6shm_policy_t;
enum {
  E6SHM_POLICY_UNSET = 0,         /* from E6_SHM_POLICY, else on-completion */
  E6SHM_POLICY_ON_COMPLETION = 1, /* at the next clear or cancel of any query on the host, or at once when none is in flight */
  E6SHM_POLICY_NEXT_QUERY = 2,    /* new queries take it at once */
  E6SHM_POLICY_WHEN_IDLE = 3      /* when no query of the host is in flight, at the latest after the drain time-out */
};

/* "on-completion", "next-query", "when-idle"; "unset"; "undefined". */
E6SHM_API const char* e6shm_policy_name(e6shm_policy_t policy) E6SHM_NOEXCEPT;

/* Parses the names above but "unset". E6SHM_ERR_BAD_ARGUMENT for anything else. */
E6SHM_API int32_t e6shm_policy_parse(const char* text, size_t length, e6shm_policy_t* policy) E6SHM_NOEXCEPT;

/* Options. */

/* Yes, no, or from the environment. */
enum { E6SHM_UNSET = 0, E6SHM_YES = 1, E6SHM_NO = 2 };

/* Settings of an attachment. A field that is zero is not set: the environment decides, else the default. A set field wins over
 * both. Start from E6SHM_OPTIONS_INIT, or from zeroed memory with struct_size = sizeof(e6shm_options_t). 128 bytes. */
typedef struct e6shm_options {
  size_t struct_size;   /* of the struct that the caller was compiled with. A library that is older than the caller accepts the
                           larger struct as long as the fields it does not know are zero. */
  const char* cluster;  /* `host:port[/cluster-name]` or an explicit id; lower-cased. 1 to 200 characters. Required. */
  const char* directory; /* where segments live; an absolute path. E6_SHM_DIR, default /dev/shm */
  const char* group;    /* share with this group (mode 0660) instead of the own user only (0600): a
                           name, or a number, which needs no name. E6_SHM_GROUP, default none.
                           "" is none also when the environment names one. */
  int64_t ttl_ms;       /* how long a colour is believed without news. 60000 to 1800000 ms.
                           E6DATA_STRATEGY_CACHE_TIMEOUT (seconds), default 300000 */
  int64_t negative_ttl_ms; /* for how long nobody probes again after both colours were refused. 100 to 60000 ms.
                           E6_SHM_NEGATIVE_TTL (seconds), default 1000 */
  int64_t detection_timeout_ms; /* the longest a detection may take, for the one who probes and those who wait.
                           1000 to 600000 ms. E6DATA_STRATEGY_DETECTION_TIMEOUT (seconds), default 30000 */
  int64_t drain_timeout_ms; /* the longest a pending colour waits for queries to end. 1000 to 3600000 ms.
                           E6_SHM_DRAIN_TIMEOUT (seconds), default 60000 */
  e6shm_policy_t policy; /* E6SHM_POLICY_*. E6_SHM_POLICY, default on-completion */
  int32_t required;     /* without a segment: E6SHM_NO falls back to thread-local state, E6SHM_YES makes it an error.
                           E6_SHM_REQUIRED (0 or 1), default no */
  int32_t share;        /* E6SHM_NO never uses a segment. E6_SHM_SHARE (0 or 1), default yes */
  uint32_t reserved0;   /* 0 */
  uint64_t reserved[6]; /* 0 */
} e6shm_options_t;

#define E6SHM_OPTIONS_INIT \
  { sizeof(e6shm_options_t), NULL, NULL, NULL, 0, 0, 0, 0, 0, 0, 0, 0, {0, 0, 0, 0, 0, 0} }

/* Sets every field but cluster that is not set yet: to the environment's value, else to the default. The texts it sets stay
 * valid until the same thread calls this function again. E6SHM_ERR_BAD_OPTION, with the options as they were, names the first
 * variable whose value is bad, the value, and the range. */
E6SHM_API int32_t e6shm_options_from_environment(e6shm_options_t* options) E6SHM_NOEXCEPT;

/* Whether e6shm_attach would take these options (and this environment). E6SHM_ERR_BAD_OPTION names the first offence: the option,
 * its value and the range. Whether the group and the directory exist is seen when attaching. */
E6SHM_API int32_t e6shm_options_check(const e6shm_options_t* options) E6SHM_NOEXCEPT;

/* Attaching. */

/* One attachment of this process to one cluster's knowledge. Opaque. */
typedef struct e6shm e6shm_t;

/* How an attachment works. */
typedef int32_t e6shm_mode_t;
enum {
  E6SHM_MODE_SHARED = 1,  /* on a segment, as a participant */
  E6SHM_MODE_GUEST = 2,   /* on a segment without a slot: the colour is shared, records are not kept */
  E6SHM_MODE_FALLBACK = 3 /* no segment: each thread for itself, by the same rules */
};
/* "shared", "guest", "fallback"; "undefined". */
E6SHM_API const char* e6shm_mode_name(e6shm_mode_t mode) E6SHM_NOEXCEPT;

/* Attaches to the cluster's segment, making it if need be. *handle is null on an error.
 *
 * Handles of one cluster, directory and group share one participant; the options of the first one stay in force while any of
 * them is attached. A process may have 4096 handles at a time (E6SHM_ERR_FULL). It fails for bad options, and without a segment
 * only when `required` is set: else the handle works in fallback (see e6shm_mode,
 * e6shm_degraded_by), and once per process and cluster one line on standard error says so, unless
 * `share` is E6SHM_NO or E6_SHM_FALLBACK_WARNING in the environment is 0.
 * Process death needs no e6shm_detach: others notice, and clean up. */
E6SHM_API int32_t e6shm_attach(const e6shm_options_t* options, e6shm_t** handle) E6SHM_NOEXCEPT;

/* Gives a handle back. Queries begun through it end for the host, detection and resume leases are abandoned; their
 * tickets and leases are E6SHM_ERR_ENDED from here on. A detached handle answers E6SHM_ERR_BAD_HANDLE, at least until 4095 more
 * attachments have been made. */
E6SHM_API int32_t e6shm_detach(e6shm_t* handle) E6SHM_NOEXCEPT;

E6SHM_API int32_t e6shm_mode(const e6shm_t* handle, e6shm_mode_t* mode) E6SHM_NOEXCEPT;

/* Why the mode is not shared: *cause receives a status (E6SHM_OK if it is shared), the buffer a sentence. */
E6SHM_API int32_t e6shm_degraded_by(const e6shm_t* handle, int32_t* cause, char* buffer, size_t size,
                                    size_t* length /* may be null */) E6SHM_NOEXCEPT;

/* The segment's path; empty in fallback. */
E6SHM_API int32_t e6shm_path(const e6shm_t* handle, char* buffer, size_t size,
                             size_t* length /* may be null */) E6SHM_NOEXCEPT;

/* The options in force, every field set. The caller sets struct_size; on an error the rest stays as it was. The texts are valid
 * until the handle is detached. */
E6SHM_API int32_t e6shm_options_in_force(const e6shm_t* handle, e6shm_options_t* options) E6SHM_NOEXCEPT;

/* What the host knows. */

/* One consistent look at the host's knowledge; everything comes from a single 64-bit load. 64 bytes. */
typedef struct e6shm_snapshot_fields {
  e6shm_strategy_t active;  /* colour for new queries; may be past its expiry, see usable */
  e6shm_strategy_t pending; /* announced and not yet applied */
  e6shm_epoch_t epoch;
  int32_t usable;        /* 1: active is a colour and has not expired */
  int32_t soft_expired;  /* 1: usable, but past the soft limit: one process of the host should re-check (e6shm_detect_try) */
  int32_t both_refused;  /* 1: both colours were refused a moment ago; nobody probes until remaining_ms is over */
  uint32_t remaining_ms; /* until the hard limit (or the end of both_refused); 250 ms resolution */
  uint64_t reserved[4];  /* 0 */
} e6shm_snapshot_t;

/* What the host knows now. Lock-free: one acquire load, one coarse clock read, a compare. */
E6SHM_API int32_t e6shm_snapshot(const e6shm_t* handle, e6shm_snapshot_t* snapshot) E6SHM_NOEXCEPT;

/* The same in one 64-bit number, for every request: no output to write, nothing to check. 0, which reads as "nothing known", for
 * a handle that is none.
 *
 *   63            44 43        32 31   29 28          8   7     6       5       4      3 2    1 0
 *   active epoch     pending e.   0       remaining_ms    0     both_r. soft_e. usable pending active
 */
E6SHM_API uint64_t e6shm_snapshot_word(const e6shm_t* handle) E6SHM_NOEXCEPT;

static inline e6shm_strategy_t e6shm_word_active(uint64_t word) { return E6SHM_CAST(e6shm_strategy_t, word & 3U); }
static inline e6shm_strategy_t e6shm_word_pending(uint64_t word) { return E6SHM_CAST(e6shm_strategy_t, (word >> 2) & 3U); }
static inline int32_t e6shm_word_usable(uint64_t word) { return E6SHM_CAST(int32_t, (word >> 4) & 1U); }
static inline int32_t e6shm_word_soft_expired(uint64_t word) { return E6SHM_CAST(int32_t, (word >> 5) & 1U); }
static inline int32_t e6shm_word_both_refused(uint64_t word) { return E6SHM_CAST(int32_t, (word >> 6) & 1U); }
static inline uint32_t e6shm_word_remaining_ms(uint64_t word) { return E6SHM_CAST(uint32_t, (word >> 8) & 0x1fffffU); }
static inline e6shm_epoch_t e6shm_word_epoch(uint64_t word) {
  return ((word >> 44) << 32) | ((word >> 32) & 0xfffU);
}

/* Queries. */

/* A query in flight. From e6shm_begin_query, back to e6shm_end_query; all zero is "no query". Plain bytes: copy and move it at
 * will; once one copy has been given back the others are E6SHM_ERR_ENDED. Bytes that this library did not make are
 * E6SHM_ERR_BAD_TICKET. Two threads that use one ticket at the same moment take turns. 64 bytes. */
typedef struct e6shm_ticket {
  uint64_t opaque[8];
} e6shm_ticket_t;

/* Starts a query on the usable colour, before its prepare call. E6SHM_ERR_NO_STRATEGY when there is none: detect, then try again.
 * Under the policies that apply a pending colour at a query's start it is applied first. At most 262144 queries of one process
 * are in flight at a time (E6SHM_ERR_FULL). */
E6SHM_API int32_t e6shm_begin_query(e6shm_t* handle, e6shm_ticket_t* ticket,
                                    e6shm_strategy_t* strategy /* may be null */,
                                    e6shm_epoch_t* epoch /* may be null */) E6SHM_NOEXCEPT;

/* Starts a query on a colour, blue or green, that the caller has already fixed (recovery of a query on its own colour). */
E6SHM_API int32_t e6shm_begin_query_on(e6shm_t* handle, e6shm_strategy_t strategy, e6shm_epoch_t epoch,
                                       e6shm_ticket_t* ticket) E6SHM_NOEXCEPT;

/* The colour and epoch in a ticket; also of one that was given back, and in a forked child. */
E6SHM_API int32_t e6shm_ticket_read(const e6shm_ticket_t* ticket, e6shm_strategy_t* strategy /* may be null */,
                                    e6shm_epoch_t* epoch /* may be null */) E6SHM_NOEXCEPT;

/* Makes the query known to the host by its id, once prepare has answered, so that any process can fetch, clear or cancel it.
 * `query_id` 1 to 96 bytes, `engine_address` (engineIP) 0 to 120 bytes and may be null when its length is 0; no zero byte in
 * either. On E6SHM_ERR_TOO_LONG, _FULL or _BUSY the query goes on, only other processes cannot find it. */
E6SHM_API int32_t e6shm_bind(e6shm_t* handle, const e6shm_ticket_t* ticket, const char* query_id,
                             size_t query_id_length, const char* engine_address,
                             size_t engine_address_length) E6SHM_NOEXCEPT;

/* The pin of a query that was begun and bound anywhere on the host. E6SHM_ERR_UNKNOWN if there is none by that id. A buffer of
 * E6SHM_ENGINE_ADDRESS_SIZE bytes is always large enough; strategy and epoch are set also when it is not. */
#define E6SHM_ENGINE_ADDRESS_SIZE 121
E6SHM_API int32_t e6shm_find_query(const e6shm_t* handle, const char* query_id, size_t query_id_length,
                                   e6shm_strategy_t* strategy /* may be null */,
                                   e6shm_epoch_t* epoch /* may be null */, char* engine_address,
                                   size_t engine_address_size,
                                   size_t* engine_address_length /* may be null */) E6SHM_NOEXCEPT;

/* The query is over for the host; then a pending colour is applied if the policy allows. Zeroes *ticket unless it fails. "No
 * query" is not an error. Does not clear the query on the engine. */
E6SHM_API int32_t e6shm_end_query(e6shm_t* handle, e6shm_ticket_t* ticket) E6SHM_NOEXCEPT;

/* The same for a query that was begun elsewhere on the host. E6SHM_ERR_UNKNOWN if there is none by that id. */
E6SHM_API int32_t e6shm_end_query_by_id(e6shm_t* handle, const char* query_id,
                                        size_t query_id_length) E6SHM_NOEXCEPT;

/* Queries in flight on the host (of this thread in fallback). A scan; not for every request. */
E6SHM_API int32_t e6shm_in_flight(const e6shm_t* handle, uint32_t* count) E6SHM_NOEXCEPT;

/* News from the engine. */

/* A response to a request that was sent in `epoch` carried `new_strategy`: blue or green. *changed is 1 if it changed what the
 * host knows, else 0 (old news, or known already). */
E6SHM_API int32_t e6shm_announce(e6shm_t* handle, e6shm_strategy_t announced, e6shm_epoch_t epoch,
                                 int32_t* changed /* may be null */) E6SHM_NOEXCEPT;

/* A request of `strategy` that was sent in `epoch` succeeded. Extends the expiry; writes at most once per tenth of the TTL. */
E6SHM_API int32_t e6shm_confirm(e6shm_t* handle, e6shm_strategy_t strategy, e6shm_epoch_t epoch) E6SHM_NOEXCEPT;

/* A request of `strategy` that was sent in `epoch` was refused with 456. *changed is 1 if that was news: the active colour is
 * unknown now. */
E6SHM_API int32_t e6shm_mismatch(e6shm_t* handle, e6shm_strategy_t strategy, e6shm_epoch_t epoch,
                                 int32_t* changed /* may be null */) E6SHM_NOEXCEPT;

/* Detection. */

/* The right to probe, held by at most one process of the host; or to resume. Plain bytes as a ticket is. Give it back through
 * exactly one of e6shm_detect_succeed, _fail and _abandon (or e6shm_resume_end and _abandon); dropped without, it lets the others
 * wait until it is passed over, or until the death of this process. 64 bytes. */
typedef struct e6shm_lease {
  uint64_t opaque[8];
} e6shm_lease_t;

/* What e6shm_detect_begin answers. */
enum {
  E6SHM_DETECT_USABLE = 1,  /* snapshot has a usable colour: go on */
  E6SHM_DETECT_PROBE = 2,   /* the caller holds lease: probe in its order, then report */
  E6SHM_DETECT_FAILED = 3,  /* another process probed and failed, see failure; or both colours were refused a moment ago */
  E6SHM_DETECT_TIMEOUT = 4, /* the time passed while another process was still probing */
  E6SHM_DETECT_BUSY = 5     /* e6shm_detect_try and _verify only: another process is probing */
};

/* Why a probe did not find a colour. */
typedef int32_t e6shm_failure_t;
enum {
  E6SHM_FAILURE_NONE = 0,
  E6SHM_FAILURE_BOTH_REFUSED = 1, /* a 456 for blue and for green: nobody probes for the negative TTL */
  E6SHM_FAILURE_UNREACHABLE = 2,  /* no connection; the known colour, if any, is kept, as it is for all of the following */
  E6SHM_FAILURE_DENIED = 3,       /* credentials refused */
  E6SHM_FAILURE_SUSPENDED = 4,    /* the cluster is suspended and was not resumed */
  E6SHM_FAILURE_TIMED_OUT = 5,
  E6SHM_FAILURE_OTHER = 6
};
/* "both-refused", "unreachable", ...; "undefined". */
E6SHM_API const char* e6shm_failure_name(e6shm_failure_t failure) E6SHM_NOEXCEPT;

/* 176 bytes. */
typedef struct e6shm_detection {
  int32_t outcome;           /* E6SHM_DETECT_*; 0 only on an error */
  e6shm_failure_t failure;   /* with E6SHM_DETECT_FAILED */
  uint32_t failure_code;     /* the gRPC status code that the prober reported; 0 if none */
  e6shm_strategy_t order[2]; /* with E6SHM_DETECT_PROBE: the colours to try, in this order */
  uint32_t reserved0;        /* 0 */
  e6shm_lease_t lease;       /* with E6SHM_DETECT_PROBE; else zero */
  e6shm_snapshot_t snapshot;
  uint64_t reserved[3];      /* 0 */
} e6shm_detection_t;

/* Waits for a usable colour or for the right to probe, for at most `timeout_ms`: 0 does not wait, -1 stands for the detection
 * time-out, which also bounds larger values. Sleeps on a futex; wakes when the prober reports, and by itself when it has died. */
E6SHM_API int32_t e6shm_detect_begin(e6shm_t* handle, int64_t timeout_ms,
                                     e6shm_detection_t* detection) E6SHM_NOEXCEPT;

/* The same without waiting (E6SHM_DETECT_BUSY while another process probes), and it hands out the lease although a colour is
 * usable if that is past its soft limit: the one re-check of the host. */
E6SHM_API int32_t e6shm_detect_try(e6shm_t* handle, e6shm_detection_t* detection) E6SHM_NOEXCEPT;

/* The same for a refusal that is in doubt: hands out the lease although `strategy` is usable, and the
 * probe begins with it. */
E6SHM_API int32_t e6shm_detect_verify(e6shm_t* handle, e6shm_strategy_t strategy,
                                      e6shm_detection_t* detection) E6SHM_NOEXCEPT;

/* One colour was refused with 456 while probing; for the record. The lease stays, and is extended. */
E6SHM_API int32_t e6shm_detect_refused(e6shm_t* handle, const e6shm_lease_t* lease,
                                       e6shm_strategy_t strategy) E6SHM_NOEXCEPT;

/* The probe goes on. A lease that nobody extends is passed over after a third of the detection time-out (300 ms at least): say this a
 * few times within that while one call lasts, or a cluster that is slow to answer is never found by anybody. No effect, and no
 * error, once the lease was taken over. */
E6SHM_API int32_t e6shm_detect_extend(e6shm_t* handle, const e6shm_lease_t* lease) E6SHM_NOEXCEPT;

/* The probe authenticated with `strategy`: the host's active colour from here on. E6SHM_ERR_LATE if the lease had been taken over
 * meanwhile: what the successor found stands. Zeroes *lease in both cases. */
E6SHM_API int32_t e6shm_detect_succeed(e6shm_t* handle, e6shm_lease_t* lease,
                                       e6shm_strategy_t strategy) E6SHM_NOEXCEPT;

/* The probe failed; those who wait get the same answer. `failure` is not E6SHM_FAILURE_NONE; `code` is the gRPC status code, 0 to
 * 16. Zeroes *lease. */
E6SHM_API int32_t e6shm_detect_fail(e6shm_t* handle, e6shm_lease_t* lease, e6shm_failure_t failure,
                                    uint32_t code) E6SHM_NOEXCEPT;

/* The probe was given up without a result; the next waiter probes. Zeroes *lease; "no lease" is not an error. */
E6SHM_API int32_t e6shm_detect_abandon(e6shm_t* handle, e6shm_lease_t* lease) E6SHM_NOEXCEPT;

/* What e6shm_resume_begin answers. */
enum {
  E6SHM_RESUME_YOURS = 1,    /* the caller resumes the cluster, then calls e6shm_resume_end or _abandon */
  E6SHM_RESUME_BY_OTHER = 2, /* another process resumed it */
  E6SHM_RESUME_FAILED = 3,   /* another process tried and failed */
  E6SHM_RESUME_TIMEOUT = 4,  /* the time passed while another process was resuming */
  E6SHM_RESUME_NOT_NEEDED = 5 /* another process found it active: what refused the caller is something before the cluster */
};

/* The right to resume a suspended cluster, or what became of another process's attempt. Waits at most `timeout_ms`: 0 does not
 * wait, -1 stands for the detection time-out, the largest value is one hour. *lease is zero unless E6SHM_RESUME_YOURS. */
E6SHM_API int32_t e6shm_resume_begin(e6shm_t* handle, int64_t timeout_ms, int32_t* outcome,
                                     e6shm_lease_t* lease) E6SHM_NOEXCEPT;

/* The cluster is still waking up. A lease is passed over after 330 s; once this was called, 30 s after the last call: say it at
 * every look at the cluster's state, so that a process that is stopped meanwhile does not keep the others. No effect, and no error,
 * once the lease was taken over. */
E6SHM_API int32_t e6shm_resume_extend(e6shm_t* handle, const e6shm_lease_t* lease) E6SHM_NOEXCEPT;

/* The cluster is active (1), cannot be resumed (0), or was active all the time (2); those who wait get the same answer. Zeroes
 * *lease. */
E6SHM_API int32_t e6shm_resume_end(e6shm_t* handle, e6shm_lease_t* lease, int32_t active) E6SHM_NOEXCEPT;

/* The attempt was given up for reasons of the caller's own; the next waiter resumes. Zeroes *lease; "no lease" is not an error. */
E6SHM_API int32_t e6shm_resume_abandon(e6shm_t* handle, e6shm_lease_t* lease) E6SHM_NOEXCEPT;

/* Operator's actions: each stands in the event ring with the caller's pid. */

/* `strategy`, blue or green, is the active colour from now on. */
E6SHM_API int32_t e6shm_set(e6shm_t* handle, e6shm_strategy_t strategy,
                            int32_t* changed /* may be null */) E6SHM_NOEXCEPT;
/* Nothing is known from now on. */
E6SHM_API int32_t e6shm_clear(e6shm_t* handle, int32_t* changed /* may be null */) E6SHM_NOEXCEPT;
/* The pending colour becomes active now. */
E6SHM_API int32_t e6shm_apply(e6shm_t* handle, int32_t* changed /* may be null */) E6SHM_NOEXCEPT;
/* The active colour is past its hard limit from now on. */
E6SHM_API int32_t e6shm_expire(e6shm_t* handle, int32_t* changed /* may be null */) E6SHM_NOEXCEPT;

/* Seeing it. */

/* Counters of this process since it attached. A later library may have more; E6SHM_COUNTER_COUNT is what this header knows. */
enum {
  E6SHM_COUNTER_HITS = 0,             /* requests that found a usable colour */
  E6SHM_COUNTER_MISSES = 1,           /* requests that did not */
  E6SHM_COUNTER_QUERIES_BEGUN = 2,
  E6SHM_COUNTER_QUERIES_ENDED = 3,
  E6SHM_COUNTER_MISMATCHES = 4,       /* 456s reported, current or late */
  E6SHM_COUNTER_STALE_NEWS = 5,       /* announce, confirm or mismatch that was old news */
  E6SHM_COUNTER_ANNOUNCEMENTS = 6,    /* that had an effect */
  E6SHM_COUNTER_TRANSITIONS = 7,      /* pending colours applied by this process */
  E6SHM_COUNTER_DETECTIONS = 8,       /* probes begun */
  E6SHM_COUNTER_DETECTIONS_FAILED = 9,
  E6SHM_COUNTER_REFUSED_PROBES = 10,  /* single authentications refused with 456 while probing */
  E6SHM_COUNTER_DETECTION_MICROS = 11, /* sum of probe durations, microseconds */
  E6SHM_COUNTER_LEASE_TAKEOVERS = 12,
  E6SHM_COUNTER_LOCK_RECOVERIES = 13,
  E6SHM_COUNTER_LOCK_TIMEOUTS = 14,   /* records that were not made because the lock was not to be had in time */
  E6SHM_COUNTER_PINS_OVERFLOWED = 15, /* queries that found no free pin */
  E6SHM_COUNTER_EVENTS_DROPPED = 16,
  E6SHM_COUNTER_RENEWALS = 17,        /* expiry extensions written */
  E6SHM_COUNTER_RESUMES = 18,
  E6SHM_COUNTER_DETECTION_LE_10MS = 19, /* detection-time histogram, cumulative buckets */
  E6SHM_COUNTER_DETECTION_LE_50MS = 20,
  E6SHM_COUNTER_DETECTION_LE_250MS = 21,
  E6SHM_COUNTER_DETECTION_LE_1S = 22,
  E6SHM_COUNTER_DETECTION_LE_5S = 23,
  E6SHM_COUNTER_DETECTION_LE_30S = 24,
  E6SHM_COUNTER_COUNT = 25
};
/* "hits", "queries_begun", ...; "undefined". */
E6SHM_API const char* e6shm_counter_name(int32_t counter) E6SHM_NOEXCEPT;

/* One counter. E6SHM_ERR_BAD_ARGUMENT for one that the loaded library does not know. */
E6SHM_API int32_t e6shm_counter(const e6shm_t* handle, int32_t counter, uint64_t* value) E6SHM_NOEXCEPT;

/* The first `capacity` counters. *count receives how many there are; what the array has beyond is zeroed. Null with capacity 0 asks
 * for the number alone. Read one after the other while others count. */
E6SHM_API int32_t e6shm_counters(const e6shm_t* handle, uint64_t* values, size_t capacity,
                                 size_t* count) E6SHM_NOEXCEPT;

/* What an event is about, and why it happened. A later library may have more of both. */
enum {
  E6SHM_EVENT_CREATED = 1,           /* the segment was made */
  E6SHM_EVENT_JOINED = 2,            /* a process became a participant */
  E6SHM_EVENT_LEFT = 3,              /* a participant left in order */
  E6SHM_EVENT_DIED = 4,              /* a participant was found dead and reaped */
  E6SHM_EVENT_DETECTION_STARTED = 5, /* a process took the detection lease */
  E6SHM_EVENT_DETECTED = 6,          /* a probe found the active colour */
  E6SHM_EVENT_DETECTION_FAILED = 7,  /* a probe failed; the cause says how */
  E6SHM_EVENT_PENDING = 8,           /* the engine announced another colour */
  E6SHM_EVENT_ROLLED_BACK = 9,       /* the engine announced the active colour again; pending is cancelled */
  E6SHM_EVENT_APPLIED = 10,          /* pending became active */
  E6SHM_EVENT_MISMATCH = 11,         /* a current 456: the active colour is unknown now */
  E6SHM_EVENT_EXPIRED = 12,          /* the colour was made to expire by an operator */
  E6SHM_EVENT_LEASE_TAKEN_OVER = 13, /* a lease's holder was dead or too late */
  E6SHM_EVENT_RECOVERED = 14,        /* a lock owner died inside; its work was repaired */
  E6SHM_EVENT_RETIRED = 15,          /* the segment was given up; everyone moves to a new one */
  E6SHM_EVENT_OPERATOR_SET = 16,
  E6SHM_EVENT_OPERATOR_CLEARED = 17,
  E6SHM_EVENT_OPERATOR_APPLIED = 18,
  E6SHM_EVENT_RESUME_STARTED = 19, /* a process took the lease for resuming a suspended cluster */
  E6SHM_EVENT_RESUMED = 20,
  E6SHM_EVENT_MADE_ROOM = 21 /* the segment did not fit, and an unused one was removed */
};
enum {
  E6SHM_CAUSE_NONE = 0,
  E6SHM_CAUSE_NO_HISTORY = 1,
  E6SHM_CAUSE_REFUSED = 2,
  E6SHM_CAUSE_EXPIRED = 3,
  E6SHM_CAUSE_SOFT_EXPIRED = 4,
  E6SHM_CAUSE_ANNOUNCED = 5,
  E6SHM_CAUSE_COMPLETION = 6,
  E6SHM_CAUSE_IDLE = 7,
  E6SHM_CAUSE_NEXT_QUERY = 8,
  E6SHM_CAUSE_DRAIN_TIMEOUT = 9,
  E6SHM_CAUSE_OPERATOR = 10,
  E6SHM_CAUSE_OWNER_DIED = 11,
  E6SHM_CAUSE_OWNER_LATE = 12,
  E6SHM_CAUSE_BOTH_REFUSED = 13,
  E6SHM_CAUSE_UNREACHABLE = 14,
  E6SHM_CAUSE_DENIED = 15,
  E6SHM_CAUSE_SUSPENDED = 16,
  E6SHM_CAUSE_TIMED_OUT = 17,
  E6SHM_CAUSE_ABANDONED = 18,
  E6SHM_CAUSE_OTHER = 19,
  E6SHM_CAUSE_UNLINKED = 20,
  E6SHM_CAUSE_CUT_OFF = 21,
  E6SHM_CAUSE_DOUBTED = 22
};
/* "detected", "lease-taken-over", ...; "undefined". */
E6SHM_API const char* e6shm_event_name(int32_t kind) E6SHM_NOEXCEPT;
E6SHM_API const char* e6shm_event_cause_name(int32_t cause) E6SHM_NOEXCEPT;

/* One thing that happened on the host. 64 bytes. */
typedef struct e6shm_event {
  uint64_t sequence;     /* position in the ring since the segment was made */
  uint64_t realtime_ns;  /* CLOCK_REALTIME of the writer */
  uint64_t monotonic_ms; /* CLOCK_MONOTONIC_COARSE of the writer */
  e6shm_epoch_t epoch;   /* after the event */
  int32_t kind;          /* E6SHM_EVENT_* */
  int32_t cause;         /* E6SHM_CAUSE_* */
  e6shm_strategy_t from; /* the colour before, where the event is about a colour */
  e6shm_strategy_t to;   /* the colour after */
  uint32_t pid;          /* of the actor, in its own PID namespace; for display only */
  uint32_t about_pid;    /* of the participant it is about (died, taken over) */
  uint64_t reserved;     /* 0 */
} e6shm_event_t;

/* The latest events of the host, oldest first: at most `capacity`. *count receives how many were written. */
E6SHM_API int32_t e6shm_recent_events(const e6shm_t* handle, e6shm_event_t* events, size_t capacity,
                                      size_t* count) E6SHM_NOEXCEPT;

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* E6SHM_H */
