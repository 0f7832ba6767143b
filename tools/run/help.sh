# list the verbs
verb_help() {
  local name line
  printf 'usage: ./run <verb> [argument...]\n\n'
  for name in "${verbs[@]}"; do
    read -r line <"tools/run/$name.sh"
    printf '  %-13s %s\n' "$name" "${line#\# }"
  done
}
