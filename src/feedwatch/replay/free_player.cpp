// Recordings of our own, judged by something else than what they were made with.

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <map>
#include <utility>

#include "feedwatch/replay/outside.hpp"

namespace feedwatch::replay {

namespace {

using capture::Record;
using capture::Session;
using capture::SessionEvent;

/// A message that was sent live as well is recorded right behind what led to it; one that was not
/// is answered by the venue's own side after so long.
constexpr Duration answer_after = 50ms;
constexpr std::size_t most_sent = 1024;  ///< of one connection, kept for comparison

class FreePlayer final : public FreeJudging {
 public:
  using FreeJudging::FreeJudging;

  Result<void> take(const Record& record) override;
  Result<void> finish() override { return start(); }

 private:
  /// A connection of the recording.
  struct Recorded {
    std::string address;
    DialPhase reached = DialPhase::resolving;
    std::optional<ConnId> ours;    ///< the line that has it
    std::deque<std::string> sent;  ///< messages of the live run, not sent again yet
  };
  struct Message {
    MonoTime due;
    ConnId conn;
    std::string text;
  };

  Result<void> start();
  void event(const Record& record);
  void on_frame(const Record& record);
  void on_recorded_dial(const Record& record);
  void on_recorded_phase(const Record& record);
  void on_recorded_message(const Record& record);
  void on_recorded_end(const Record& record);
  void on_answer(const Record& record);
  void on_lease(const Session& session);
  Recorded* recorded_of(const Record& record);
  Recorded* held_by(ConnId conn);
  void give(Recorded& recorded, ConnId conn);

  void on_dial(ConnId conn, const std::string& address) override;
  void on_text(ConnId conn, const std::string& text) override;
  void on_ping(ConnId conn, const std::string& payload) override;
  void on_close(ConnId conn) override;
  MonoTime next_deadline() const override;
  void serve() override;

  std::map<ConnId, Recorded> recorded_;
  std::deque<Message> unanswered_;  ///< in the order of their moments
  Reads read_;
  bool started_ = false;
};

Result<void> FreePlayer::start() {
  if (std::exchange(started_, true)) return {};
  return judge_.start();
}

Result<void> FreePlayer::take(const Record& record) {
  if (record.session == nullptr) return {};
  ++counts_.records;
  const Session& session = *record.session;
  if (session.event == SessionEvent::header || session.event == SessionEvent::part) return {};
  if (session.event == SessionEvent::state) {
    if (session.has_text && !started_) judge_.state().put(session.key, std::string(record.text));
    return {};
  }
  if (session.event == SessionEvent::start) {
    judge_.advance(mono_from_ns(*session.now), true);
    return {};
  }
  if (!started_) judge_.advance(mono_from_ns(*session.now), true);
  if (auto started = start(); !started) return started;
  event(record);
  return {};
}

void FreePlayer::event(const Record& record) {
  const Session& session = *record.session;
  // Frames of one read are handed over together.
  if (!session.more) judge_.advance(std::max(now(), mono_from_ns(*session.now)), true);
  switch (session.event) {
    case SessionEvent::dial:
      return on_recorded_dial(record);
    case SessionEvent::phase:
    case SessionEvent::open:
      return on_recorded_phase(record);
    case SessionEvent::read:
    case SessionEvent::control:
      return on_frame(record);
    case SessionEvent::send:
      return on_recorded_message(record);
    case SessionEvent::close:
      // The live run gave it up; a line that has it still may see what comes until it ends.
      if (Recorded* const of = recorded_of(record); of != nullptr && !of->ours) {
        recorded_.erase(*conn_of(record));
      }
      return;
    case SessionEvent::closed:
      return on_recorded_end(record);
    case SessionEvent::answer:
    case SessionEvent::failure:
      return on_answer(record);
    case SessionEvent::want:
    case SessionEvent::unwant:
      return on_lease(session);
    case SessionEvent::dropped:
      static_cast<void>(read_.take());
      counts_.lost += static_cast<std::uint64_t>(session.count.value_or(1));
      return;
    default:
      return;
  }
}

// ---- the recording's side -----------------------------------------------------------------------

FreePlayer::Recorded* FreePlayer::recorded_of(const Record& record) {
  const auto conn = conn_of(record);
  const auto found = conn ? recorded_.find(*conn) : recorded_.end();
  return found == recorded_.end() ? nullptr : &found->second;
}

FreePlayer::Recorded* FreePlayer::held_by(ConnId conn) {
  const auto found =
      std::ranges::find_if(recorded_, [&](const auto& entry) { return entry.second.ours == conn; });
  return found == recorded_.end() ? nullptr : &found->second;
}

void FreePlayer::on_recorded_dial(const Record& record) {
  const auto conn = conn_of(record);
  if (!conn) return;
  Recorded& recorded = recorded_[*conn];
  recorded.address = record.address;
  // The line that has waited longest for one.
  for (const auto& [ours, line] : lines_) {
    if (capture::without_secrets(line.address) != recorded.address || held_by(ours) != nullptr) {
      continue;
    }
    return give(recorded, ours);
  }
}

/// A line gets a connection, as far as that has come.
void FreePlayer::give(Recorded& recorded, ConnId conn) {
  recorded.ours = conn;
  for (auto reached = DialPhase::connecting; reached <= recorded.reached;
       reached = static_cast<DialPhase>(static_cast<int>(reached) + 1)) {
    phase(conn, reached);
  }
}

void FreePlayer::on_recorded_phase(const Record& record) {
  const Session& session = *record.session;
  const auto conn = conn_of(record);
  if (!conn || (session.event == SessionEvent::phase && !recorded_.contains(*conn))) return;
  Recorded& recorded = recorded_[*conn];
  recorded.reached = session.event == SessionEvent::open
                         ? DialPhase::open
                         : capture::dial_phase_of(session.phase).value_or(recorded.reached);
  if (!recorded.address.empty()) {
    if (recorded.ours) phase(*recorded.ours, recorded.reached);
    return;
  }
  // One that stood when this file began.
  on_recorded_dial(record);
}

void FreePlayer::on_frame(const Record& record) {
  const Session& session = *record.session;
  Recorded* const from = recorded_of(record);
  Line* const to = from != nullptr && from->ours ? line(*from->ours) : nullptr;
  const FrameType type = frame_type_of(record);
  counts_.frames += session.event == SessionEvent::read ? 1U : 0U;
  if (type != FrameType::pong) {
    read_.add(type, record.text);
  } else if (to != nullptr && !to->pings.empty()) {
    // The venue answered a ping then; now it is the oldest of ours it answers.
    read_.add(type, to->pings.front());
    to->pings.pop_front();
  }
  if (session.more) return;
  const std::span<const Frame> frames = read_.take();
  if (to == nullptr || !to->open) {
    counts_.skipped += frames.size();
    return;
  }
  read(*from->ours, frames,
       {.mono_recv = mono_from_ns(*session.mono),
        .ts_recv = *record.ts,
        .stalled = session.stalled});
}

void FreePlayer::on_recorded_message(const Record& record) {
  Recorded* const of = recorded_of(record);
  if (of == nullptr) return;
  of->sent.emplace_back(record.text);
  if (of->sent.size() > most_sent) of->sent.pop_front();
}

void FreePlayer::on_recorded_end(const Record& record) {
  const auto conn = conn_of(record);
  const auto found = conn ? recorded_.find(*conn) : recorded_.end();
  if (found == recorded_.end()) return;
  const std::optional<ConnId> ours = found->second.ours;
  recorded_.erase(found);
  CloseReport report = close_report_of(record);
  // Closed by the live run, not by the venue: to a line that still has it, it was lost.
  report.by_us = false;
  if (ours) closed(*ours, report);
}

void FreePlayer::on_answer(const Record& record) {
  const Session& session = *record.session;
  if (session.event == SessionEvent::failure) {
    questions_.answer(record.address, std::unexpected(std::string(record.text)));
  } else {
    HttpResponse response{.status = static_cast<int>(session.status.value_or(200)),
                          .body = std::string(record.text)};
    if (!session.retry_after.empty()) {
      response.headers.emplace_back("retry-after", session.retry_after);
    }
    questions_.answer(record.address, std::move(response));
  }
  judge_.settle();
}

void FreePlayer::on_lease(const Session& session) {
  const auto key = StreamKey::parse(session.key);
  if (!key) return;
  if (session.event == SessionEvent::unwant) {
    judge_.shard().unwant(*key, session.owner);
  } else {
    static_cast<void>(judge_.shard().want(*key, session.owner, Duration{session.ttl.value_or(0)}));
  }
  judge_.settle();
}

// ---- our side -----------------------------------------------------------------------------------

void FreePlayer::on_dial(ConnId conn, const std::string& address) {
  for (auto& [number, recorded] : recorded_) {
    if (recorded.address == address && !recorded.ours) return give(recorded, conn);
  }
}

void FreePlayer::on_text(ConnId conn, const std::string& text) {
  unanswered_.push_back({now() + answer_after, conn, text});
}

void FreePlayer::on_ping(ConnId conn, const std::string& payload) {
  line(conn)->pings.push_back(payload);
}

void FreePlayer::on_close(ConnId conn) {
  if (Recorded* const held = held_by(conn)) held->ours.reset();
}

MonoTime FreePlayer::next_deadline() const {
  const MonoTime message = unanswered_.empty() ? never_mono : unanswered_.front().due;
  return std::min(message, FreeJudging::next_deadline());
}

void FreePlayer::serve() {
  questions_.serve();
  judge_.settle();
  while (!unanswered_.empty() && unanswered_.front().due <= now()) {
    const Message message = std::move(unanswered_.front());
    unanswered_.pop_front();
    Recorded* const to = held_by(message.conn);
    if (to != nullptr) {
      const auto same = std::ranges::find(to->sent, message.text);
      if (same != to->sent.end()) {
        to->sent.erase(same);
        continue;  // the recording has the answer
      }
    }
    reply(message.conn, message.text);
  }
}

}  // namespace

std::unique_ptr<Player> free_player(JudgeOptions options) {
  return std::make_unique<FreePlayer>(std::move(options));
}

}  // namespace feedwatch::replay
