#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "feedwatch/base/ports/transport.hpp"
#include "feedwatch/base/time.hpp"

/// What a recording of our own says beyond cryptofeed's format: everything that entered the judging
/// half of the program, with the times it was told, so that the very same calls can be made again.
namespace feedwatch::capture {

/// The first format version is the only one there is.
constexpr std::int64_t session_version = 1;

enum class SessionEvent : std::uint8_t {
  header,        ///< the whole session: `anchor`, `seed`, `config`
  part,          ///< a file begins: `number`; the next `count` open events repeat what stands
  state,         ///< small state of an earlier run was read: `key`, text (absent: none kept)
  start,         ///< the shard was started
  dial,          ///< we dialled `address` as connection
  phase,         ///< a connection has come so far: `phase`
  open,          ///< a connection is open: `address`
  read,          ///< a message arrived; `more`: the next one came with the same socket read
  control,       ///< likewise a control frame: `operation` "ping" | "pong"
  send,          ///< we sent a message
  control_send,  ///< we sent a control frame: `operation`
  close,         ///< we closed a connection, politely with `code`, or dropped it
  closed,        ///< a connection ended: `phase`, `status`, `code`, `retry`, `by_us`, text
  request,       ///< we asked REST: `id`, `address`
  answer,        ///< REST answered: `id`, `address`, `status`, `retry_after`, text
  failure,       ///< REST did not: `id`, `address`, text
  wakeup,        ///< a deadline was served
  want,          ///< a lease: `key` is the stream, `owner`, `ttl`
  unwant,        ///< and its end
  dropped,       ///< `count` records were lost here: the writer could not keep up
  end,           ///< the recording was ended in good order
};

/// The word each has in the file ("t"). Frames, answers and open connections bear cryptofeed's.
inline constexpr std::array<std::pair<std::string_view, SessionEvent>, 21> session_words{{
    {"header", SessionEvent::header},
    {"part", SessionEvent::part},
    {"state", SessionEvent::state},
    {"start", SessionEvent::start},
    {"dial", SessionEvent::dial},
    {"phase", SessionEvent::phase},
    {"connect", SessionEvent::open},
    {"recv", SessionEvent::read},
    {"control", SessionEvent::control},
    {"send", SessionEvent::send},
    {"control_send", SessionEvent::control_send},
    {"close", SessionEvent::close},
    {"closed", SessionEvent::closed},
    {"request", SessionEvent::request},
    {"http", SessionEvent::answer},
    {"failed", SessionEvent::failure},
    {"wake", SessionEvent::wakeup},
    {"want", SessionEvent::want},
    {"unwant", SessionEvent::unwant},
    {"dropped", SessionEvent::dropped},
    {"end", SessionEvent::end},
}};

std::string_view to_text(SessionEvent event);
std::string_view to_text(DialPhase phase);
std::optional<DialPhase> dial_phase_of(std::string_view word);

/// The fields of one session event; those it has are named at the event. Times in nanoseconds.
struct Session {
  SessionEvent event = SessionEvent::header;
  std::optional<std::int64_t> now;   ///< boot-time clock, as the shard was told
  std::optional<std::int64_t> mono;  ///< boot-time clock, when the bytes could have arrived first
  std::optional<std::int64_t> wall;  ///< header: UTC that belongs to `mono`
  std::optional<std::int64_t> version, seed, number, count, id, status, code, retry, ttl;
  bool stalled = false, more = false, by_us = false;
  std::string operation, phase, key, owner, config, retry_after;
  bool has_text = false;

  /// Keeps the memory of its texts.
  void clear();
};

/// `url` with what may be a secret hidden: user information, and the values of query parameters
/// whose name speaks of a token, key, secret, signature or password.
std::string without_secrets(std::string_view url);

}  // namespace feedwatch::capture
