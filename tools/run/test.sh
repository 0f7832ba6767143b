# build and run the tests, those of libshared under the sanitizers too; [--preset P] only those of P; arguments go to ctest, as in: ./run test -R Status
verb_test() {
  local -a presets=(release)
  if (($# == 0)); then presets+=(asan tsan); fi
  if [[ ${1:-} == --preset ]]; then
    if (($# < 2)); then fail 2 "--preset wants a name of CMakePresets.json, such as asan"; fi
    presets=("$2")
    shift 2
  fi
  test_presets "${presets[*]}" "$@"
}
