// Where an execution takes place: a segment's file in a private directory, as the input wants it, with the processes that are said to live.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "base.h"
#include "core/host.h"
#include "core/segment.h"
#include "e6/shared/options.h"
#include "os/fd.h"
#include "plan.h"

namespace e6::fuzz {

class Stage {
 public:
  /// In the directory that E6_FUZZ_DIR names, else in one of its own under /dev/shm.
  Stage();
  ~Stage();
  Stage(const Stage&) = delete;
  Stage& operator=(const Stage&) = delete;

  /// Before an execution: the file anew, with the plan's changes in it.
  void set(const Plan& plan);
  /// In the middle of one: changes under the eyes of whoever is attached.
  void change(const std::vector<Change>& changes);

  [[nodiscard]] Options options(TransitionPolicy policy) const;
  [[nodiscard]] const std::string& directory() const noexcept { return place_.directory; }
  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  /// Null while the file is cut off.
  [[nodiscard]] const layout::Segment* segment() const noexcept { return whole_ ? mapped_ : nullptr; }

 private:
  void know_hosts();
  void make_file();
  void remove_others() const;
  void hold(Base base, bool lock);

  bool own_directory_ = false;
  core::Place place_;
  std::string path_;
  std::vector<core::Host*> hosts_;  // of this process, by everybody's options: what an execution leaves in them is forgotten before the next
  std::array<Image, kBases> images_;
  os::Fd file_;            // its description holds the living processes' bytes
  layout::Segment* mapped_ = nullptr;
  std::uint32_t held_ = 0;
  bool lock_held_ = false;
  bool whole_ = true;
};

}  // namespace e6::fuzz
