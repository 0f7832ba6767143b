#include "recording.h"

#include <cstdio>
#include <cstring>
#include <unordered_map>

namespace e6::crash {
namespace {

constexpr std::size_t kPage = 4096;
constexpr std::size_t kLine = sizeof(Line::bytes);
static_assert(sizeof(layout::Segment) % kPage == 0);

const char* bytes_of(const layout::Segment& s) { return reinterpret_cast<const char*>(&s); }

}  // namespace

std::vector<Line> catch_up_page(const layout::Segment& seen, std::size_t page, Image& known) {
  std::vector<Line> lines;
  const char* now = bytes_of(seen);
  char* then = reinterpret_cast<char*>(&known.segment());
  for (std::size_t at = page; at < page + kPage; at += kLine) {
    if (std::memcmp(now + at, then + at, kLine) == 0) continue;
    Line line;
    line.offset = static_cast<std::uint32_t>(at);
    std::memcpy(line.bytes, now + at, kLine);
    std::memcpy(then + at, now + at, kLine);
    lines.push_back(line);
  }
  return lines;
}

std::vector<Line> catch_up(const layout::Segment& seen, Image& known) {
  std::vector<Line> lines;
  for (std::size_t page = 0; page < sizeof(layout::Segment); page += kPage) {
    if (std::memcmp(bytes_of(seen) + page, bytes_of(known.segment()) + page, kPage) == 0) continue;
    for (Line& line : catch_up_page(seen, page, known)) lines.push_back(line);
  }
  return lines;
}

std::string Point::text() const {
  char where[32];
  std::snprintf(where, sizeof where, " (%#llx)", static_cast<unsigned long long>(address));  // for addr2line
  return std::string(after ? "after" : "before") + " step " + std::to_string(step) + where;
}

void apply(const State& state, Image& image) {
  if (state.whole != nullptr) image = *state.whole;
  for (const Line& line : state.lines) std::memcpy(reinterpret_cast<char*>(&image.segment()) + line.offset, line.bytes, kLine);
}

Recording record(Scene& scene, Problems& problems) {
  Recording r;
  scene.set();
  Tracee victim(scene.victim());
  if (victim.run_to_mark() != Stop::kMarked) {
    problems.add("the operation could not be begun: " + victim.how());
    return r;
  }
  scene.begin();
  r.tid = victim.pid();
  if (scene.has_segment()) r.start.take(scene.segment());
  Image known = r.start;
  Image known_left = r.start;  // of the segment that the victim moves away from
  std::unordered_map<std::uint64_t, std::uint32_t> hits;
  std::uint32_t steps = 0;
  for (;;) {
    const std::uint64_t address = victim.at();
    const bool syscall = victim.at_syscall();
    const std::uint32_t hit = ++hits[address];
    r.instructions.push_back({address, hit, false, steps});
    const Stop stop = victim.step();
    if (stop == Stop::kGone) {
      problems.add("the operation ended early, after " + std::to_string(steps) + " steps: " + victim.how());
      return r;
    }
    ++steps;
    State state;
    state.step = steps;
    if (syscall && scene.follow()) {
      known.take(scene.segment());
      state.whole = std::make_shared<const Image>(known);
    } else if (scene.has_segment()) {
      state.lines = catch_up(scene.segment(), known);
    }
    const bool new_state = state.whole != nullptr || !state.lines.empty();
    const bool changed = new_state || (scene.left() != nullptr && !catch_up(*scene.left(), known_left).empty());
    if (syscall) ++r.system_calls;
    if (changed) ++r.changes;
    if (syscall || changed) {
      if (r.points.empty() || r.points.back().step != steps - 1) r.points.push_back({address, hit, false, steps - 1});
      r.points.push_back({address, hit, true, steps});
    }
    if (new_state) r.states.push_back(std::move(state));
    if (stop == Stop::kMarked) break;
  }
  r.steps = steps;
  return r;
}

bool bring_to(Tracee& victim, const Point& point) {
  if (victim.run_to(point.address, point.hit) != Stop::kStepped) return false;
  return !point.after || victim.step() != Stop::kGone;
}

}  // namespace e6::crash
