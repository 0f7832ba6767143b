# E6_SANITIZE: "", "address" (with undefined behaviour) or "thread"; the presets asan and tsan set it.
set(E6_SANITIZE "" CACHE STRING "Sanitizer: empty, address or thread")
if(E6_SANITIZE STREQUAL "address")
  # GCC takes what it instruments for uninitialized in std::regex (its bug 105562).
  # Without vptr: it asks the kernel through a pipe whether memory can be read, and takes every object for a broken one where no descriptor is free.
  add_compile_options(-fsanitize=address,undefined -fno-sanitize=vptr -fno-sanitize-recover=undefined -fno-omit-frame-pointer -Wno-maybe-uninitialized)
  add_link_options(-fsanitize=address,undefined)
elseif(E6_SANITIZE STREQUAL "thread")
  # ThreadSanitizer does not model fences, and GCC warns of each. What stands around ours is atomic: nothing plain is ordered by a fence.
  add_compile_options(-fsanitize=thread -fno-omit-frame-pointer -Wno-tsan)
  add_link_options(-fsanitize=thread)
elseif(NOT E6_SANITIZE STREQUAL "")
  message(FATAL_ERROR "E6_SANITIZE is '${E6_SANITIZE}'; use address, thread or nothing")
endif()
