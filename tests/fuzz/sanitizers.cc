// How AddressSanitizer is to behave in a fuzzing process. A length that was read from a segment and believed shows as an allocation far too large; what
// an execution leaves to the next (hosts.h) is watched by its size, not at the end.
extern "C" const char* __asan_default_options();
extern "C" const char* __asan_default_options() {
  return "max_allocation_size_mb=64:allocator_may_return_null=0:detect_leaks=0:malloc_context_size=5:quarantine_size_mb=8";
}
