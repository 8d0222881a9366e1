#include "feedwatch/capture/recording.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>

#include "feedwatch/capture/tests/recording_fakes.hpp"

namespace feedwatch::capture {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(Rotation, IsDueBySizeOrTime) {
  const Rotation rotation{.size = 100, .every = 10s, .keep = 0};
  const MonoTime opened{50s};
  EXPECT_FALSE(rotation.due(99, opened, opened + 9s));
  EXPECT_TRUE(rotation.due(100, opened, opened));
  EXPECT_TRUE(rotation.due(0, opened, opened + 10s));
}

TEST(RecordingName, SaysWhenAndWhich) {
  const WallTime at = wall_from_ns(1'786'310'818'123'456'789);
  EXPECT_EQ(recording_name(at, 1, true), "feedwatch-20260809T212658.123Z-0001.jsonl.zst");
  EXPECT_EQ(recording_name(at, 12'345, false), "feedwatch-20260809T212658.123Z-12345.jsonl");
  for (const bool compressed : {true, false}) {
    EXPECT_TRUE(is_recording_name(recording_name(at, 7, compressed)));
  }
  for (const std::string_view other :
       {"", "feedwatch.db", "feedwatch-20260809T212658.123Z-0001.jsonl.zst.part",
        "feedwatch-20260809T212658.123Z-.jsonl", "feedwatch-20260809T212658.123Z-1",
        "feedwatch-2026O809T212658.123Z-0001.jsonl", "x-20260809T212658.123Z-0001.jsonl"}) {
    EXPECT_FALSE(is_recording_name(other)) << other;
  }
}

TEST(Superfluous, AreTheOldestOfOurs) {
  const std::string a = "feedwatch-20260101T000000.000Z-0001.jsonl";
  const std::string b = "feedwatch-20260101T000000.000Z-0002.jsonl";
  const std::string c = "feedwatch-20260102T000000.000Z-0001.jsonl.zst";
  EXPECT_THAT(superfluous({c, "notes.txt", a, b}, {}, 1), ElementsAre(a, b));
  EXPECT_THAT(superfluous({c, a, b}, {}, 3), IsEmpty());
  EXPECT_THAT(superfluous({c, a, b}, {}, 0), IsEmpty());
  EXPECT_THAT(superfluous({c, a, b}, {a, b}, 2), ElementsAre(c));
  EXPECT_THAT(superfluous({c, a, b}, {a, b}, 1), ElementsAre(c, a));
}

TEST(EarlierRecording, IsSoByTimeThenByNumber) {
  const std::vector<std::string> in_order{"feedwatch-20260101T000000.000Z-9998.jsonl",
                                          "feedwatch-20260101T000000.000Z-9999.jsonl.zst",
                                          "feedwatch-20260101T000000.000Z-10000.jsonl.zst.part",
                                          "feedwatch-20260101T000000.001Z-0001.jsonl"};
  for (std::size_t i = 0; i < in_order.size(); ++i) {
    for (std::size_t j = 0; j < in_order.size(); ++j) {
      EXPECT_EQ(is_earlier_recording(in_order[i], in_order[j]), i < j) << i << ' ' << j;
    }
  }
}

class Files : public ::testing::Test {
 protected:
  RecordingOptions options(bool compress = false) const {
    return {.directory = folder_.path() / "rec",
            .rotation = {.size = 1U << 20U, .every = 1h, .keep = 0},
            .compress = compress};
  }
  std::vector<std::string> names() const {
    std::vector<std::string> out;
    for (const auto& entry : std::filesystem::directory_iterator(folder_.path() / "rec")) {
      out.push_back(entry.path().filename().string());
    }
    std::ranges::sort(out);
    return out;
  }
  std::string path(const std::string& name) const {
    return (folder_.path() / "rec" / name).string();
  }
  std::string header() const {
    return header_line(
        {.anchor = {clock_.wall_now(), clock_.now()}, .seed = 1, .config = {}, .program = "test"});
  }
  RecordedLine line(SessionEvent event, std::string_view text,
                    RecordedLine::Role role = RecordedLine::Role::ordinary) const {
    return {.text = SessionLine(event, clock_.wall_now(), clock_.now())
                        .connection(ConnId{1})
                        .number("mono", 1)
                        .text(text)
                        .take(),
            .role = role,
            .conn = ConnId{1}};
  }

  HandClock clock_;
  const WallAnchor anchor_{clock_.wall_now(), clock_.now()};
  Folder folder_;
};

TEST_F(Files, BearAPartialNameUntilTheyAreWhole) {
  RecordingFiles files(options(), clock_, anchor_);
  ASSERT_TRUE(files.begin(header()));
  EXPECT_THAT(names(), ElementsAre("feedwatch-20260809T212658.123Z-0001.jsonl.part"));
  ASSERT_TRUE(files.write(line(SessionEvent::read, "tick")));
  ASSERT_TRUE(files.finish());
  EXPECT_THAT(names(), ElementsAre("feedwatch-20260809T212658.123Z-0001.jsonl"));
  const Contents contents = contents_of(Reader::open(path(names()[0])));
  EXPECT_EQ(contents.error, "");
  EXPECT_THAT(contents.events(),
              ElementsAre(SessionEvent::header, SessionEvent::part, SessionEvent::read));
}

TEST_F(Files, EachCanBeReadAloneWithTheConnectionsThatStand) {
  RecordingOptions by_time = options(true);
  by_time.rotation.every = 10s;
  RecordingFiles files(by_time, clock_, anchor_);
  ASSERT_TRUE(files.begin(header()));
  ASSERT_TRUE(files.write(line(SessionEvent::open, "", RecordedLine::Role::opened)));
  clock_.pass(10s);
  ASSERT_TRUE(files.write(line(SessionEvent::read, "second file")));
  ASSERT_TRUE(files.write(line(SessionEvent::closed, "", RecordedLine::Role::closed)));
  clock_.pass(10s);
  ASSERT_TRUE(files.write(line(SessionEvent::wakeup, "")));
  ASSERT_TRUE(files.finish());
  ASSERT_EQ(names().size(), 3U);
  const Contents second = contents_of(Reader::open(path(names()[1])));
  EXPECT_EQ(second.error, "");
  EXPECT_THAT(second.events(),
              ElementsAre(SessionEvent::header, SessionEvent::part, SessionEvent::open,
                          SessionEvent::read, SessionEvent::closed));
  EXPECT_EQ(second.records[1].session->number, 2);
  EXPECT_EQ(second.records[1].session->count, 1);
  EXPECT_THAT(contents_of(Reader::open(path(names()[2]))).events(),
              ElementsAre(SessionEvent::header, SessionEvent::part, SessionEvent::wakeup));
}

TEST_F(Files, OnlyTheNewestAreKept) {
  RecordingOptions few = options();
  few.rotation = {.size = 1U << 20U, .every = 1s, .keep = 2};
  RecordingFiles files(few, clock_, anchor_);
  ASSERT_TRUE(files.begin(header()));
  for (int i = 0; i < 5; ++i) {
    clock_.pass(1s);
    ASSERT_TRUE(files.write(line(SessionEvent::wakeup, "")));
  }
  ASSERT_TRUE(files.finish());
  EXPECT_EQ(files.files(), 6U);
  EXPECT_THAT(names(), ElementsAre("feedwatch-20260809T212702.123Z-0005.jsonl",
                                   "feedwatch-20260809T212703.123Z-0006.jsonl"));
}

// Names once told the wall clock: a step back made the newest files look like the oldest.
TEST_F(Files, AStepOfTheWallClockChangesNeitherNamesNorWhichAreKept) {
  RecordingOptions few = options();
  few.rotation = {.size = 1U << 20U, .every = 1s, .keep = 2};
  RecordingFiles files(few, clock_, anchor_);
  ASSERT_TRUE(files.begin(header()));
  for (int i = 0; i < 5; ++i) {
    if (i == 3) clock_.step_wall(-1h);
    clock_.pass(1s);
    ASSERT_TRUE(files.write(line(SessionEvent::wakeup, "")));
  }
  ASSERT_TRUE(files.finish());
  EXPECT_THAT(names(), ElementsAre("feedwatch-20260809T212702.123Z-0005.jsonl",
                                   "feedwatch-20260809T212703.123Z-0006.jsonl"));
}

TEST_F(Files, WhatAnEarlierRunNamedAheadOfTimeGoesFirst) {
  RecordingOptions few = options();
  few.rotation = {.size = 1U << 20U, .every = 1s, .keep = 2};
  clock_.step_wall(1h);
  {
    RecordingFiles ahead(few, clock_, {clock_.wall_now(), clock_.now()});
    ASSERT_TRUE(ahead.begin(header()));
    ASSERT_TRUE(ahead.finish());
  }
  clock_.step_wall(-1h);
  RecordingFiles files(few, clock_, anchor_);
  ASSERT_TRUE(files.begin(header()));
  for (int i = 0; i < 2; ++i) {
    clock_.pass(1s);
    ASSERT_TRUE(files.write(line(SessionEvent::wakeup, "")));
  }
  ASSERT_TRUE(files.finish());
  EXPECT_THAT(names(), ElementsAre("feedwatch-20260809T212659.123Z-0002.jsonl",
                                   "feedwatch-20260809T212700.123Z-0003.jsonl"));
}

TEST_F(Files, ARecordingThatIsThereIsNotWrittenOver) {
  RecordingFiles first(options(), clock_, anchor_);
  ASSERT_TRUE(first.begin(header()));
  RecordingFiles second(options(), clock_, anchor_);
  const auto while_written = second.begin(header());
  ASSERT_FALSE(while_written);
  EXPECT_THAT(while_written.error().text(), HasSubstr("cannot be created"));
  ASSERT_TRUE(first.finish());
  RecordingFiles third(options(), clock_, anchor_);
  EXPECT_FALSE(third.begin(header()));
}

TEST_F(Files, ATornTailLeavesTheRecordsBeforeIt) {
  for (const bool compress : {false, true}) {
    clock_.pass(1s);
    RecordingFiles files(options(compress), clock_, anchor_);
    ASSERT_TRUE(files.begin(header()));
    for (int i = 0; i < 100; ++i) {
      ASSERT_TRUE(files.write(line(SessionEvent::read, "tick " + std::to_string(i))));
    }
    ASSERT_TRUE(files.flush());
    ASSERT_TRUE(files.write(line(SessionEvent::read, "lost")));
    ASSERT_TRUE(files.finish());
    const std::string whole = path(names().back());
    std::filesystem::resize_file(whole, std::filesystem::file_size(whole) - 3);
    const Contents torn = contents_of(Reader::open(whole));
    EXPECT_GE(torn.records.size(), 102U) << compress;
    EXPECT_THAT(torn.error, HasSubstr("line ")) << compress;
    EXPECT_TRUE(torn.broken_off) << compress;
    std::filesystem::remove(whole);
  }
}

/// Files may not grow beyond a few kilobytes: for a program that is a full disk.
class SmallDisk {
 public:
  explicit SmallDisk(rlim_t bytes) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    ignored_ = ::signal(SIGXFSZ, SIG_IGN);
    const rlimit small{.rlim_cur = bytes, .rlim_max = before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &small);
  }
  ~SmallDisk() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    ::signal(SIGXFSZ, ignored_);
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

 private:
  rlimit before_{};
  sighandler_t ignored_ = SIG_DFL;
};

TEST_F(Files, AFullDiskEndsTheRecordingWithOneErrorAndRefusesWhatComes) {
  std::vector<std::string> errors;
  Recording recording(options(), clock_, anchor_,
                      [&](const Error& error) { errors.push_back(error.text()); });
  ASSERT_TRUE(recording.begin(header()));
  std::string why;
  {
    const SmallDisk small(8192);
    EXPECT_TRUE(recording.take(line(SessionEvent::read, std::string(100'000, 'x'))));
    const auto finished = recording.finish();
    ASSERT_FALSE(finished);
    why = finished.error().text();
  }
  EXPECT_THAT(errors, ElementsAre(why));
  EXPECT_THAT(why, HasSubstr("cannot be written"));
  EXPECT_FALSE(recording.take(line(SessionEvent::read, "late")));
}

TEST_F(Files, ARecordingWritesAllThatWasTakenBeforeItsEnd) {
  Recording recording(options(true), clock_, anchor_,
                      [](const Error& error) { FAIL() << error.text(); });
  ASSERT_TRUE(recording.begin(header()));
  for (int i = 0; i < 1000; ++i) {
    ASSERT_TRUE(recording.take(line(SessionEvent::read, std::to_string(i))));
  }
  ASSERT_TRUE(recording.finish());
  EXPECT_EQ(recording.files(), 1U);
  const Contents contents = contents_of(Reader::open(path(names()[0])));
  EXPECT_EQ(contents.error, "");
  ASSERT_EQ(contents.records.size(), 1002U);
  EXPECT_EQ(contents.records.back().text, "999");
}

TEST_F(Files, WhatWaitsForASlowDiskIsBounded) {
  Recording recording(options(), clock_, anchor_, [](const Error&) {});
  // Not begun: nobody writes.
  const std::string megabyte(1U << 20U, 'x');
  std::size_t taken = 0;
  while (taken < 100 && recording.take({.text = megabyte})) ++taken;
  EXPECT_EQ(taken, Recording::capacity >> 20U);
}

}  // namespace
}  // namespace feedwatch::capture
