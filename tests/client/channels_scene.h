// A scene that counts what channels really hold.
#pragma once

#include "scene.h"

namespace e6::client::test {

class ChannelsScene : public Scene {
 protected:
  /// TCP connections of this machine to the engine's port, as the kernel lists them.
  [[nodiscard]] int connections();
  /// Waits until there are `wanted` of them, 10 s at most.
  [[nodiscard]] bool comes_to(int wanted);
};

}  // namespace e6::client::test
