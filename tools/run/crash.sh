# kill, stop and copy processes inside every operation on a segment; arguments as in: ./run crash --operation leave --mode kill
verb_crash() {
  build crash_harness
  local program=$PWD/$build_dir/bin/crash_harness status=0
  case " $* " in
    *" --help "* | *" -h "* | *" --list "* | *" --operation"* | *" --mode"* | *" --record-budgets "*)
      "$program" "$@" || status=$?
      if ((status == 77)); then return 0; fi
      exit "$status"
      ;;
  esac
  "$program" "$@" || status=$?
  if ((status == 77)); then return 0; fi
  crash_mutants >&2 || status=1
  exit "$status"
}

# Every deliberately broken variant must be caught.
crash_mutants() {
  local name operation mode says status=0
  local -a all=()
  while IFS=$'\t' read -r name operation mode says; do all+=("crash_mutant_$name"); done <"$build_dir/tests/crash/mutants.txt"
  build "${all[@]}"
  printf '\n%s deliberately broken variants\n' "${#all[@]}"
  while IFS=$'\t' read -r name operation mode says; do
    printf '%-45s ' "$name"
    "$build_dir/bin/crash_mutant_$name" --operation "$operation" --mode "$mode" --expect "$says" </dev/null || status=1
  done <"$build_dir/tests/crash/mutants.txt"
  return "$status"
}
