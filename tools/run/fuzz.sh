# throw damaged segments at everything; ./run fuzz [executions, default 1000000], or ./run fuzz FILE to replay an input
verb_fuzz() {
  need_packages clang-14 libclang-rt-14-dev
  local executions=1000000 file=
  if (($# > 1)); then fail 2 "./run fuzz takes a number of executions or a file, not both"; fi
  if [[ ${1:-} =~ ^[0-9]+$ ]]; then
    executions=$1
  elif (($# == 1)); then
    file=$1
    if [[ ! -e $file ]]; then fail 2 "there is no file $file"; fi
  fi

  local here=$build_dir/fuzz
  mkdir -p "$here/corpus" "$here/findings"
  say "building $here/bin/segment_fuzzer"
  CC=clang-14 CXX=clang++-14 cmake -S . -B "$here" -G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo -DE6_SANITIZE=address -DE6_FUZZ=ON \
    -DE6_BUILD_BENCH=OFF -DCMAKE_CXX_FLAGS="-fsanitize=fuzzer-no-link -fno-sanitize-coverage=trace-cmp" >"$here/configure.log" 2>&1 || {
    cat "$here/configure.log" >&2
    fail 1 "configuring failed"
  }
  cmake --build "$here" --parallel "$(jobs)" --target segment_fuzzer fuzz_replay >"$here/build.log" 2>&1 || {
    tail -40 "$here/build.log" >&2
    fail 1 "the build failed"
  }

  if [[ -n $file ]]; then
    "$here/bin/segment_fuzzer" "$file"
    "$here/bin/fuzz_replay" "$file"
    return
  fi

  local seed=${E6_FUZZ_SEED:-$RANDOM} job started=$SECONDS status=0
  # not local: the trap runs when the function is gone
  fuzz_pids=() fuzz_places=()
  trap 'kill "${fuzz_pids[@]}" 2>/dev/null || true; rm -rf "${fuzz_places[@]}"' EXIT
  say "$executions executions in 2 processes, seeds $seed and $((seed + 1)); what they print goes to $here/job-*.log"
  for job in 0 1; do
    fuzz_places[job]=$(mktemp -d /dev/shm/e6-fuzz.XXXXXX)
    E6_FUZZ_DIR=${fuzz_places[job]} nice "$here/bin/segment_fuzzer" -runs=$(((executions + job) / 2)) -seed=$((seed + job)) -max_len=512 -entropic=0 -detect_leaks=0 -reload=0 \
      -timeout=20 -rss_limit_mb=1024 -malloc_limit_mb=64 -print_final_stats=1 -artifact_prefix="$here/findings/" \
      "$here/corpus" tests/fuzz/corpus >"$here/job-$job.log" 2>&1 &
    fuzz_pids[job]=$!
  done
  for job in 0 1; do
    if ! wait "${fuzz_pids[job]}"; then
      status=1
      say "job $job found something:"
      grep -aE -m 12 'finding:|ERROR:|runtime error|SUMMARY|Assertion|Test unit written' "$here/job-$job.log" >&2 || tail -20 "$here/job-$job.log" >&2
    fi
  done
  local seconds=$((SECONDS - started)) done_executions
  done_executions=$(sed -n 's/^stat::number_of_executed_units: *//p' "$here"/job-*.log | awk '{ sum += $1 } END { print sum + 0 }')
  local findings
  findings=$(sed -n 's/.*Test unit written to \(.*\/\(crash\|timeout\|oom\|leak\)-[0-9a-f]*\)$/\1/p' "$here"/job-*.log) # a slow unit is none
  printf '%s executions, %s findings, %s s (%s per second), %s inputs that reach something of their own\n' "$done_executions" \
    "$(grep -c . <<<"$findings" || true)" "$seconds" "$((done_executions / (seconds > 0 ? seconds : 1)))" \
    "$(find "$here/corpus" -type f | wc -l)"
  for file in $findings; do printf 'replay: ./run fuzz %s\n' "$file"; done
  return "$status"
}
