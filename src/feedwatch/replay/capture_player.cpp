// Others' captures: frames with a time each, and no word of what was decided when.

#include <array>
#include <map>
#include <utility>

#include "feedwatch/base/saturate.hpp"
#include "feedwatch/replay/outside.hpp"

namespace feedwatch::replay {

namespace {

using capture::Direction;
using capture::Record;

/// A capture without times plays at ten messages a second, as the fake exchange plays it.
constexpr Duration untimed_gap = 100ms;

class CapturePlayer final : public FreeJudging {
 public:
  using FreeJudging::FreeJudging;

  Result<void> take(const Record& record) override {
    ++counts_.records;
    if (record.direction != Direction::received) return {};
    if (auto started = start(); !started) return started;
    advance(record);
    ++counts_.frames;
    const Frame frame{record.binary ? FrameType::binary : FrameType::text, record.text};
    deliver(record, {&frame, 1});
    return {};
  }

  Result<void> finish() override { return start(); }

 private:
  Result<void> start() {
    if (std::exchange(started_, true)) return {};
    return judge_.start();
  }

  void advance(const Record& record) {
    const WallAnchor& anchor = judge_.clock().anchor();
    const MonoTime at = record.ts ? plus(anchor.mono, *record.ts - anchor.wall)
                                  : now() + (counts_.frames > 0 ? untimed_gap : capture_lead);
    judge_.advance(at, true);
  }

  void deliver(const Record& record, std::span<const Frame> frames) {
    std::vector<ConnId> to;
    for (const auto& [conn, line] : lines_) {
      if (line.open && is_from(record.address, line)) to.push_back(conn);
    }
    counts_.skipped += to.empty() ? 1U : 0U;
    for (const ConnId conn : to) read(conn, frames, stamp_now());
  }

  /// Whether the venue of the line served that address; what names none is anybody's.
  bool is_from(std::string_view address, const Line& line) {
    if (address.empty() || line.side == nullptr) return true;
    const auto [known, added] = serves_.try_emplace({line.side, std::string(address)});
    if (added) known->second = venues::serves(*line.side, address);
    return known->second;
  }

  void on_dial(ConnId conn, const std::string&) override {
    for (const DialPhase reached :
         {DialPhase::connecting, DialPhase::securing, DialPhase::upgrading, DialPhase::open}) {
      phase(conn, reached);
    }
  }
  void on_text(ConnId conn, const std::string& text) override { reply(conn, text); }
  void on_ping(ConnId conn, const std::string& payload) override {
    std::string padded = payload;
    padded.append(frame_padding, '\0');
    const std::array pong{
        Frame{FrameType::pong, std::string_view(padded).substr(0, payload.size())}};
    read(conn, pong, stamp_now());
  }

  std::map<std::pair<const venues::VenueSide*, std::string>, bool> serves_;
  bool started_ = false;
};

}  // namespace

std::unique_ptr<Player> capture_player(JudgeOptions options) {
  return std::make_unique<CapturePlayer>(std::move(options));
}

}  // namespace feedwatch::replay
