#pragma once

#include "feedwatch/sim/scenario.hpp"

namespace feedwatch::sim {

/// The same world with a bot in it, which holds a young LONG and an old SHORT position of every
/// symbol that is watched, closes them each minute and opens others; stops and targets lie so near
/// that the market comes to them. Of what the scenario claims nothing is left, as alerts about
/// positions come to it: what is held is what must always be true.
Scenario with_positions(Scenario scenario);

}  // namespace feedwatch::sim
