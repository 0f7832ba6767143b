// What ThreadSanitizer has to know of these programs; empty without it.

#if defined(__SANITIZE_THREAD__)
// ThreadSanitizer knows pthread_mutex_unlock and not pthread_mutex_clocklock, and lets no thread start in a child of a threaded process.
extern "C" const char* __tsan_default_options();
extern "C" const char* __tsan_default_options() { return "report_mutex_bugs=0:die_after_fork=0"; }
#endif
