# build everything into build/, programs into build/bin/; or the named targets
verb_build() {
  build "$@"
  say "the programs are in $build_dir/bin/"
}
