#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "feedwatch/base/ports/clock.hpp"
#include "feedwatch/base/ports/transport.hpp"
#include "feedwatch/signals/session.hpp"

namespace feedwatch::signals {

/// Carries out what a Session decides, through ports: the same over sockets and in virtual time.
/// One thread. What it borrows outlives it, the transport too.
class Client final : public FrameSink {
 public:
  struct Ports {
    Clock& clock;
    Wakeup& wakeup;  ///< its own; wakes on_wakeup()
    /// A new signal was given at `at`.
    std::function<void(MonoTime at, std::string detail)> beat;
    std::function<void(std::string_view severity, std::string_view text)> log;
  };
  struct Options {
    DialTarget target;
    SessionOptions session;
  };

  Client(Options options, WallAnchor anchor, Ports ports);

  /// `transport` tells its events to this object.
  void start(Transport& transport);
  void stop();
  void on_wakeup(MonoTime now);
  PulseSource status(MonoTime now) const { return session_.status(now); }

  void on_phase(ConnId conn, DialPhase reached, MonoTime now) override;
  void on_read(ConnId conn, std::span<const Frame> frames, ReadStamp stamp) override;
  void on_closed(ConnId conn, const CloseReport& report, MonoTime now) override;

 private:
  void carry_out(Actions actions);
  void arm();

  DialTarget target_;
  Session session_;
  Ports ports_;
  Transport* transport_ = nullptr;
};

}  // namespace feedwatch::signals
