#pragma once

#include <optional>
#include <string>
#include <vector>

#include "feedwatch/sim/scenario.hpp"
#include "feedwatch/sim/world.hpp"

namespace feedwatch::sim {

/// What a fact looks like at one moment.
struct Finding {
  bool holds = false;
  std::string seen;     ///< what was there instead, for people
  bool matched = true;  ///< something bears the name the fact gives
};

/// How many of the things a glob names must show the fact: all of them, or, for `never`, any.
enum class Quantifier : std::uint8_t { all, any };

/// A glob over streams may leave the kind out: "alpha/BTCUSDT" is "alpha/BTCUSDT/*".
bool names_stream(std::string_view glob, std::string_view stream);

/// Whether a fact that is no moment holds now, seen the way a person would: through the control's
/// views, the guard and the venues' own books.
Finding check_state(const World& world, const Fact& fact, Quantifier quantifier);

/// The moments at which a fact that is one (repair, level_change, suspect) happened, in order.
std::vector<MonoTime> moments_of(const World& world, const Fact& fact);

}  // namespace feedwatch::sim
