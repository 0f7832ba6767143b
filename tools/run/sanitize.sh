# run the tests that are meant for it under AddressSanitizer and UBSan (asan) or ThreadSanitizer (tsan); both when neither is named
verb_sanitize() {
  local presets='asan tsan'
  case ${1:-} in
    asan | tsan)
      presets=$1
      shift
      ;;
  esac
  test_presets "$presets" "$@"
}
