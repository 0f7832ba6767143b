# e6_target(<target>): the warnings of this house, for code that we write (never for generated code).
function(e6_target target)
  target_compile_options(${target} PRIVATE
    -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wnon-virtual-dtor
    -Wold-style-cast -Wcast-align -Woverloaded-virtual -Wimplicit-fallthrough
    $<$<CXX_COMPILER_ID:GNU>:-Wduplicated-cond> $<$<CXX_COMPILER_ID:GNU>:-Wlogical-op>)
  if(E6_WERROR)
    target_compile_options(${target} PRIVATE -Werror)
  endif()
endfunction()
