#include "feedwatch/replay/outside.hpp"

#include <array>
#include <utility>

namespace feedwatch::replay {

FreeJudging::FreeJudging(JudgeOptions options)
    : sides_(options.shard.venues),
      questions_([this] { return now(); }),
      judge_(std::move(options), wire_, questions_) {
  judge_.set_outside({.speak = [this] { speak(); },
                      .next = [this] { return next_deadline(); },
                      .serve = [this] { serve(); }});
}

/// One act after the other; what the answers bring about gets its turn behind them.
void FreeJudging::speak() {
  if (speaking_) return;
  speaking_ = true;
  while (const auto said = wire_.next()) act(*said);
  speaking_ = false;
}

void FreeJudging::act(const Wire::Act& act) {
  if (act.type == Wire::Act::Type::dial) {
    lines_[act.conn] = {.address = act.text, .side = sides_.of(act.text)};
    return on_dial(act.conn, capture::without_secrets(act.text));
  }
  if (line(act.conn) == nullptr) return;
  switch (act.type) {
    case Wire::Act::Type::text:
      return on_text(act.conn, act.text);
    case Wire::Act::Type::ping:
      return on_ping(act.conn, act.text);
    case Wire::Act::Type::close:
      on_close(act.conn);
      return closed(act.conn,
                    {.phase = lines_[act.conn].open ? DialPhase::open : DialPhase::connecting,
                     .by_us = true});
    case Wire::Act::Type::dial:
      break;
  }
}

FreeJudging::Line* FreeJudging::line(ConnId conn) {
  const auto found = lines_.find(conn);
  return found == lines_.end() ? nullptr : &found->second;
}

void FreeJudging::phase(ConnId conn, DialPhase reached) {
  Line* const of = line(conn);
  if (of == nullptr || of->open) return;
  of->open = reached == DialPhase::open;
  judge_.shard().on_phase(conn, reached, now());
  judge_.settle();
}

void FreeJudging::read(ConnId conn, std::span<const Frame> frames, ReadStamp stamp) {
  const Line* const to = line(conn);
  if (to == nullptr || !to->open || frames.empty()) return;
  judge_.shard().on_read(conn, frames, stamp);
  judge_.settle();
}

void FreeJudging::closed(ConnId conn, const CloseReport& report) {
  if (lines_.erase(conn) == 0) return;
  judge_.shard().on_closed(conn, report, now());
  judge_.settle();
}

void FreeJudging::reply(ConnId conn, const std::string& text) {
  const Line* const of = line(conn);
  if (of == nullptr || of->side == nullptr) return;
  for (std::string& answer : replies(*of->side, text)) {
    const std::size_t size = answer.size();
    answer.append(frame_padding, '\0');
    const std::array frame{Frame{FrameType::text, std::string_view(answer).substr(0, size)}};
    read(conn, frame, stamp_now());
  }
}

ReadStamp FreeJudging::stamp_now() const {
  return {.mono_recv = now(), .ts_recv = judge_.clock().anchor().at(now())};
}

}  // namespace feedwatch::replay
