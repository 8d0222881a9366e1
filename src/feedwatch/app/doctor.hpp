#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include "feedwatch/app/run.hpp"
#include "feedwatch/config/config.hpp"

namespace feedwatch::app {

/// What one look at the surroundings found.
struct Diagnosis {
  enum class Outcome : unsigned char { ok, warning, failed };
  std::string check;    ///< "dns", "tls", "disk", …
  std::string subject;  ///< host, path, …; may be empty
  Outcome outcome = Outcome::ok;
  std::string found;  ///< for people
  std::string fix;    ///< what to do; empty when nothing is wrong
};

std::string_view to_text(Diagnosis::Outcome outcome);

/// Each looks at one side of what a monitor needs, by itself and without a running monitor.
/// Blocking, each bounded in time.
namespace doctor {
std::vector<Diagnosis> clock();
std::vector<Diagnosis> places(const config::Config& config);
std::vector<Diagnosis> database(const config::Config& config);
std::vector<Diagnosis> listening(const config::Config& config);
/// DNS, connection, TLS, what REST answers and how far its clock is from ours, of each venue.
std::vector<Diagnosis> venues(const config::Config& config);
/// DNS, connection and TLS of everybody who is told alerts or decisions over HTTP. Nothing is told:
/// the root of his host is asked for.
std::vector<Diagnosis> receivers(const config::Config& config);
/// What was not refused in the configuration, and yet somebody should know.
std::vector<Diagnosis> warnings(const config::Config& config);
}  // namespace doctor

/// `feedwatch doctor`: everything above, a line or (with `json`) one object. Exit 1 when anything
/// failed, 3 when the configuration cannot be read.
int run_doctor(const ConfigArgs& args, bool json, std::ostream& out);

}  // namespace feedwatch::app
