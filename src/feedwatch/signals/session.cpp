#include "feedwatch/signals/session.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "feedwatch/base/duration_text.hpp"
#include "feedwatch/base/saturate.hpp"

namespace feedwatch::signals {
namespace {

constexpr Duration instant{1};  // equality passes
constexpr Duration beat_spacing = 1s;
constexpr Duration longest_wish = 1h;  // of a server that names its time to come again
constexpr Duration flapping_window = 5min;
constexpr std::size_t flapping_losses = 3;
constexpr std::size_t kept_losses = 32;

/// What a server says that refuses us and not our connection.
bool is_rejection(const CloseReport& report, SourceState state) {
  if (report.http_status == 401 || report.http_status == 403) return true;
  constexpr std::uint16_t policy = 1008, unauthorized = 3000, forbidden = 3003;
  if (state != SourceState::authenticating || !report.close_code) return false;
  return *report.close_code == policy || *report.close_code == unauthorized ||
         *report.close_code == forbidden;
}

std::string with(std::string text, const std::string& detail) {
  if (!detail.empty()) text += ": " + detail;
  return text;
}

}  // namespace

Session::Session(SessionOptions options, WallAnchor anchor)
    : options_(std::move(options)),
      anchor_(anchor),
      random_(options_.seed),
      retry_(options_.retry_first, options_.retry_max),
      rejected_(options_.retry_first, options_.rejected_max) {}

Actions Session::start(MonoTime now) {
  stopped_ = false;
  down_since_ = now;
  why_down_ = "it is being dialled for the first time";
  dial(now);
  return take();
}

Actions Session::stop(MonoTime now) {
  stopped_ = true;
  if (pending_) tell_beat(now);
  if (open_) out_.emplace_back(HangUp{conn_});
  open_ = false;
  enter(SourceState::disconnected, never_mono);
  return take();
}

void Session::enter(SourceState state, MonoTime deadline) {
  state_ = state;
  step_due_ = deadline;
}

void Session::dial(MonoTime now) {
  ++conn_.value;
  ++dials_;
  open_ = true;
  phase_ = DialPhase::resolving;
  heartbeats_ = false;
  enter(SourceState::connecting, plus(now, options_.step_timeout));
  out_.emplace_back(Dial{conn_});
}

Actions Session::on_phase(ConnId conn, DialPhase reached, MonoTime now) {
  if (!open_ || conn != conn_ || state_ != SourceState::connecting) return {};
  phase_ = reached;
  const bool is_open = reached == DialPhase::open;
  enter(is_open ? SourceState::connected : SourceState::connecting,
        plus(now, options_.step_timeout));
  return take();
}

Actions Session::on_message(ConnId conn, const Decoded& message, MonoTime now) {
  if (!open_ || conn != conn_ || stopped_) return {};
  if (message) {
    tally_.received(message->type, now);
    heard_ = now;
    on_readable(*message, now);
  } else {
    tally_.failed({.type = message.error().type, .why = without_token(message.error().why)}, now);
  }
  return take();
}

void Session::on_readable(const Message& message, MonoTime now) {
  heartbeats_ = heartbeats_ || message.announces_heartbeats;
  const bool is_in = state_ == SourceState::authenticated;
  switch (message.type) {
    case MessageType::auth_required:
      // Answered once: who asks again has forgotten us, and a new connection is the way back.
      if (state_ != SourceState::connected) return lose("it asked for the token again", now);
      enter(SourceState::authenticating, plus(now, options_.step_timeout));
      out_.emplace_back(Say{conn_, auth_request(options_.token)});
      return;
    case MessageType::auth_success:
      if (state_ == SourceState::authenticating) on_authenticated(message, now);
      return;
    case MessageType::auth_failed:
      return reject(message.text, now);
    case MessageType::signal:
    case MessageType::signals:
    case MessageType::snapshot:
      if (is_in) on_signals(message, now);
      return;
    default:
      return;
  }
}

void Session::on_authenticated(const Message& message, MonoTime now) {
  heartbeats_ = message.announces_heartbeats;
  authenticated_at_ = now;
  heard_ = now;
  enter(SourceState::authenticated, never_mono);
  down_since_.reset();
  rejected_since_.reset();
  why_down_.clear();
  told_down_ = false;
  out_.emplace_back(Remark{false, "authenticated, waiting for signals"});
  if (options_.ask_every > Duration::zero()) {
    out_.emplace_back(Say{conn_, signals_request()});
    ask_at_ = plus(now, options_.ask_every);
  }
}

void Session::on_signals(const Message& message, MonoTime now) {
  const bool is_single = message.type == MessageType::signal;
  // A list we have nothing to compare with is what the source had kept.
  const bool is_kept = message.type == MessageType::snapshot || (!is_single && memory_.empty());
  std::size_t fresh = 0;
  std::optional<WallTime> newest;
  for (const Signal& signal : message.signals) {
    const bool is_new = memory_.add(signal.key);
    if (!is_new && (signal.named || !is_single)) continue;
    ++fresh;
    if (signal.at) newest = std::max(newest.value_or(*signal.at), *signal.at);
  }
  repeated_ += message.signals.size() - fresh;
  if (fresh == 0) return;
  std::string detail = is_single
                           ? "signal " + message.signals.front().symbol
                           : fmt::format("{} new signals of {}", fresh, message.signals.size());
  if (!is_kept) {
    signals_ += fresh;
    return beat(now, std::move(detail), now);
  }
  if (!newest) {
    repeated_ += fresh;
    return;
  }
  signals_ += fresh;
  const MonoTime at = plus(anchor_.mono, minus(*newest, anchor_.wall));
  beat(std::min(at, now), "kept by the source: " + detail, now);
}

void Session::beat(MonoTime at, std::string detail, MonoTime now) {
  if (!pending_ || pending_->at <= at) pending_ = Beat{at, without_token(std::move(detail))};
  if (now >= next_beat_) tell_beat(now);
}

void Session::tell_beat(MonoTime now) {
  out_.emplace_back(std::move(*pending_));
  pending_.reset();
  next_beat_ = plus(now, beat_spacing);
}

Actions Session::on_closed(ConnId conn, const CloseReport& report, MonoTime now) {
  if (!open_ || conn != conn_) return {};
  open_ = false;
  if (stopped_) return {};
  if (is_rejection(report, state_)) {
    reject(report.detail, now);
  } else {
    lose(report.detail.empty() ? "the connection ended" : report.detail, now, report.retry_after);
  }
  return take();
}

Actions Session::on_time(MonoTime now) {
  if (stopped_) return {};
  if (pending_ && now >= next_beat_) tell_beat(now);
  if (state_ == SourceState::authenticated) {
    if (now >= silent_at()) {
      const Duration limit = heartbeats_ ? options_.heartbeat_timeout : options_.quiet_timeout;
      lose(fmt::format("{} for {}", heartbeats_ ? "no heartbeat" : "nothing was said",
                       format_duration(limit)),
           now);
    } else if (now >= ask_at_) {
      out_.emplace_back(Say{conn_, signals_request()});
      ask_at_ = plus(now, options_.ask_every);
    }
  } else if (now >= step_due_) {
    if (state_ == SourceState::disconnected) {
      dial(now);
    } else {
      lose(missed_step(), now);
    }
  }
  return take();
}

std::string Session::missed_step() const {
  constexpr std::array<std::string_view, 4> phases{
      "its name was not resolved", "it did not accept the connection", "TLS was not agreed on",
      "the upgrade was not answered"};
  const std::string within = " within " + format_duration(options_.step_timeout);
  if (state_ == SourceState::connected) return "no auth_required" + within;
  if (state_ == SourceState::authenticating) return "no answer to the token" + within;
  return std::string(phases.at(std::min<std::size_t>(static_cast<std::size_t>(phase_), 3))) +
         within;
}

void Session::lose(std::string why, MonoTime now, std::optional<Duration> retry_after) {
  note_loss(why, now);
  rejected_since_.reset();
  Duration delay = retry_.next(random_);
  if (retry_after) delay = std::max(delay, std::min(*retry_after, longest_wish));
  leave(std::move(why), delay, now);
}

void Session::reject(const std::string& why, MonoTime now) {
  note_loss("the token was rejected", now);
  ++rejections_;
  if (!rejected_since_) {
    rejected_since_ = now;
    told_down_ = false;
  }
  leave(with("the token was rejected", why), rejected_.next(random_), now);
}

/// Only a connection that stood for a while has earned that retries begin anew: a token that is
/// rejected, or a server that ends each session at once, would else be dialled all the time.
void Session::note_loss(const std::string& why, MonoTime now) {
  if (!authenticated_at_) return;
  ++lost_;
  if (minus(now, *authenticated_at_) >= options_.stable_after) {
    retry_.reset();
    rejected_.reset();
  }
  authenticated_at_.reset();
  losses_.push_back({now, without_token(why)});
  if (losses_.size() > kept_losses) losses_.pop_front();
}

void Session::leave(std::string why, Duration delay, MonoTime now) {
  if (open_) out_.emplace_back(HangUp{conn_});
  open_ = false;
  ask_at_ = never_mono;
  why_down_ = without_token(std::move(why));
  if (!down_since_) down_since_ = now;
  if (!std::exchange(told_down_, true)) {
    out_.emplace_back(Remark{true, "not connected: " + why_down_});
  }
  enter(SourceState::disconnected, plus(now, delay));
}

MonoTime Session::silent_at() const {
  const Duration limit = heartbeats_ ? options_.heartbeat_timeout : options_.quiet_timeout;
  if (limit == Duration::zero() || !heard_) return never_mono;
  return plus(*heard_, plus(limit, instant));
}

MonoTime Session::next_deadline() const {
  if (stopped_) return never_mono;
  MonoTime next = pending_ ? next_beat_ : never_mono;
  if (state_ != SourceState::authenticated) return std::min(next, step_due_);
  return std::min({next, silent_at(), ask_at_});
}

/// When the third of the losses of the last minutes came.
std::optional<MonoTime> Session::flapping_since(MonoTime now) const {
  std::size_t lately = 0;
  std::optional<MonoTime> since;
  for (const Loss& loss : losses_) {
    if (minus(now, loss.at) > flapping_window) continue;
    if (++lately == flapping_losses) since = loss.at;
  }
  return since;
}

std::string Session::flapping_words(MonoTime now) const {
  std::map<std::string, std::size_t> causes;
  std::size_t lately = 0;
  for (const Loss& loss : losses_) {
    if (minus(now, loss.at) > flapping_window) continue;
    ++causes[loss.why];
    ++lately;
  }
  std::string words =
      fmt::format("{} connections lost in {}", lately, format_duration(flapping_window));
  for (const auto& [why, times] : causes) words += fmt::format("; {} × {}", times, why);
  return words;
}

PulseSource Session::status(MonoTime now) const {
  PulseSource source;
  source.state = state_;
  if (state_ == SourceState::disconnected && !stopped_) source.next_dial = step_due_;
  source.heard = heard_;
  source.signals = signals_;
  source.repeated = repeated_;
  source.dials = dials_;
  source.losses = lost_;
  source.rejections = rejections_;
  source.messages = tally_.totals();
  const auto trouble = [&](SourceTrouble what, std::string why, std::optional<MonoTime> since) {
    source.trouble = what;
    source.why = std::move(why);
    source.since = since;
  };
  if (rejected_since_) {
    trouble(SourceTrouble::rejected, why_down_, rejected_since_);
  } else if (down_since_) {
    trouble(SourceTrouble::disconnected, why_down_, down_since_);
  } else if (const auto found = tally_.finding(now)) {
    trouble(SourceTrouble::unreadable,
            fmt::format("{} of {} messages of type {} cannot be read: {}", found->failed, found->of,
                        to_text(found->type), found->why),
            found->since);
  } else if (const auto since = flapping_since(now)) {
    trouble(SourceTrouble::flapping, flapping_words(now), since);
  }
  return source;
}

std::string Session::without_token(std::string text) const {
  if (options_.token.empty()) return text;
  for (std::size_t at = text.find(options_.token); at != std::string::npos;
       at = text.find(options_.token, at)) {
    text.replace(at, options_.token.size(), "…");
  }
  // Cut short on its way here it may end in the token's beginning.
  constexpr std::size_t telling = 4;
  const std::string_view token = options_.token;
  for (std::size_t size = std::min(token.size(), text.size()); size >= telling; --size) {
    if (!text.ends_with(token.substr(0, size))) continue;
    text.replace(text.size() - size, size, "…");
    break;
  }
  return text;
}

}  // namespace feedwatch::signals
