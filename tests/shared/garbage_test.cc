// Whatever stands under a segment's name: an error that says what it is, never a crash, a hang or a mix-up.
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <random>

#include "core/hash.h"
#include "fixture.h"

namespace e6::shared_test {
namespace {

class GarbageTest : public SharedTest {
 protected:
  /// A sound segment, left behind by a process that is gone.
  void make_segment() {
    E6_EXPECT_CHILD(in_child([&] {
      auto c = attach_with(Strategy::kBlue);
      return 0;
    }));
  }
  void change_header(const std::function<void(layout::Header&)>& change, bool checksum = true) {
    const RawSegment raw(path());
    ASSERT_TRUE(raw.valid());
    change(raw->header);
    if (checksum) raw->header.checksum = core::header_checksum(raw->header);
  }
  /// Attaches in a child, where a fallback is expected because of `cause`; the sentence holds `words`.
  void expect_refused(Cause cause, const std::string& words) {
    E6_EXPECT_CHILD(in_child([&] {
      auto c = Coordinator::attach(options()).coordinator;
      E6_CHILD_CHECK(c);
      const Error e = c->degraded_by();
      if (c->mode() != Mode::kFallback || e.cause != cause || e.sentence().find(words) == std::string::npos) {
        std::fprintf(stderr, "%s: %s\n", std::string(to_string(e.cause)).c_str(), e.sentence().c_str());
        return 1;
      }
      E6_CHILD_CHECK(detect(*c, Strategy::kGreen));
      E6_CHILD_CHECK(c->begin_query());
      return 0;
    })) << words;
    (void)inspect::look(path());
  }
  /// Attaches and does everything in a child: it must end, and not by a signal.
  int survive() {
    return in_child([&] {
      auto c = Coordinator::attach(options()).coordinator;
      E6_CHILD_CHECK(c);
      (void)c->snapshot();
      (void)c->find_query("query");
      (void)c->end_query("query");
      (void)c->in_flight();
      (void)c->recent_events(10'000);
      for (int i = 0; i < 3; ++i) {
        auto q = c->begin_query();
        if (q) (void)c->bind(*q, "query", "engine");
        (void)c->announce(Strategy::kGreen, c->snapshot().epoch);
        (void)c->mismatch(c->snapshot().active, c->snapshot().epoch);
        Detection d = c->detect_begin(SteadyClock::now() + 30ms);
        if (d.outcome == Detection::Outcome::kProbe) (void)c->detect_succeed(d.lease, Strategy::kBlue);
        ResumeLease lease;
        if (c->resume_begin(SteadyClock::now() + 1ms, lease) == ResumeOutcome::kResume) c->resume_end(lease, true);
        advance_clock(1100ms);
      }
      (void)c->set(Strategy::kGreen);
      (void)c->clear();
      (void)inspect::look(path());
      return 0;
    });
  }
  void write_file(const std::string& bytes) const {
    std::ofstream(path(), std::ios::binary | std::ios::trunc).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    ASSERT_EQ(::chmod(path().c_str(), 0600), 0);
  }
};

TEST_F(GarbageTest, a_directory_is_no_segment) {
  ASSERT_EQ(::mkdir(path().c_str(), 0700), 0);
  expect_refused(Cause::kNotASegment, "not a regular file");
}

TEST_F(GarbageTest, a_fifo_is_no_segment_and_nobody_waits_for_its_other_end) {
  ASSERT_EQ(::mkfifo(path().c_str(), 0600), 0);
  expect_refused(Cause::kNotASegment, "not a regular file");
}

TEST_F(GarbageTest, a_socket_is_no_segment) {
  struct sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  const std::string short_name = directory_.path() + "/s";
  std::strncpy(address.sun_path, short_name.c_str(), sizeof address.sun_path - 1);
  const os::Fd s(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  ASSERT_EQ(::bind(s.get(), reinterpret_cast<const struct sockaddr*>(&address), sizeof address), 0);
  ASSERT_EQ(::rename(short_name.c_str(), path().c_str()), 0);
  expect_refused(Cause::kNotASegment, "not a regular file");
}

TEST_F(GarbageTest, a_symbolic_link_is_refused_even_if_it_leads_to_a_segment) {
  make_segment();
  const std::string away = directory_.path() + "/elsewhere";
  ASSERT_EQ(::rename(path().c_str(), away.c_str()), 0);
  ASSERT_EQ(::symlink(away.c_str(), path().c_str()), 0);
  expect_refused(Cause::kNotASegment, "symbolic link");
  ASSERT_EQ(::unlink(path().c_str()), 0);
  ASSERT_EQ(::symlink("/nowhere/at/all", path().c_str()), 0);
  expect_refused(Cause::kNotASegment, "symbolic link");
}

TEST_F(GarbageTest, a_hard_link_is_refused) {
  make_segment();
  ASSERT_EQ(::link(path().c_str(), (directory_.path() + "/second").c_str()), 0);
  expect_refused(Cause::kNotASegment, "2 hard links");
}

TEST_F(GarbageTest, an_empty_and_a_short_file_are_no_segments) {
  write_file("");
  expect_refused(Cause::kNotASegment, "0 bytes");
  write_file(std::string(100, '\0'));
  expect_refused(Cause::kNotASegment, "100 bytes");
  write_file(std::string(sizeof(layout::Header), '\0'));
  expect_refused(Cause::kNotASegment, "magic");
  write_file(std::string(sizeof(layout::Segment), '\0'));
  expect_refused(Cause::kNotASegment, "magic");
}

TEST_F(GarbageTest, a_segment_that_was_cut_off_or_grew_is_damaged) {
  for (const std::size_t size : {sizeof(layout::Header), sizeof(layout::Segment) - 1, sizeof(layout::Segment) + 1}) {
    std::filesystem::remove(path());
    make_segment();
    ASSERT_EQ(::truncate(path().c_str(), static_cast<off_t>(size)), 0);
    expect_refused(Cause::kDamaged, "expected " + std::to_string(sizeof(layout::Segment)));
  }
}

TEST_F(GarbageTest, random_bytes_are_no_segment) {
  std::mt19937_64 random(20'240'607);
  std::string bytes(sizeof(layout::Segment), '\0');
  for (char& b : bytes) b = static_cast<char>(random());
  write_file(bytes);
  expect_refused(Cause::kNotASegment, "magic");
}

TEST_F(GarbageTest, a_flip_of_any_bit_of_the_header_is_refused) {
  make_segment();
  core::Place where = place();
  std::size_t refused = 0;
  std::size_t flips = 0;
  for (std::size_t at = 0; at < sizeof(layout::Header); at += kManyTimesSlower ? 7U : 1U)
    for (const unsigned mask : {1U << (at % 8), 0xffU}) {
      {
        const RawSegment raw(path());
        reinterpret_cast<unsigned char*>(&raw->header)[at] ^= static_cast<unsigned char>(mask);
      }
      core::SegmentRef ref;
      const Error e = core::attach_segment(where, ref);
      if (e) ++refused;
      ++flips;
      EXPECT_TRUE(e) << "byte " << at;
      EXPECT_FALSE(e.sentence().empty());
      EXPECT_TRUE(e.cause == Cause::kNotASegment || e.cause == Cause::kForeignLayout || e.cause == Cause::kDamaged)
          << at << ": " << e.sentence();
      EXPECT_FALSE(inspect::look(path()).problems.empty()) << at;
      const RawSegment raw(path());
      ASSERT_TRUE(raw.valid()) << at;
      reinterpret_cast<unsigned char*>(&raw->header)[at] ^= static_cast<unsigned char>(mask);
    }
  EXPECT_EQ(refused, flips);
  if (!kManyTimesSlower) {
    EXPECT_EQ(flips, 2 * sizeof(layout::Header));
  }
  EXPECT_EQ(attach()->snapshot().active, Strategy::kBlue);
}

TEST_F(GarbageTest, wider_permissions_are_refused_and_narrower_ones_are_not) {
  make_segment();
  for (const mode_t mode : {0660U, 0604U, 0666U, 0610U, 02600U, 04600U}) {
    ASSERT_EQ(::chmod(path().c_str(), mode), 0);
    char words[32];
    std::snprintf(words, sizeof words, "mode is %04o", mode);
    expect_refused(Cause::kForeignMode, words);
  }
}

TEST_F(GarbageTest, another_layout_under_this_layouts_name_is_refused_and_left_as_it_is) {
  make_segment();
  change_header([](layout::Header& h) { h.layout_version = 3; });
  const auto before = inspect::look(path()).created_realtime_ns;
  expect_refused(Cause::kForeignLayout, "version 3");
  EXPECT_EQ(inspect::look(path()).created_realtime_ns, before);
}

TEST_F(GarbageTest, a_newer_layout_lives_beside_this_one_under_its_own_name) {
  make_segment();
  std::string newer = path();
  newer.replace(newer.find("e6shm-v2"), 8, "e6shm-v3");
  std::filesystem::copy_file(path(), newer);
  EXPECT_EQ(attach()->snapshot().active, Strategy::kBlue);
  Error error;
  const auto listed = inspect::list(directory_.path(), false, &error);
  ASSERT_EQ(listed.size(), 2U);
  EXPECT_TRUE(listed[0].own_layout);
  EXPECT_FALSE(listed[1].own_layout);
  EXPECT_EQ(listed[1].layout_version, 3U);
}

TEST_F(GarbageTest, a_segment_of_another_c_library_is_refused) {
  make_segment();
  change_header([](layout::Header& h) { h.libc = layout::kLibcOther; });
  expect_refused(Cause::kForeignLibc, "C library");
  change_header([](layout::Header& h) {
    h.libc = layout::kLibc;
    h.mutex_size = 24;
  });
  expect_refused(Cause::kForeignLibc, "mutex of 24 bytes");
}

TEST_F(GarbageTest, a_segment_of_another_byte_order_is_refused) {
  make_segment();
  change_header([](layout::Header& h) { h.byte_order = 0x04030201; });
  expect_refused(Cause::kForeignLayout, "byte order");
}

TEST_F(GarbageTest, a_segment_with_the_right_name_of_another_cluster_is_refused) {
  make_segment();
  change_header([](layout::Header& h) { h.cluster[0] = 'x'; });
  expect_refused(Cause::kForeignCluster, "'xb.example:9000'");
}

TEST_F(GarbageTest, lengths_in_the_header_are_not_believed) {
  make_segment();
  change_header([](layout::Header& h) { h.cluster_length = 0xffffffffU; });
  expect_refused(Cause::kForeignLayout, "sizes");
  change_header([](layout::Header& h) {
    h.cluster_length = 4;
    h.participants = 1'000'000;
  });
  expect_refused(Cause::kForeignLayout, "sizes");
  change_header([](layout::Header& h) {
    h.participants = layout::kParticipants;
    std::memset(h.boot_id, 'b', sizeof h.boot_id);
  });
  expect_refused(Cause::kForeignLayout, "sizes");
}

TEST_F(GarbageTest, a_retired_segment_is_replaced) {
  make_segment();
  RawSegment(path())->hot.word.store(layout::kRetiredWord);
  auto c = attach();
  EXPECT_EQ(c->mode(), Mode::kShared);
  EXPECT_FALSE(c->snapshot().usable);
  EXPECT_TRUE(detect(*c, Strategy::kGreen));
}

TEST_F(GarbageTest, an_impossible_hot_word_is_no_usable_colour_for_longer_than_the_longest_ttl_and_is_overcome) {
  make_segment();
  const std::uint64_t words[] = {~std::uint64_t{0} - 1, ~std::uint64_t{0} - 2, 0xffffffff00000000U, 0x0cU, 0x05U, 0x0aU, 0x3fffffffc0U | 1U};
  for (const std::uint64_t word : words) {
    RawSegment(path())->hot.word.store(word);
    EXPECT_EQ(survive(), 0) << std::hex << word;
  }
}

TEST_F(GarbageTest, random_bytes_behind_a_sound_header_neither_crash_nor_hang_anybody) {
  for (unsigned seed = 1; seed <= 12; ++seed) {
    std::filesystem::remove(path());
    make_segment();
    {
      std::mt19937_64 random(seed);
      const RawSegment raw(path());
      auto* words = reinterpret_cast<std::uint64_t*>(static_cast<void*>(&*raw));
      const std::size_t from = offsetof(layout::Segment, hot) / 8;
      const std::size_t lock = offsetof(layout::Segment, lock) / 8;
      // everything (rarely), or every so-and-so-many-th word; the mutex's turn comes with its own test
      const std::uint64_t stride = seed % 4 == 0 ? 1 : 1 + random() % 50;
      for (std::size_t i = from; i < sizeof(layout::Segment) / 8; i += 1 + random() % stride)
        if (i < lock || i >= lock + 5) words[i] = random() % 3 == 0 ? random() % 1000 : random();
      if (layout::retired(raw->hot.word.load())) raw->hot.word.store(random() & ~std::uint64_t{3});
    }
    EXPECT_EQ(survive(), 0) << "seed " << seed;
  }
}

TEST_F(GarbageTest, a_mutex_full_of_garbage_costs_bounded_waits_and_never_a_crash) {
  for (const int fill : {0x00, 0x01, 0x7f, 0xff, 0x80}) {
    std::filesystem::remove(path());
    make_segment();
    {
      const RawSegment raw(path());
      std::memset(static_cast<void*>(&raw->lock.mutex), fill, sizeof(pthread_mutex_t));
    }
    EXPECT_EQ(survive(), 0) << fill;
  }
}

// glibc's code for priority inheritance asserts that the kernel knows the owner: one flipped bit made every process of the host abort.
TEST_F(GarbageTest, a_flip_of_any_bit_of_the_mutexs_kind_aborts_nobody_and_the_segment_is_replaced) {
  for (int bit = 0; bit < 32; ++bit) {
    std::filesystem::remove(path());
    make_segment();
    const std::uint64_t first = RawSegment(path())->header.instance;
    {
      const RawSegment raw(path());
      raw->lock.mutex.__data.__kind ^= static_cast<int>(1U << bit);
      raw->lock.mutex.__data.__lock = 0x3ffffffe;  // held by a thread that no kernel ever had
    }
    E6_EXPECT_CHILD(in_child([&] {
      auto c = Coordinator::attach(options()).coordinator;
      E6_CHILD_CHECK(c);
      E6_CHILD_CHECK(c->mode() == Mode::kShared);
      return 0;
    })) << "bit " << bit;
    EXPECT_NE(RawSegment(path())->header.instance, first) << "bit " << bit;
  }
}

TEST_F(GarbageTest, a_looker_survives_every_truncation) {
  make_segment();
  for (std::size_t size = 0; size < sizeof(layout::Segment); size += 40'961) {
    ASSERT_EQ(::truncate(path().c_str(), static_cast<off_t>(size)), 0);
    EXPECT_FALSE(inspect::look(path()).problems.empty());
    ASSERT_EQ(::truncate(path().c_str(), static_cast<off_t>(sizeof(layout::Segment))), 0);
  }
}

}  // namespace
}  // namespace e6::shared_test
