#pragma once

#include "feedwatch/config/config.hpp"

/// Document → Config, one concern a function; each reports all it finds and goes on.
namespace feedwatch::config {

/// What the checks need of the world.
struct Surroundings {
  const Variables& environment;
  std::filesystem::path directory;  ///< of the configuration file
};

void require_keys(const Document& document, Problems& problems);
void build_policies(const Document& document, Config& config, Problems& problems);
/// After build_policies: the limits of every configured stream are checked too.
void build_venues(const Document& document, Config& config, Problems& problems);
void build_store(Document& document, const Surroundings& around, Config& config,
                 Problems& problems);
void build_api(const Document& document, const Surroundings& around, Config& config,
               Problems& problems);
void build_board(const Document& document, Config& config, Problems& problems);
void build_record(const Document& document, Config& config, Problems& problems);
void build_sinks(const Document& document, const Surroundings& around, Config& config,
                 Problems& problems);
void build_alerts(const Document& document, Config& config, Problems& problems);
void build_rules(const Document& document, Config& config, Problems& problems);
void build_pulses(const Document& document, Config& config, Problems& problems);
/// After build_pulses: it feeds one, and adds that if nobody describes it.
void build_signals(const Document& document, const Surroundings& around, Config& config,
                   Problems& problems);
/// After build_sinks: it names some.
void build_watchdog(const Document& document, const Surroundings& around, Config& config,
                    Problems& problems);
void build_positions(const Document& document, Config& config, Problems& problems);
void build_position_rules(const Document& document, Config& config, Problems& problems);
/// After all that is said of venues, limits and positions: whether their prices come often enough.
void check_protection(const Document& document, const Config& config, Problems& problems);
/// After build_position_rules: without any there is nothing to be told.
void build_decision_webhooks(const Document& document, const Surroundings& around, Config& config,
                             Problems& problems);
void build_maintenances(const Document& document, Config& config, Problems& problems);

/// The secret in a file, without surrounding blanks. Relative paths: $CREDENTIALS_DIRECTORY, else
/// the configuration's directory. Complains about the key, never with the content.
std::optional<std::string> read_secret(const Section& section, std::string_view key,
                                       const Surroundings& around, Problems& problems);

/// `url` or the content of `url_file`, one of which there must be: http(s), or smtp(s) where it is
/// for mail.
std::string read_receiver_url(const Section& section, bool mail, const Surroundings& around,
                              Problems& problems);
/// The secret in a file, which must be printable characters alone; empty where none is named.
std::string read_header_secret(const Section& section, std::string_view key,
                               const Surroundings& around, Problems& problems);

/// Where a certificate authority is named, its file can be read and holds a certificate. A wrong
/// one would otherwise be found out dial by dial.
void check_ca_file(const Section& section, Problems& problems);

}  // namespace feedwatch::config
