#pragma once

#include <string>
#include <string_view>

#include "feedwatch/muting/maintenance.hpp"
#include "feedwatch/sim/line_reader.hpp"

namespace feedwatch::sim {

/// What a person does about alerts.
struct MuteStep {
  enum class Type : unsigned char { silence, expire, acknowledge, unacknowledge };
  Type type = Type::silence;
  muting::Matchers matchers;
  Duration length{};  ///< of a silence
  std::string alert;  ///< name of the open alerts that are acknowledged
};

/// Whether a step begins with this word: `silence`, `expire`, `ack`, `unack`.
bool is_mute_word(std::string_view word);
/// `silence MATCHER… for D`, `expire` (all of them), `ack NAME`, `unack NAME`. Throws LineError.
MuteStep take_mute(LineReader& words, std::string_view word);

/// `maintenance MATCHER… from D to D`, counted from the start of the run. Throws LineError.
muting::Maintenance take_maintenance(LineReader& words);

}  // namespace feedwatch::sim
