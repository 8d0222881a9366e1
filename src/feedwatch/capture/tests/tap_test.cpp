#include "feedwatch/capture/tap.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <sstream>

#include "feedwatch/capture/tests/recording_fakes.hpp"

namespace feedwatch::capture {
namespace {

using ::testing::ElementsAre;

/// What reached the other side, as text; its clock is the tap's.
class Shard final : public FrameSink {
 public:
  void on_phase(ConnId conn, DialPhase reached, MonoTime now) override {
    seen.push_back("phase " + std::to_string(conn.value) + " " + std::string(to_text(reached)));
    times.push_back(now);
  }
  void on_read(ConnId conn, std::span<const Frame> frames, ReadStamp stamp) override {
    seen.push_back("read " + std::to_string(conn.value) + " " + std::to_string(frames.size()));
    // Time passes while a read is worked on; for whoever asks the tap it stands still.
    if (host != nullptr) host->pass(1ms);
    times.push_back(clock->now());
    stamps.push_back(stamp);
  }
  void on_closed(ConnId conn, const CloseReport& report, MonoTime now) override {
    seen.push_back("closed " + std::to_string(conn.value) + " " + report.detail);
    times.push_back(now);
  }
  std::vector<std::string> seen;
  std::vector<MonoTime> times;
  std::vector<ReadStamp> stamps;
  const Clock* clock = nullptr;
  HandClock* host = nullptr;
};

class Wire final : public Transport, public HttpFetch {
 public:
  void dial(ConnId, const DialTarget& target) override { said.push_back("dial " + target.url); }
  void send_text(ConnId, std::string_view text) override { said.push_back("text " + copy(text)); }
  void send_ping(ConnId, std::string_view text) override { said.push_back("ping " + copy(text)); }
  void send_pong(ConnId, std::string_view text) override { said.push_back("pong " + copy(text)); }
  void close(ConnId, std::uint16_t code) override {
    said.push_back("close " + std::to_string(code));
  }
  void abort(ConnId) override { said.push_back("abort"); }
  void fetch(HttpRequest request, Done answer) override {
    said.push_back("get " + request.url);
    done.push_back(std::move(answer));
  }
  std::vector<std::string> said;
  std::vector<Done> done;

 private:
  static std::string copy(std::string_view text) { return std::string(text); }
};

class State final : public StateStore {
 public:
  std::optional<std::string> get(const std::string& key) const override {
    return key == "known" ? std::optional<std::string>("a\nb") : std::nullopt;
  }
  void put(const std::string& key, std::string value) override { kept = key + "=" + value; }
  std::string kept;
};

class TapTest : public ::testing::Test {
 protected:
  TapTest() {
    shard_.clock = &tap_;
    shard_.host = &clock_;
  }
  Contents written() const {
    std::istringstream in(
        header_line({.anchor = anchor_, .seed = 7, .config = "x = 1\n", .program = "test"}) +
        lines_.text());
    return contents_of(Reader::open(in, "tap"));
  }

  HandClock clock_;
  WallAnchor anchor_{clock_.wall_now(), clock_.now()};
  Shard shard_;
  Wire wire_;
  State state_;
  MemoryLines lines_;
  Tap tap_{
      {.clock = clock_, .transport = &wire_, .http = &wire_, .state = &state_, .shard = &shard_},
      anchor_,
      lines_};
  const ConnId conn_{3};
};

TEST_F(TapTest, WhatComesInGoesOnUnchangedAndCanBeReadBack) {
  tap_.dial(conn_, {.url = "wss://host/ws?token=abc&x=1", .ca_file = {}});
  tap_.on_phase(conn_, DialPhase::connecting, clock_.now());
  clock_.pass(5ms);
  tap_.on_phase(conn_, DialPhase::open, clock_.now());
  const std::array frames{Frame{FrameType::text, "{\"a\":\"\xc3\xa9\\n\"}"},
                          Frame{FrameType::binary, std::string_view("\0\xff", 2)},
                          Frame{FrameType::ping, "p"}};
  const ReadStamp stamp{
      .mono_recv = clock_.now() - 2ms, .ts_recv = anchor_.at(clock_.now() - 2ms), .stalled = true};
  const MonoTime read_at = clock_.now();
  tap_.on_read(conn_, frames, stamp);
  tap_.on_closed(conn_, {.phase = DialPhase::open, .close_code = 1006, .detail = "gone"},
                 clock_.now());

  EXPECT_THAT(shard_.seen,
              ElementsAre("phase 3 connecting", "phase 3 open", "read 3 3", "closed 3 gone"));
  EXPECT_EQ(shard_.times[2], read_at) << "the clock stands while a read is worked on";
  EXPECT_TRUE(shard_.stamps[0].stalled);
  EXPECT_THAT(wire_.said, ElementsAre("dial wss://host/ws?token=abc&x=1"));

  const Contents contents = written();
  EXPECT_EQ(contents.error, "");
  ASSERT_THAT(contents.events(),
              ElementsAre(SessionEvent::header, SessionEvent::dial, SessionEvent::phase,
                          SessionEvent::open, SessionEvent::read, SessionEvent::read,
                          SessionEvent::control, SessionEvent::closed));
  const auto& records = contents.records;
  EXPECT_EQ(records[0].session->seed, 7);
  EXPECT_EQ(records[0].session->config, "x = 1\n");
  EXPECT_EQ(records[0].session->wall, to_ns(anchor_.wall));
  EXPECT_EQ(records[1].address, "wss://host/ws?token=hidden&x=1");
  EXPECT_EQ(records[3].direction, Direction::connected);
  const Kept& text = records[4];
  EXPECT_EQ(text.direction, Direction::received);
  EXPECT_EQ(text.text, frames[0].payload);
  EXPECT_FALSE(text.binary);
  EXPECT_EQ(text.ts, stamp.ts_recv);
  EXPECT_EQ(text.address, "wss://host/ws?token=hidden&x=1");
  EXPECT_EQ(text.session->mono, to_ns(stamp.mono_recv));
  EXPECT_EQ(text.session->now, to_ns(read_at));
  EXPECT_TRUE(text.session->stalled);
  EXPECT_TRUE(text.session->more);
  EXPECT_EQ(records[5].text, frames[1].payload);
  EXPECT_TRUE(records[5].binary);
  EXPECT_EQ(records[6].direction, Direction::session) << "no message: decoders must not see it";
  EXPECT_EQ(records[6].session->operation, "ping");
  EXPECT_FALSE(records[6].session->more);
  EXPECT_EQ(records[7].session->code, 1006);
  EXPECT_EQ(records[7].text, "gone");
}

TEST_F(TapTest, WhatWeSayIsWrittenAndSaid) {
  tap_.send_text(conn_, "subscribe");
  tap_.send_ping(conn_, "1");
  tap_.send_pong(conn_, "2");
  tap_.close(conn_, 1000);
  tap_.abort(conn_);
  EXPECT_THAT(wire_.said, ElementsAre("text subscribe", "ping 1", "pong 2", "close 1000", "abort"));
  const Contents contents = written();
  EXPECT_THAT(contents.events(),
              ElementsAre(SessionEvent::header, SessionEvent::send, SessionEvent::control_send,
                          SessionEvent::control_send, SessionEvent::close, SessionEvent::close));
  EXPECT_EQ(contents.records[1].direction, Direction::sent);
  EXPECT_EQ(contents.records[1].text, "subscribe");
  EXPECT_EQ(contents.records[4].session->code, 1000);
  EXPECT_FALSE(contents.records[5].session->code);
}

TEST_F(TapTest, AnswersOfRestAreWrittenWithTheirQuestionAndMoment) {
  std::vector<std::string> heard;
  std::vector<MonoTime> when;
  const auto hear = [&](std::expected<HttpResponse, std::string> response) {
    heard.push_back(response ? response->body : response.error());
    clock_.pass(1ms);
    when.push_back(tap_.now());
  };
  tap_.start([] {});
  tap_.fetch({.url = "https://rest/a?apiKey=x"}, hear);
  tap_.fetch({.url = "https://rest/b"}, hear);
  clock_.pass(10ms);
  const MonoTime answered = clock_.now();
  wire_.done[1](HttpResponse{.status = 429, .headers = {{"retry-after", "7"}}, .body = "slow"});
  wire_.done[0](std::unexpected("refused"));
  EXPECT_THAT(heard, ElementsAre("slow", "refused"));
  EXPECT_EQ(when[0], answered);

  const Contents contents = written();
  EXPECT_EQ(contents.error, "");
  ASSERT_EQ(contents.records.size(), 6U);
  EXPECT_EQ(contents.records[2].address, "https://rest/a?apiKey=hidden");
  const Kept& answer = contents.records[4];
  EXPECT_EQ(answer.direction, Direction::http);
  EXPECT_EQ(answer.session->id, 2);
  EXPECT_EQ(answer.session->status, 429);
  EXPECT_EQ(answer.session->retry_after, "7");
  EXPECT_EQ(answer.session->now, to_ns(answered));
  EXPECT_EQ(contents.records[5].session->event, SessionEvent::failure);
  EXPECT_EQ(contents.records[5].text, "refused");
}

TEST_F(TapTest, TheClockShowsTheAnchorUntilTheStartAndTheHostsBetweenEvents) {
  clock_.pass(3s);
  EXPECT_EQ(tap_.now(), anchor_.mono);
  EXPECT_EQ(tap_.wall_now(), anchor_.wall);
  tap_.start([&] { EXPECT_EQ(tap_.now(), anchor_.mono + 3s); });
  clock_.pass(1s);
  EXPECT_EQ(tap_.now(), clock_.now());
  tap_.on_wakeup(clock_.now() - 1ms, [&](MonoTime now) { EXPECT_EQ(tap_.now(), now); });
}

TEST_F(TapTest, SmallStateIsWrittenWithWhatWasThere) {
  EXPECT_EQ(tap_.get("known"), "a\nb");
  EXPECT_EQ(tap_.get("other"), std::nullopt);
  tap_.put("known", "c");
  EXPECT_EQ(state_.kept, "known=c");
  tap_.update("known", [](const auto& kept) { return kept.value_or("nothing") + "!"; });
  EXPECT_EQ(state_.kept, "known=a\nb!") << "and no record says that it was read";
  const Contents contents = written();
  ASSERT_EQ(contents.records.size(), 3U);
  EXPECT_EQ(contents.records[1].session->key, "known");
  EXPECT_EQ(contents.records[1].text, "a\nb");
  EXPECT_TRUE(contents.records[1].session->has_text);
  EXPECT_FALSE(contents.records[2].session->has_text);
}

TEST_F(TapTest, LinesWithoutRoomAreCountedAndTheirNumberStandsWhereTheyAreMissing) {
  lines_.room = 1;
  for (int i = 0; i < 4; ++i) tap_.on_wakeup(clock_.now(), [](MonoTime) {});
  EXPECT_EQ(tap_.lost(), 3U);
  lines_.room = 10;
  tap_.on_wakeup(clock_.now(), [](MonoTime) {});
  const Contents contents = written();
  EXPECT_THAT(contents.events(), ElementsAre(SessionEvent::header, SessionEvent::wakeup,
                                             SessionEvent::dropped, SessionEvent::wakeup));
  EXPECT_EQ(contents.records[2].session->count, 3);
}

TEST_F(TapTest, NothingIsWrittenBehindTheEnd) {
  tap_.finish();
  tap_.send_text(conn_, "unsubscribe");
  EXPECT_THAT(written().events(), ElementsAre(SessionEvent::header, SessionEvent::end));
  EXPECT_THAT(wire_.said, ElementsAre("text unsubscribe"));
}

struct Secret {
  std::string_view url, shown;
  friend void PrintTo(const Secret& secret, std::ostream* out) { *out << secret.url; }
};
class WithoutSecrets : public ::testing::TestWithParam<Secret> {};
TEST_P(WithoutSecrets, AreShown) {
  EXPECT_EQ(without_secrets(GetParam().url), GetParam().shown);
}
INSTANTIATE_TEST_SUITE_P(Urls, WithoutSecrets,
                         ::testing::Values(Secret{"wss://h/p", "wss://h/p"},
                                           Secret{"wss://h/p?streams=a@b/c&x",
                                                  "wss://h/p?streams=a@b/c&x"},
                                           Secret{"wss://me:pw@h:1/p?q=1", "wss://h:1/p?q=1"},
                                           Secret{"wss://h?Token=1&b=2&signature=3",
                                                  "wss://h?Token=hidden&b=2&signature=hidden"},
                                           Secret{"h?secret", "h?secret"}, Secret{"", ""}));

}  // namespace
}  // namespace feedwatch::capture
