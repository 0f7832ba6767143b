# E6_COVERAGE: every program counts the lines it runs; the preset coverage sets it, ./run coverage reads the counts.
option(E6_COVERAGE "Count executed lines for gcov" OFF)
if(E6_COVERAGE)
  add_compile_options(--coverage -fprofile-update=atomic -fprofile-abs-path)
  add_link_options(--coverage)
endif()
