// Runs inputs without libFuzzer: files as they are, and new ones from a seed. For every compiler, and for every run of the tests.
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "execute.h"
#include "fields.h"

namespace e6::fuzz {
namespace {

using Input = std::vector<std::uint8_t>;
constexpr unsigned kLongestExecution = 10;  // seconds; a hang ends by SIGALRM

const Input* current = nullptr;
std::string current_name;

/// Async-signal-safe: what was being run, as hexadecimal digits that --hex takes.
void say_input(int signal) {
  static const char digits[] = "0123456789abcdef";
  const auto put = [](const char* text, std::size_t size) { (void)!::write(STDERR_FILENO, text, size); };
  if (signal == SIGALRM) put("finding: an execution does not end\n", 35);
  put("input: ", 7);
  put(current_name.data(), current_name.size());
  put(" --hex ", 7);
  if (current != nullptr)
    for (const std::uint8_t byte : *current) {
      const char two[2] = {digits[byte >> 4], digits[byte & 15]};
      put(two, 2);
    }
  put("\n", 1);
  std::signal(signal, SIG_DFL);
  ::raise(signal == SIGALRM ? SIGABRT : signal);
}

void run(Stage& stage, const std::string& name, const Input& input, bool thorough) {
  current_name = name;
  current = &input;
  ::alarm(kLongestExecution * (thorough ? 6 : 1));
  execute(stage, input.data(), input.size(), thorough);
  ::alarm(0);
}

Input read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    std::fprintf(stderr, "fuzz_replay: cannot read %s\n", path.c_str());
    std::exit(2);
  }
  return {std::istreambuf_iterator<char>(file), {}};
}

Input from_hex(std::string_view text) {
  Input input;
  for (; text.size() >= 2; text.remove_prefix(2)) {
    std::uint8_t byte = 0;
    std::from_chars(text.data(), text.data() + 2, byte, 16);
    input.push_back(byte);
  }
  return input;
}

/// Some changes of random kinds, or an input of the corpus with a few bytes changed.
Input make_input(std::mt19937_64& random, const std::vector<Input>& corpus) {
  Input input;
  if (!corpus.empty() && random() % 3 == 0) {
    input = corpus[random() % corpus.size()];
    for (std::uint64_t i = random() % 4 + 1; i > 0 && !input.empty(); --i) input[random() % input.size()] = static_cast<std::uint8_t>(random());
    return input;
  }
  const auto put = [&](std::uint64_t value, int width) {
    for (int i = 0; i < width; ++i) input.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
  };
  put(random() % 4 == 0 ? random() : random() & 0x1fU, 1);
  put(random(), 1);
  for (std::uint64_t i = random() % 6; i > 0; --i) {
    const std::uint64_t kind = random() % 16;
    // fields most often, most of them of the first participants and pins, where something stands
    const std::uint64_t element = random() % 2 == 0 ? random() % 8 : random();
    put(kind < 8 ? kind : 2, 1);
    if (kind == 0) {
      put(random(), 3);
      put(7, 1);
      put(random(), 8);
    } else if (kind == 1) {
      put(random() % field_count(), 1), put(element, 2), put(random(), 8);
    } else if (kind == 4) {
      put(random() % 4 == 0 ? 4096 : random(), 3), put(random(), 3), put(random(), 4), put(random() % 3 == 0 ? 0 : random(), 1);
    } else if (kind == 5) {
      put(random(), 3);
    } else if (kind == 6) {
      put(random(), 3), put(random(), 3), put(random(), 2);
    } else if (kind != 7) {
      put(random() % field_count(), 1), put(element, 2), put(random(), 1);
    }
  }
  return input;
}

std::uint64_t number(const char* text) { return std::strtoull(text, nullptr, 10); }

std::vector<std::string> files_of(const std::string& path) {
  if (!std::filesystem::is_directory(path)) return {path};
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(path)) files.push_back(entry.path().string());
  std::sort(files.begin(), files.end());
  return files;
}

int main(int argc, char** argv) {
  std::uint64_t fresh = 0;
  std::uint64_t seed = 1;
  std::vector<std::string> names;
  std::vector<Input> inputs;
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (argument == "--new" && i + 1 < argc) {
      fresh = number(argv[++i]);
    } else if (argument == "--seed" && i + 1 < argc) {
      seed = number(argv[++i]);
    } else if (argument == "--hex" && i + 1 < argc) {
      names.emplace_back("from the command line");
      inputs.push_back(from_hex(argv[++i]));
    } else if (argument.starts_with("-")) {
      std::fprintf(stderr, "usage: fuzz_replay [--new COUNT] [--seed NUMBER] [--hex DIGITS] [FILE or DIRECTORY]...\n");
      return 2;
    } else {
      for (const std::string& file : files_of(argv[i])) {
        names.push_back(file);
        inputs.push_back(read_file(file));
      }
    }
  }
  for (const int signal : {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGALRM}) std::signal(signal, say_input);

  Stage stage;
  using Clock = std::chrono::steady_clock;
  const auto seconds_since = [](Clock::time_point from) { return std::chrono::duration<double>(Clock::now() - from).count(); };
  const auto start = Clock::now();
  for (std::size_t i = 0; i < inputs.size(); ++i) run(stage, names[i], inputs[i], true);
  std::printf("%zu inputs kept, each with every verb: no finding, %.1f s\n", inputs.size(), seconds_since(start));
  if (fresh == 0) return 0;
  const auto again = Clock::now();
  std::mt19937_64 random(seed);
  for (std::uint64_t i = 0; i < fresh; ++i) {
    const Input input = make_input(random, inputs);
    run(stage, "number " + std::to_string(i) + " of seed " + std::to_string(seed), input, false);
  }
  const double took = seconds_since(again);
  struct rusage usage {};
  ::getrusage(RUSAGE_SELF, &usage);
  std::printf("%llu new executions (seed %llu): no finding, %.1f s, %.0f per second, at most %ld MiB resident\n", static_cast<unsigned long long>(fresh),
              static_cast<unsigned long long>(seed), took, static_cast<double>(fresh) / took, usage.ru_maxrss / 1024);
  return 0;
}

}  // namespace
}  // namespace e6::fuzz

int main(int argc, char** argv) { return e6::fuzz::main(argc, argv); }
