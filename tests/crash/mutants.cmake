# Broken variants of libshared: one line of one file is replaced, and the enumeration must notice. A line that is no longer there fails the
# configuration, so that no variant silently becomes the original.
#
# e6_mutant(<name> <file under libshared/src> <operation> <mode> <what a violation must say> <line> <replacement> [<line> <replacement>])
include(${PROJECT_SOURCE_DIR}/cmake/replace_text.cmake)
set(E6_MUTANTS ${CMAKE_CURRENT_BINARY_DIR}/mutants.txt)
file(WRITE ${E6_MUTANTS} "")
function(e6_mutant name file operation mode says)
  set(mutated ${CMAKE_CURRENT_BINARY_DIR}/mutants/${name}.cc)
  if(ARGC GREATER 7)
    replace_text(${PROJECT_SOURCE_DIR}/libshared/src/${file} ${mutated} "${ARGV5}" "${ARGV6}" "${ARGV7}" "${ARGV8}")
  else()
    replace_text(${PROJECT_SOURCE_DIR}/libshared/src/${file} ${mutated} "${ARGV5}" "${ARGV6}")
  endif()
  # Its object comes before the library, whose own one is then not needed.
  add_executable(crash_mutant_${name} ${mutated} static_link.cc)
  target_include_directories(crash_mutant_${name} PRIVATE ${PROJECT_SOURCE_DIR}/libshared/src)
  target_link_libraries(crash_mutant_${name} PRIVATE crash_parts)
  target_link_options(crash_mutant_${name} PRIVATE -static -no-pie -s)
  add_test(NAME crash_mutants.${name}_is_caught
    COMMAND crash_mutant_${name} --operation ${operation} --mode ${mode} --expect ${says})
  set_tests_properties(crash_mutants.${name}_is_caught PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 120 LABELS once)
  file(APPEND ${E6_MUTANTS} "${name}\t${operation}\t${mode}\t${says}\n")
endfunction()
