# show worker processes going through a blue/green switch [--json]
verb_demo() {
  build e6-sim e6-storm e6-shm
  PATH="$PWD/$build_dir/bin:$PATH" exec tools/demo/run-demo "$@"
}
