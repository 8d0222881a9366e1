#pragma once

#include "feedwatch/base/ports/transport.hpp"
#include "feedwatch/engine/shard.hpp"

namespace feedwatch::app {

/// Events of the transport go to a shard that is built after it.
class LateSink final : public FrameSink {
 public:
  void on_phase(ConnId conn, DialPhase reached, MonoTime now) override {
    shard->on_phase(conn, reached, now);
  }
  void on_read(ConnId conn, std::span<const Frame> frames, ReadStamp stamp) override {
    shard->on_read(conn, frames, stamp);
  }
  void on_closed(ConnId conn, const CloseReport& report, MonoTime now) override {
    shard->on_closed(conn, report, now);
  }
  engine::Shard* shard = nullptr;
};

}  // namespace feedwatch::app
