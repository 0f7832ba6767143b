# run the tests that are meant for it under AddressSanitizer and UBSan (asan, asan-client) or ThreadSanitizer (tsan); all when none is named
verb_sanitize() {
  local presets='asan asan-client tsan'
  case ${1:-} in
    asan | asan-client | tsan)
      presets=$1
      shift
      ;;
  esac
  test_presets "$presets" "$@"
}
