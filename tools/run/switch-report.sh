# measure switches with up to 256 workers, with and without sharing, and write docs/switch-report.md; about 8 minutes
verb_switch-report() {
  need_packages gnuplot-nox
  build e6-sim e6-storm host_bench
  python3 -B tools/switch-report/switch-report --bin "$build_dir/bin" --out docs "$@"
  say "written: docs/switch-report.md"
}
