# print which lines of libshared the tests run, and fail below 95 %; arguments go to gcovr, as in: ./run coverage --html-details lines.html
verb_coverage() {
  local least=95 status=0 lines
  use_preset coverage
  need_packages gcovr
  mkdir -p "$build_dir"
  find "$build_dir" -name '*.gcda' -delete # of programs that may change now
  build tests/all
  find "$build_dir" -name '*.gcda' -delete # of listing the tests
  lines=$PWD/$build_dir/lines
  # Counting slows the programs down: one at a time, and what fails is run again and named. Time bounds are the business of ./run test.
  CI=${CI:-yes} run_tests --parallel 1 || status=1
  tally coverage || status=1
  say "counting the lines of libshared"
  gcovr --root . --filter libshared/ --exclude-throw-branches --exclude-unreachable-branches \
    --csv "$lines.csv" --txt "$lines.txt" --fail-under-line "$least" "$@" "$build_dir" >&2 || status=1
  awk -F, '
    NR == 1 { next }
    { print_line($1, $2, $3, $5, $6); lines += $2; run += $3; branches += $5; taken += $6 }
    function share(part, whole) { return whole ? sprintf("%5.1f %%", 100 * part / whole) : "      -" }
    function print_line(name, l, r, b, t) { printf "%-40s %5d lines %s   %5d branches %s\n", name, l, share(r, l), b, share(t, b) }
    END { print_line("total", lines, run, branches, taken) }
  ' "$lines.csv"
  say "the lines that no test runs are listed in $build_dir/lines.txt"
  if ((status != 0)); then fail 1 "a test failed, or less than $least % of the lines were run"; fi
}
