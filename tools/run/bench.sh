# build and run the benchmarks; arguments go to each of them
verb_bench() {
  need_packages python3-venv
  build
  say "installing the Python connector into $build_dir/connector/, for comparison"
  bench/client/install-connector "$build_dir/connector" >&2 || say "it cannot be had; see above"
  local program status=0 ran=0
  for program in "$build_dir"/bin/*_bench; do
    if [[ ! -x $program ]]; then continue; fi
    ran=1
    say "${program##*/}"
    "$program" "$@" || status=1
  done
  if ((ran == 0)); then fail 1 "there is no benchmark in $build_dir/bin/"; fi
  exit "$status"
}
