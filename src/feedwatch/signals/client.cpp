#include "feedwatch/signals/client.hpp"

#include <algorithm>
#include <utility>

namespace feedwatch::signals {
namespace {

constexpr std::uint16_t normal_closure = 1000;

template <class... F>
struct Overloaded : F... {
  using F::operator()...;
};

}  // namespace

Client::Client(Options options, WallAnchor anchor, Ports ports)
    : target_(std::move(options.target)),
      session_(std::move(options.session), anchor),
      ports_(std::move(ports)) {
  target_.max_message = max_message;
}

void Client::start(Transport& transport) {
  transport_ = &transport;
  carry_out(session_.start(ports_.clock.now()));
  arm();
}

void Client::stop() {
  if (transport_ == nullptr) return;
  carry_out(session_.stop(ports_.clock.now()));
  arm();
}

void Client::on_wakeup(MonoTime now) {
  carry_out(session_.on_time(now));
  arm();
}

void Client::on_phase(ConnId conn, DialPhase reached, MonoTime now) {
  carry_out(session_.on_phase(conn, reached, now));
  arm();
}

void Client::on_read(ConnId conn, std::span<const Frame> frames, ReadStamp stamp) {
  for (const Frame& frame : frames) {
    if (frame.type == FrameType::ping) transport_->send_pong(conn, frame.payload);
    if (frame.type != FrameType::text && frame.type != FrameType::binary) continue;
    carry_out(session_.on_message(conn, decode(frame.payload), stamp.mono_recv));
  }
  arm();
}

void Client::on_closed(ConnId conn, const CloseReport& report, MonoTime now) {
  carry_out(session_.on_closed(conn, report, now));
  arm();
}

void Client::carry_out(Actions actions) {
  for (Action& action : actions) {
    std::visit(Overloaded{[&](const Dial& dial) { transport_->dial(dial.conn, target_); },
                          [&](const Say& say) { transport_->send_text(say.conn, say.text); },
                          [&](const HangUp& end) { transport_->close(end.conn, normal_closure); },
                          [&](Beat& beat) { ports_.beat(beat.at, std::move(beat.detail)); },
                          [&](const Remark& remark) {
                            ports_.log(remark.warning ? "warning" : "info", remark.text);
                          }},
               action);
  }
}

void Client::arm() {
  const MonoTime next = session_.next_deadline();
  if (next == never_mono) {
    ports_.wakeup.disarm();
  } else {
    ports_.wakeup.arm(next);
  }
}

}  // namespace feedwatch::signals
