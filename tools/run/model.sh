# random simulated workers against the design: ./run model [--steps N] [--seed S] [--workers N] [--policy P]; --mutants breaks guards on purpose
verb_model() {
  local program=simulation argument
  for argument in "$@"; do
    if [[ $argument == --mutants ]]; then program=simulation_mutants; fi
  done
  build "$program"
  exec "$build_dir/bin/$program" "$@"
}
