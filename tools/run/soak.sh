# kill thousands of processes on one segment, at random, and reconcile [--kills N] [--seed S] [--workers N]
verb_soak() {
  build soak
  exec "$build_dir/bin/soak" "$@"
}
