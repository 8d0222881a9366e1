// Hands in again what was handed in, and compares what is said with what was said.

#include <fmt/format.h>

#include <deque>
#include <map>
#include <utility>

#include "feedwatch/base/json_writer.hpp"
#include "feedwatch/replay/player.hpp"
#include "feedwatch/replay/reads.hpp"

namespace feedwatch::replay {

namespace {

using capture::Record;
using capture::Session;
using capture::SessionEvent;

constexpr std::size_t longest_excerpt = 120;

/// What the shard says to the outside goes nowhere; it is kept until the record of it comes.
class Said final : public Transport, public HttpFetch {
 public:
  struct Word {
    SessionEvent event;
    std::string text;
    friend bool operator==(const Word&, const Word&) = default;
  };

  void dial(ConnId conn, const DialTarget& target) override {
    say(SessionEvent::dial, conn, capture::without_secrets(target.url));
  }
  void send_text(ConnId conn, std::string_view text) override {
    say(SessionEvent::send, conn, text);
  }
  void send_ping(ConnId conn, std::string_view payload) override {
    say(SessionEvent::control_send, conn, "ping " + std::string(payload));
  }
  void send_pong(ConnId conn, std::string_view payload) override {
    say(SessionEvent::control_send, conn, "pong " + std::string(payload));
  }
  void close(ConnId conn, std::uint16_t code) override {
    say(SessionEvent::close, conn, std::to_string(code));
  }
  void abort(ConnId conn) override { say(SessionEvent::close, conn, ""); }
  void fetch(HttpRequest request, Done done) override {
    words_.push_back({SessionEvent::request, capture::without_secrets(request.url)});
    questions_.emplace(next_question_++, std::move(done));
  }

  std::optional<Word> next() {
    if (words_.empty()) return std::nullopt;
    Word word = std::move(words_.front());
    words_.pop_front();
    return word;
  }
  /// The question of that number, if it still waits.
  Done question(std::int64_t number) {
    const auto found = questions_.find(number);
    if (found == questions_.end()) return {};
    Done done = std::move(found->second);
    questions_.erase(found);
    return done;
  }

  /// A word as the recording has it.
  static Word recorded(const Record& record) {
    const Session& session = *record.session;
    const std::string connection(record.connection);
    switch (session.event) {
      case SessionEvent::request:
        return {session.event, std::string(record.address)};
      case SessionEvent::dial:
        return {session.event, connection + " " + std::string(record.address)};
      case SessionEvent::control_send:
        return {session.event,
                connection + " " + session.operation + " " + std::string(record.text)};
      case SessionEvent::close:
        return {session.event,
                connection + " " + (session.code ? std::to_string(*session.code) : "")};
      default:
        return {session.event, connection + " " + std::string(record.text)};
    }
  }

 private:
  void say(SessionEvent event, ConnId conn, std::string_view text) {
    words_.push_back({event, std::to_string(conn.value) + " " + std::string(text)});
  }

  std::deque<Word> words_;
  std::map<std::int64_t, Done> questions_;
  std::int64_t next_question_ = 1;
};

std::string shown(const std::optional<Said::Word>& word) {
  if (!word) return "nothing";
  return fmt::format("{} {}", capture::to_text(word->event),
                     json_quoted(std::string_view(word->text).substr(0, longest_excerpt)));
}

class ExactPlayer final : public Player {
 public:
  explicit ExactPlayer(JudgeOptions options) : judge_(std::move(options), said_, said_) {}

  Result<void> take(const Record& record) override;
  Result<void> finish() override;
  const Judge& judge() const override { return judge_; }
  const PlayCounts& counts() const override { return counts_; }
  std::optional<std::string> divergence() const override { return divergence_; }

 private:
  Result<void> on_header(const Session& session);
  Result<void> start_when_due();
  /// Sockets go before deadlines; records of deadlines say when those were served.
  void advance(const Session& session);
  void event(const Record& record);
  void on_frame(const Record& record);
  void on_answer(const Record& record);
  void on_lease(const Session& session);
  void compare(const Record& record);
  void differs(std::string what);

  Said said_;
  Judge judge_;
  Reads read_;
  PlayCounts counts_;
  std::optional<MonoTime> start_at_;
  bool started_ = false;
  bool whole_ = true;  ///< nothing is missing so far
  std::optional<std::string> divergence_;
  std::int64_t repeated_ = 0;  ///< so many open events repeat what stands
  std::int64_t part_ = 0;
};

Result<void> ExactPlayer::take(const Record& record) {
  if (record.session == nullptr) return {};
  ++counts_.records;
  const Session& session = *record.session;
  if (session.event == SessionEvent::header) return on_header(session);
  if (session.event == SessionEvent::part) {
    if (session.number != ++part_) {
      return std::unexpected(Error{.what = "recording",
                                   .why = fmt::format("part {} is missing", part_),
                                   .fix = "name all files of the recording in their order"});
    }
    repeated_ = session.count.value_or(0);
    return {};
  }
  if (session.event == SessionEvent::open && repeated_ > 0) {
    --repeated_;
    return {};
  }
  if (session.event == SessionEvent::state) {
    if (session.has_text) judge_.state().put(session.key, std::string(record.text));
    return {};
  }
  if (session.event == SessionEvent::start) {
    start_at_ = mono_from_ns(*session.now);
    return {};
  }
  if (auto started = start_when_due(); !started) return started;
  event(record);
  return {};
}

Result<void> ExactPlayer::on_header(const Session& session) {
  const WallAnchor& anchor = judge_.clock().anchor();
  if (session.mono == to_ns(anchor.mono) && session.wall == to_ns(anchor.wall)) return {};
  return std::unexpected(Error{.what = "recording",
                               .why = "the files are of two recordings",
                               .fix = "replay each on its own"});
}

/// The start asks for small state, whose records stand behind its own.
Result<void> ExactPlayer::start_when_due() {
  if (started_ || !start_at_) return {};
  started_ = true;
  judge_.advance(*start_at_, false);
  return judge_.start();
}

void ExactPlayer::event(const Record& record) {
  const Session& session = *record.session;
  const MonoTime now = mono_from_ns(*session.now);
  switch (session.event) {
    case SessionEvent::dial:
    case SessionEvent::send:
    case SessionEvent::control_send:
    case SessionEvent::close:
    case SessionEvent::request:
      return compare(record);
    case SessionEvent::dropped:
      whole_ = false;
      static_cast<void>(read_.take());
      counts_.lost += static_cast<std::uint64_t>(session.count.value_or(1));
      return differs(fmt::format("{} records are missing", session.count.value_or(1)));
    case SessionEvent::read:
    case SessionEvent::control:
      return on_frame(record);
    default:
      break;
  }
  judge_.advance(now, !whole_);
  switch (session.event) {
    case SessionEvent::wakeup:
      judge_.shard().on_wakeup(now);
      break;
    case SessionEvent::phase:
    case SessionEvent::open:
      if (const auto conn = conn_of(record)) {
        judge_.shard().on_phase(
            *conn, capture::dial_phase_of(session.phase).value_or(DialPhase::open), now);
      }
      break;
    case SessionEvent::closed:
      if (const auto conn = conn_of(record)) {
        judge_.shard().on_closed(*conn, close_report_of(record), now);
      }
      break;
    case SessionEvent::answer:
    case SessionEvent::failure:
      on_answer(record);
      break;
    case SessionEvent::want:
    case SessionEvent::unwant:
      on_lease(session);
      break;
    default:
      break;
  }
  judge_.settle();
}

void ExactPlayer::on_frame(const Record& record) {
  const Session& session = *record.session;
  read_.add(frame_type_of(record), record.text);
  counts_.frames += session.event == SessionEvent::read ? 1U : 0U;
  if (session.more) return;
  const auto conn = conn_of(record);
  if (!conn) return static_cast<void>(read_.take());
  judge_.advance(mono_from_ns(*session.now), !whole_);
  judge_.shard().on_read(*conn, read_.take(),
                         {.mono_recv = mono_from_ns(*session.mono),
                          .ts_recv = *record.ts,
                          .stalled = session.stalled});
  judge_.settle();
}

void ExactPlayer::on_answer(const Record& record) {
  const Session& session = *record.session;
  auto done = said_.question(session.id.value_or(0));
  if (!done) return differs("REST answered what was not asked");
  if (session.event == SessionEvent::failure) {
    return done(std::unexpected(std::string(record.text)));
  }
  HttpResponse response{.status = static_cast<int>(session.status.value_or(200)),
                        .body = std::string(record.text)};
  if (!session.retry_after.empty()) {
    response.headers.emplace_back("retry-after", session.retry_after);
  }
  done(std::move(response));
}

void ExactPlayer::on_lease(const Session& session) {
  const auto key = StreamKey::parse(session.key);
  if (!key) return;
  if (session.event == SessionEvent::unwant) {
    judge_.shard().unwant(*key, session.owner);
    return;
  }
  static_cast<void>(judge_.shard().want(*key, session.owner, Duration{session.ttl.value_or(0)}));
}

void ExactPlayer::compare(const Record& record) {
  const auto said = said_.next();
  const auto recorded = Said::recorded(record);
  ++counts_.said;
  if (said != recorded) {
    differs(fmt::format("{} was recorded, {} is said now", shown(recorded), shown(said)));
  }
}

void ExactPlayer::differs(std::string what) {
  if (!divergence_) {
    divergence_ = fmt::format("record {}: {}", counts_.records, what);
  }
}

Result<void> ExactPlayer::finish() {
  if (auto started = start_when_due(); !started) return started;
  if (const auto said = said_.next()) {
    differs(fmt::format("the recording has ended, {} is said now", shown(said)));
  }
  return {};
}

}  // namespace

std::unique_ptr<Player> exact_player(JudgeOptions options) {
  return std::make_unique<ExactPlayer>(std::move(options));
}

}  // namespace feedwatch::replay
