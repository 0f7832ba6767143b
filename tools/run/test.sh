# build and run the tests [--preset P]; arguments go to ctest, as in: ./run test -R Status
verb_test() {
  local -a presets=(release)
  if [[ ${1:-} == --preset ]]; then
    if (($# < 2)); then fail 2 "--preset wants a name of CMakePresets.json, such as asan"; fi
    presets=("$2")
    shift 2
  fi
  test_presets "${presets[*]}" "$@"
}
