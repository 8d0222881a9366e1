#pragma once

#include <deque>
#include <map>
#include <string>

#include "feedwatch/replay/player.hpp"
#include "feedwatch/replay/reads.hpp"
#include "feedwatch/replay/wire.hpp"

namespace feedwatch::replay {

/// What players that serve deadlines themselves share: a judge, the lines it has, and the turn in
/// which the outside answers what was said.
class FreeJudging : public Player {
 public:
  explicit FreeJudging(JudgeOptions options);

  const Judge& judge() const override { return judge_; }
  const PlayCounts& counts() const override { return counts_; }
  std::optional<std::string> divergence() const override { return std::nullopt; }

 protected:
  struct Line {
    std::string address;
    const venues::VenueSide* side = nullptr;
    bool open = false;
    std::deque<std::string> pings;  ///< not answered yet
  };

  virtual void on_dial(ConnId conn, const std::string& address) = 0;
  virtual void on_text(ConnId conn, const std::string& text) = 0;
  virtual void on_ping(ConnId conn, const std::string& payload) = 0;
  virtual void on_close(ConnId /*conn*/) {}
  virtual MonoTime next_deadline() const { return questions_.next_deadline(); }
  virtual void serve() { questions_.serve(); }

  Line* line(ConnId conn);
  void phase(ConnId conn, DialPhase reached);
  void read(ConnId conn, std::span<const Frame> frames, ReadStamp stamp);
  void closed(ConnId conn, const CloseReport& report);
  /// What the venue's side says to a message, at once.
  void reply(ConnId conn, const std::string& text);
  ReadStamp stamp_now() const;
  MonoTime now() const { return judge_.clock().now(); }

  Sides sides_;
  Wire wire_;
  Questions questions_;
  Judge judge_;
  PlayCounts counts_;
  std::map<ConnId, Line> lines_;

 private:
  void speak();
  void act(const Wire::Act& act);

  bool speaking_ = false;
};

}  // namespace feedwatch::replay
