// Rules about positions: whether what protects them has a price to act on, and an owner.

#include <fmt/format.h>

#include "feedwatch/base/decimal_math.hpp"
#include "feedwatch/base/duration_text.hpp"
#include "feedwatch/base/json_writer.hpp"
#include "feedwatch/base/saturate.hpp"
#include "feedwatch/base/time_text.hpp"
#include "feedwatch/engine/rules/words.hpp"

namespace feedwatch::engine::rules {
namespace {

/// "long 0.25 BTCUSDT at binance-usdm (p1, entry 28145.10, worth 7036.275)"
std::string described(const Position& position) {
  const auto worth = multiply(position.entry_price, position.quantity);
  return fmt::format("{} {} {} at {} ({}, entry {}{})", to_text(position.side),
                     position.quantity.to_string(), position.symbol, position.venue, position.id,
                     position.entry_price.to_string(),
                     worth ? ", worth " + worth->to_string() : std::string{});
}

std::string why_refused(const PositionFacts& facts) {
  if (facts.stream.empty()) {
    return with_detail("no stream of it is watched", std::string(facts.detail));
  }
  return facts.age ? fmt::format("{}: {}, {} old", facts.stream, facts.refusal,
                                 format_duration(*facts.age))
                   : fmt::format("{}: {}, nothing received", facts.stream, facts.refusal);
}

std::string metadata_of(const PositionFacts& facts, std::string_view finding) {
  const Position& position = facts.lease.position;
  std::string metadata;
  JsonWriter json(metadata);
  json.begin_object()
      .field("finding", finding)
      .field("side", to_text(position.side))
      .field("quantity", position.quantity.to_string())
      .field("entry_price", position.entry_price.to_string())
      .field("owner", facts.lease.owner)
      .field("stream", facts.stream)
      .field("refusal", facts.refusal);
  if (const auto worth = multiply(position.entry_price, position.quantity)) {
    json.field("exposure", worth->to_string());
  }
  if (facts.age) json.key("staleness_seconds").number(to_seconds(*facts.age));
  json.end_object();
  return metadata;
}

}  // namespace

Labels position_scope(const PositionKey& position) {
  return {{"position", position.id}, {"symbol", position.symbol}, {"venue", position.venue}};
}

Finding position_unprotected(const PositionFacts& facts) {
  if (!facts.findings.unprotected || !facts.refused_since) return std::nullopt;
  const Labels scope = position_scope(key_of(facts.lease.position));
  auto found = finding(position_unprotected_name, scope, Severity::critical, *facts.refused_since);
  found.message =
      fmt::format("nobody can protect {}: {}", described(facts.lease.position), why_refused(facts));
  found.metadata = metadata_of(facts, "unprotected");
  found.replaces = {identity_of(position_unserved_name, scope)};
  return found;
}

Finding position_unserved(const PositionFacts& facts) {
  const bool unserved = facts.findings.without_source || facts.findings.never_delivered;
  if (!unserved || facts.findings.unprotected) return std::nullopt;
  const Labels scope = position_scope(key_of(facts.lease.position));
  auto found = finding(position_unserved_name, scope, Severity::warning, facts.lease.registered);
  found.explained_by = {identity_of(position_unprotected_name, scope)};
  found.message = fmt::format(
      "{} {}: {}", described(facts.lease.position),
      facts.findings.without_source ? "has no source of prices" : "has not been served a price",
      why_refused(facts));
  found.metadata =
      metadata_of(facts, facts.findings.without_source ? "without_source" : "never_delivered");
  return found;
}

std::string_view name_of(ProtectionFinding::Type type) {
  switch (type) {
    case ProtectionFinding::Type::unmanaged:
      return "position_unmanaged";
    case ProtectionFinding::Type::unconfirmed:
      return "position_unconfirmed";
    case ProtectionFinding::Type::quarantined:
      return "position_quarantined";
    case ProtectionFinding::Type::uncomputable:
      break;
  }
  return "position_uncomputable";
}

/// Critical but where the stop itself still stands: then only its last move was not carried out.
Finding position_rule(const PositionLease& lease, const ProtectionFinding& finding, MonoTime now) {
  if (!finding.present) return std::nullopt;
  const Severity severity =
      finding.type == ProtectionFinding::Type::unconfirmed ? Severity::warning : Severity::critical;
  auto found = rules::finding(name_of(finding.type), position_scope(finding.key), severity, now);
  found.message = fmt::format("{}: {}", described(lease.position), finding.why);
  return found;
}

Finding position_expired(const PositionFacts& facts) {
  const PositionLease& lease = facts.lease;
  if (!facts.expired || !lease.expires || !lease.ttl) return std::nullopt;
  auto found = finding(position_expired_name, position_scope(key_of(lease.position)),
                       Severity::warning, *lease.expires);
  found.message = fmt::format(
      "{} has not renewed {} within {}: it may have died, and the position is still watched over",
      lease.owner, described(lease.position), format_duration(*lease.ttl));
  found.metadata = metadata_of(facts, "expired");
  return found;
}

Labels symbol_scope(std::string_view venue, std::string_view symbol) {
  return {{"symbol", std::string(symbol)}, {"venue", std::string(venue)}};
}

/// A warning: the rules go on by the kind they were given, and a person should look which of the
/// two is right.
Finding kind_divergence(const DivergenceFacts& facts) {
  if (!facts.since) return std::nullopt;
  auto found = finding(kind_divergence_name, symbol_scope(facts.venue, facts.symbol),
                       Severity::warning, *facts.since);
  const std::string apart = facts.percent ? facts.percent->to_string() : "over 100";
  const auto whole = [](Duration age) {
    return format_duration(std::chrono::floor<std::chrono::milliseconds>(age));
  };
  found.message = fmt::format(
      "last {} ({} old) and mark {} ({} old) of {} at {} are {} % apart, more than {} %; open "
      "positions there: {}",
      facts.last.to_string(), whole(facts.last_age), facts.mark.to_string(), whole(facts.mark_age),
      facts.symbol, facts.venue, apart, facts.limit_percent.to_string(), facts.positions);
  found.metadata.clear();
  JsonWriter json(found.metadata);
  json.begin_object().field("last", facts.last.to_string()).field("mark", facts.mark.to_string());
  json.key("last_age_seconds").number(to_seconds(facts.last_age));
  json.key("mark_age_seconds").number(to_seconds(facts.mark_age));
  if (facts.percent) json.field("difference_percent", facts.percent->to_string());
  json.field("limit_percent", facts.limit_percent.to_string())
      .field("positions", facts.positions)
      .end_object();
  return found;
}

Labels position_source_scope(const std::string& source) {
  return {{"source", source}};
}

Finding decision_unstored(const PositionLease& lease, const UnstoredDecisions::Trouble& trouble,
                          const std::string& error, MonoTime now) {
  const bool lost = trouble.type == UnstoredDecisions::Trouble::Type::lost;
  auto found = finding(decision_unstored_name, position_scope(key_of(lease.position)),
                       Severity::critical, trouble.since);
  found.message =
      lost ? fmt::format(
                 "decision {} about {} was given up and is told to nobody: look after the "
                 "position by hand, and close it",
                 trouble.key, described(lease.position))
           : fmt::format(
                 "decision {} about {} has not been stored for {:.1f}s, and nobody is told "
                 "of it until then (it may miss a stop)",
                 trouble.key, described(lease.position), to_seconds(minus(now, trouble.since)));
  found.message = with_detail(found.message, error);
  found.metadata.clear();
  JsonWriter json(found.metadata);
  json.begin_object().field("finding", lost ? "given_up" : "unstored").field("key", trouble.key);
  json.field("last_error", error).end_object();
  return found;
}

Finding position_unlisted(const PositionLease& lease, const std::vector<PositionListing>& listings,
                          MonoTime since, const WallAnchor& anchor) {
  auto found = finding(position_unlisted_name, position_scope(key_of(lease.position)),
                       Severity::warning, since);
  std::string gone, there;
  found.metadata.clear();
  JsonWriter json(found.metadata);
  json.begin_object().field("finding", "unlisted").key("sources").begin_array();
  for (const PositionListing& listing : listings) {
    std::string& words = listing.absent_since ? gone : there;
    if (!words.empty()) words += ", ";
    words += listing.source;
    const std::string listed = format_time(anchor.at(listing.listed));
    json.begin_object().field("source", listing.source).field("listed_at", listed);
    json.key("absent_since");
    if (listing.absent_since) {
      const std::string absent = format_time(anchor.at(*listing.absent_since));
      words += fmt::format(" (listed it last at {}, not since {})", listed, absent);
      json.string(absent);
    } else {
      json.null();
    }
    json.end_object();
  }
  json.end_array().end_object();
  found.message = fmt::format(
      "{} is not in the list of {} any more{}: it is watched over until it is listed again or "
      "closed",
      described(lease.position), gone, there.empty() ? "" : "; it is in that of " + there);
  return found;
}

Finding position_duplicate(const PositionLease& lease, const PositionKey& other) {
  auto found = finding(position_duplicate_name, position_scope(key_of(lease.position)),
                       Severity::warning, lease.registered);
  found.message = fmt::format(
      "{} is {} once more, with the same entry and moment of opening: what is decided about it is "
      "decided twice",
      described(lease.position), other.id);
  found.metadata.clear();
  JsonWriter json(found.metadata);
  json.begin_object().field("finding", "duplicate").field("other", other.id).end_object();
  return found;
}

Finding position_disputed(const PositionLease& lease, const PositionDisputes::Dispute& dispute) {
  if (!dispute.present) return std::nullopt;
  auto found = finding(position_disputed_name, position_scope(key_of(lease.position)),
                       Severity::warning, dispute.since);
  std::string others;
  found.metadata.clear();
  JsonWriter json(found.metadata);
  json.begin_object().field("finding", "disputed").key("counts");
  if (lease.listed_by.empty()) {
    json.null();
  } else {
    json.string(lease.listed_by);
  }
  json.key("sources").begin_array();
  for (const auto& [source, said] : dispute.others) {
    const std::string entry = said.entry_price.to_string();
    const std::string quantity = said.quantity.to_string();
    others += fmt::format("{}{} (quantity {}, entry {})", others.empty() ? "" : ", ", source,
                          quantity, entry);
    json.begin_object()
        .field("source", source)
        .field("entry_price", entry)
        .field("quantity", quantity)
        .end_object();
  }
  json.end_array().end_object();
  found.message =
      fmt::format("{} is listed otherwise by {}: the word of {} counts until it is another one",
                  described(lease.position), others,
                  lease.listed_by.empty() ? "whoever registered it himself" : lease.listed_by);
  return found;
}

Finding position_source_failing(const PositionSources::Failing& failing) {
  if (!failing.present) return std::nullopt;
  auto found = finding(position_source_failing_name, position_source_scope(failing.name),
                       Severity::warning, failing.since);
  found.message = fmt::format(
      "positions of {} cannot be taken: {}; nothing was changed by what is "
      "missing",
      failing.name, failing.why);
  return found;
}

}  // namespace feedwatch::engine::rules
