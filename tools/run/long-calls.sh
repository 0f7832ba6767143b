# run calls of minutes with all defaults: they survive, and a vanished engine is noticed; six minutes; arguments go to GoogleTest
verb_long-calls() {
  build long_calls_test
  exec "$build_dir/bin/long_calls_test" "$@"
}
