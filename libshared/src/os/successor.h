// Putting a finished file in the place of one that was given up, while others do the same and any of them may be stopped in the middle of it.
//
// No file system renames "if the name still leads to that file". But a rename fails once its source is gone. So whoever wants to replace makes a bid,
// which is a link to its finished file under a name of its own, and then
//
//   1. links the bid   2. takes away all other bids   3. looks whether the old file still has the name   4. renames the bid to the name
//
// Of two who do so at the same time, either the later one finds the earlier bid in 2, and the earlier rename fails; or the earlier rename is over, and
// the later one finds that in 3. Whoever was stopped anywhere in between finds its bid gone. Who makes a file where there is none takes bids away as
// well: the old file's name may have been removed by somebody who makes none.
#pragma once

#include <chrono>
#include <string>

#include "os/segment_file.h"

namespace e6::os {

/// Removes temporary files of creators that are certainly dead, and every bid for `name` but `own`, whoever made it.
/// False: a bid may be left that can still take the name.
bool remove_litter(int directory, const std::string& name, const std::string& own = {});

/// Does `name` lead to the file of `fd`?
bool leads_to(int directory, const std::string& name, int fd) noexcept;

/// One after the other replaces a file, so that those who do it at once neither make many files nor take each other's bids away. Only a courtesy: it is
/// waited for within `bound`, and then gone on without.
class Turn {
 public:
  Turn(int given_up, std::chrono::milliseconds bound) noexcept;
  ~Turn();
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

 private:
  int given_up_;
  bool mine_ = false;
};

/// Gives the finished file the name of the file of `given_up`. kLostRace: somebody else did, or the name leads elsewhere.
/// Crash: the name leads to the old file or to the whole new one; a bid that is left is removed by the next one who replaces or makes a file.
Published replace(int directory, UnnamedFile& file, const std::string& name, int given_up, int& sys_errno);

}  // namespace e6::os
