// One uninterrupted run of an operation, instruction by instruction: where it changes the segment, where it asks the kernel, and every state in between.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "problems.h"
#include "scene.h"
#include "tracee.h"

namespace e6::crash {

/// A place to interrupt the operation at: before an instruction, or after it.
struct Point {
  std::uint64_t address = 0;
  std::uint32_t hit = 0;  ///< how many times the instruction was come by
  bool after = false;
  std::uint32_t step = 0;  ///< instructions executed by then
  [[nodiscard]] std::string text() const;
};

/// Bytes that an instruction changed.
struct Line {
  std::uint32_t offset = 0;  ///< in the segment, a multiple of 64
  unsigned char bytes[64];
};

/// The segment after an instruction that changed it.
struct State {
  std::uint32_t step = 0;
  std::vector<Line> lines;             ///< against the state before
  std::shared_ptr<const Image> whole;  ///< instead of lines: another segment stands under the name from here on
};

struct Recording {
  std::uint32_t steps = 0;
  std::uint32_t changes = 0;
  std::uint32_t system_calls = 0;
  int tid = 0;
  std::vector<Point> points;  ///< before and after every instruction that changed the segment or asked the kernel
  std::vector<Point> instructions;  ///< before every one
  std::vector<State> states;
  Image start;                ///< at the mark; zero bytes if there was no segment
  [[nodiscard]] bool complete() const noexcept { return steps != 0; }
};

/// Runs the operation.
Recording record(Scene& scene, Problems& problems);
/// Brings `known` up to `seen`; the lines that differed.
std::vector<Line> catch_up(const layout::Segment& seen, Image& known);
/// The same for the page at `offset`.
std::vector<Line> catch_up_page(const layout::Segment& seen, std::size_t offset, Image& known);

/// Puts a state's lines into an image of the state before it.
void apply(const State& state, Image& image);

/// Brings a fresh victim to `point` of its operation. False if it went another way.
bool bring_to(Tracee& victim, const Point& point);

}  // namespace e6::crash
