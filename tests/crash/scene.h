// The stage of one operation: a directory of its own, the segment as it is before the operation, and who counts as alive.
//
// The segment is made once, by real processes, and put back before every run. Who was on it then is alive as far as anybody can tell: the scene
// holds the bytes of their slots. So a run costs two forks and a copy.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "image.h"
#include "operation.h"
#include "os/fd.h"

namespace e6::crash {

/// A segment file, mapped by the harness to look at and to edit, with unmapped pages around it.
class Mapped {
 public:
  Mapped(int fd, bool writable);
  ~Mapped();
  Mapped(const Mapped&) = delete;
  Mapped& operator=(const Mapped&) = delete;
  [[nodiscard]] layout::Segment& segment() const noexcept { return *segment_; }

 private:
  void* reserved_ = nullptr;
  layout::Segment* segment_ = nullptr;
};

class Scene {
 public:
  explicit Scene(const Operation& operation);
  /// A directory of its own with no stage: for copies of what another scene's victim left.
  struct Bare {};
  Scene(const Operation& operation, Bare);
  ~Scene();
  Scene(const Scene&) = delete;
  Scene& operator=(const Scene&) = delete;

  /// Puts everything back to where it was before the operation, with all of the stage alive.
  void set();
  /// At the mark: the second participant dies, and the operation's edits are made.
  void begin();

  /// Puts a copy under the name, where nobody is alive but the neighbour, if it is on that segment.
  void set_to(const Image& image, bool neighbour);
  /// Maps the segment under the name if it is another one than before: the victim has published one. False if nothing is new.
  bool follow();

  [[nodiscard]] const Operation& operation() const noexcept { return operation_; }
  [[nodiscard]] const Options& options() const noexcept { return options_; }
  [[nodiscard]] const std::string& directory() const noexcept { return options_.directory; }
  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  [[nodiscard]] bool has_segment() const noexcept { return followed_ != nullptr || mapped_ != nullptr; }
  /// The one that stands under the name, as far as it was followed.
  [[nodiscard]] layout::Segment& segment() const noexcept { return followed_ != nullptr ? followed_->segment() : mapped_->segment(); }
  /// The one from before the operation, where the victim has published another one; else null.
  [[nodiscard]] layout::Segment* left() const noexcept { return followed_ != nullptr && mapped_ != nullptr ? &mapped_->segment() : nullptr; }
  /// Is the neighbour on this segment?
  [[nodiscard]] bool has_neighbour(const layout::Segment& segment) const noexcept;
  [[nodiscard]] int fd() const noexcept { return file_.get(); }
  /// The victim's part: attaching where the operation does not, preparing, and the operation between its marks.
  [[nodiscard]] std::function<void()> victim(bool without_tmpfile = false) const;
  /// Names in the directory, sorted.
  [[nodiscard]] std::vector<std::string> entries() const;

 private:
  void make_base();
  void make_file();
  void reset();
  void clean() const;

  const Operation& operation_;
  Options options_;
  std::string path_;
  Image base_;
  os::Fd file_;
  os::Fd neighbour_;
  os::Fd dead_;
  std::unique_ptr<Mapped> mapped_;
  os::Fd followed_file_;
  std::unique_ptr<Mapped> followed_;
};

}  // namespace e6::crash
