// Memory of what runs inside the machine. A thread that is killed, or a run that is cut short, never frees what it has; so all of it comes from one
// block that is taken back as a whole before the next run.
#pragma once

namespace e6::model {

void take_back_arena() noexcept;

/// While one exists, new takes from the block (or not).
class ArenaMode {
 public:
  explicit ArenaMode(bool on) noexcept;
  ~ArenaMode();
  ArenaMode(const ArenaMode&) = delete;
  ArenaMode& operator=(const ArenaMode&) = delete;

 private:
  bool before_;
};

/// For a switch between stacks: the mode belongs to the stack.
[[nodiscard]] bool arena_mode() noexcept;
void set_arena_mode(bool on) noexcept;

}  // namespace e6::model
