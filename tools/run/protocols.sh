# check the protocols of the segment over all interleavings, for longer [--seconds N] [--seed N] [protocol]
verb_protocols() {
  local seconds=60 seed='' filter='*'
  while (($# > 0)); do
    case $1 in
      --seconds) seconds=${2:?--seconds wants a number} && shift 2 ;;
      --seed) seed=${2:?--seed wants a number} && shift 2 ;;
      -*) fail 2 "usage: ./run protocols [--seconds N] [--seed N] [protocol]" ;;
      *) filter="$1.*" && shift ;;
    esac
  done
  build protocol_check
  local -a how=("--long=$seconds" "--gtest_filter=$filter")
  if [[ -n $seed ]]; then how+=("--seed=$seed"); fi
  exec "$build_dir/bin/protocol_check" "${how[@]}" --gtest_brief=1
}
