# build and run the tests; arguments go to ctest, as in: ./run test -R Status
verb_test() {
  build
  unpack_package nginx
  local report=$PWD/$build_dir/tests.xml status=0
  rm -f "$report"
  say "running the tests"
  ctest --test-dir "$build_dir" --output-on-failure --no-tests=error --parallel 2 --output-junit "$report" "$@" \
    </dev/null || status=$?
  if [[ ! -e $report ]]; then fail 1 "no test ran"; fi
  tally "$report" && ((status == 0))
}
