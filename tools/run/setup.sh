# install the Debian packages that are missing
verb_setup() {
  need_packages
  say "all packages are there"
}
