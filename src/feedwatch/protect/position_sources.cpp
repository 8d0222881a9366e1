#include "feedwatch/protect/position_sources.hpp"

#include <algorithm>
#include <limits>

#include <fmt/format.h>

#include "feedwatch/base/saturate.hpp"
#include "feedwatch/base/utf8.hpp"

namespace feedwatch {
namespace {

constexpr std::size_t max_judged = 1'000;  ///< positions at a time

}  // namespace

Result<void> PositionSources::may_report(std::string_view name) const {
  if (name.empty() || name.size() > max_name || !is_text(name)) {
    return std::unexpected(Error{
        "source", fmt::format("has no name, one over {} bytes, or one that is no text", max_name),
        "name it after who reports"});
  }
  if (!sources_.contains(name) && sources_.size() >= max_sources) {
    return std::unexpected(Error{"source",
                                 fmt::format("is one more than the {} there may be", max_sources),
                                 "DELETE one that reports no more"});
  }
  return {};
}

PositionSources::Source& PositionSources::heard_of(const std::string& name, ListState state,
                                                   MonoTime now) {
  const auto [source, is_new] = sources_.try_emplace(name);
  changed_ = changed_ || is_new;
  source->second.state = state;
  source->second.heard = now;
  return source->second;
}

/// Told once it has lasted, and when the words change; ended with the first good list.
void PositionSources::set_trouble(const std::string& name, Source& source, std::string why,
                                  MonoTime now) {
  if (why.empty()) {
    if (source.told || !source.settled) failing_found_.push_back({name, false, now, {}});
    source.told = false;
    source.settled = true;
    source.failing_since.reset();
  } else {
    if (!source.failing_since) source.failing_since = now;
    if (source.told && why != source.why) {
      failing_found_.push_back({name, true, *source.failing_since, why});
    }
  }
  source.why = std::move(why);
}

void PositionSources::on_list(const std::string& name, const std::vector<PositionKey>& keys,
                              std::string faults, MonoTime now, bool again) {
  on_list_begun(name);
  for (const PositionKey& key : keys) on_listed(name, key, now);
  on_list_ended(name, std::move(faults), now, again);
  PositionKey after;
  note_absences(name, after, std::numeric_limits<std::size_t>::max(), now);
}

void PositionSources::on_list_begun(const std::string& name) {
  const auto [source, is_new] = sources_.try_emplace(name);
  changed_ = changed_ || is_new;
  ++source->second.lists;
}

void PositionSources::on_listed(const std::string& name, const PositionKey& key, MonoTime now) {
  const auto source = sources_.find(name);
  if (source == sources_.end()) return;  // forgotten meanwhile
  const auto [place, is_new] = source->second.listings.try_emplace(key);
  Listing& listing = place->second;
  listing.list = source->second.lists;
  listing.listed = now;
  changed_ = changed_ || is_new || listing.absent_since;
  if (!listing.absent_since) return;
  listing.absent_since.reset();
  judge(key, now, true);
}

void PositionSources::on_list_ended(const std::string& name, std::string faults, MonoTime now,
                                    bool again) {
  const bool whole = faults.empty();
  const auto before = sources_.find(name);
  const MonoTime heard =
      again && before != sources_.end() ? before->second.heard.value_or(now) : now;
  Source& source = heard_of(name, whole ? ListState::ready : ListState::incomplete, heard);
  set_trouble(name, source, std::move(faults), now);
}

bool PositionSources::note_absences(const std::string& name, PositionKey& after, std::size_t limit,
                                    MonoTime now) {
  const auto known = sources_.find(name);
  if (known == sources_.end() || known->second.state != ListState::ready) return true;
  Source& source = known->second;
  auto place = source.listings.upper_bound(after);
  for (; place != source.listings.end() && limit > 0; ++place, --limit) {
    const auto& [key, listing] = *place;
    after = key;
    if (listing.list == source.lists) continue;
    if (!listing.absent_since) {
      place->second.absent_since = now;
      changed_ = true;
      due_.emplace(plus(now, options_.unlisted_after), key);
      due_.emplace(plus(now, options_.close_after), key);
    }
    disputes_.on_absent(key, name, now);
    judge(key, now, false);
  }
  return place == source.listings.end();
}

void PositionSources::on_not_ready(const std::string& name, MonoTime now) {
  set_trouble(name, heard_of(name, ListState::not_ready, now), {}, now);
}

void PositionSources::on_failing(const std::string& name, std::string why, MonoTime now) {
  set_trouble(name, heard_of(name, ListState::failing, now), std::move(why), now);
}

bool PositionSources::forget(const std::string& name, MonoTime now) {
  const auto known = sources_.find(name);
  if (known == sources_.end()) return false;
  const Source gone = std::move(known->second);
  sources_.erase(known);
  changed_ = true;
  if (gone.told || !gone.settled) failing_found_.push_back({name, false, now, {}});
  disputes_.on_forgotten(name, now);
  for (const auto& [key, listing] : gone.listings) judge(key, now, true);
  return true;
}

void PositionSources::on_registered_by_hand(const PositionKey& key) {
  listed_only_.erase(key);
}

void PositionSources::on_closed(const PositionKey& key) {
  for (auto& [name, source] : sources_) changed_ = source.listings.erase(key) > 0 || changed_;
  listed_only_.erase(key);
  unlisted_.erase(key);
  unsettled_.erase(key);
  disputes_.on_closed(key);
}

void PositionSources::on_time(MonoTime now) {
  disputes_.on_time(now);
  for (std::size_t room = max_judged; room > 0; --room) {
    if (due_.empty() || due_.begin()->first > now) break;
    const PositionKey key = due_.begin()->second;
    due_.erase(due_.begin());
    if (!judge(key, now, false)) due_.emplace(plus(now, options_.unlisted_after), key);
  }
  for (auto& [name, source] : sources_) {
    if (source.told || !source.failing_since) continue;
    if (plus(*source.failing_since, options_.failing_after) > now) continue;
    source.told = true;
    failing_found_.push_back({name, true, *source.failing_since, source.why});
  }
}

MonoTime PositionSources::next_deadline() const {
  MonoTime next = disputes_.next_deadline();
  if (!due_.empty()) next = std::min(next, due_.begin()->first);
  for (const auto& [name, source] : sources_) {
    if (source.told || !source.failing_since) continue;
    next = std::min(next, plus(*source.failing_since, options_.failing_after));
  }
  return next;
}

/// `changed`: who lists it, or does not, is not as it was. False: there was no room for what was
/// found.
bool PositionSources::judge(const PositionKey& key, MonoTime now, bool changed) {
  if (is_over(key, now)) {
    over_.push_back(key);
    return true;
  }
  std::optional<MonoTime> since;
  for (const auto& [name, source] : sources_) {
    const auto listing = source.listings.find(key);
    if (listing == source.listings.end() || !listing->second.absent_since) continue;
    if (plus(*listing->second.absent_since, options_.unlisted_after) > now) continue;
    since = std::min(since.value_or(never_mono), *listing->second.absent_since);
  }
  const bool was = unlisted_.contains(key) || unsettled_.contains(key);
  if (since && !unlisted_.contains(key) && unlisted_.size() >= max_found) {
    return false;
  }
  if (since && (!unlisted_.contains(key) || changed)) {
    unlisted_.insert(key);
    unlisted_found_.push_back({key, true, *since});
  } else if (!since && was && !is_absent(key)) {
    unlisted_.erase(key);
    unsettled_.erase(key);
    unlisted_found_.push_back({key, false, now});
  }
  return true;
}

bool PositionSources::is_absent(const PositionKey& key) const {
  return std::ranges::any_of(sources_, [&](const auto& each) {
    const auto listing = each.second.listings.find(key);
    return listing != each.second.listings.end() && listing->second.absent_since;
  });
}

bool PositionSources::is_over(const PositionKey& key, MonoTime now) const {
  if (!listed_only_.contains(key)) return false;
  std::size_t agreeing = 0;
  for (const auto& [name, source] : sources_) {
    const auto listing = source.listings.find(key);
    if (listing == source.listings.end()) continue;
    const auto& absent = listing->second.absent_since;
    if (source.state != ListState::ready || !absent) return false;
    if (plus(*absent, options_.close_after) > now) return false;
    if (plus(*source.heard, options_.word_holds) < now) return false;
    ++agreeing;
  }
  return agreeing >= 2;
}

bool PositionSources::lists(const std::string& name, const PositionKey& key) const {
  const auto source = sources_.find(name);
  if (source == sources_.end()) return false;
  const auto listing = source->second.listings.find(key);
  return listing != source->second.listings.end() && !listing->second.absent_since;
}

bool PositionSources::has_left(const std::string& name, const PositionKey& key,
                               MonoTime now) const {
  const auto source = sources_.find(name);
  if (source == sources_.end()) return true;
  const auto listing = source->second.listings.find(key);
  if (listing == source->second.listings.end()) return true;
  const auto& absent = listing->second.absent_since;
  return absent && plus(*absent, options_.unlisted_after) <= now;
}

std::vector<PositionListing> PositionSources::listings(const PositionKey& key) const {
  std::vector<PositionListing> found;
  for (const auto& [name, source] : sources_) {
    const auto listing = source.listings.find(key);
    if (listing == source.listings.end()) continue;
    found.push_back({name, listing->second.listed, listing->second.absent_since});
  }
  return found;
}

PositionSourceView PositionSources::view_of(const std::string& name, const Source& source) {
  const auto unlisted = static_cast<std::size_t>(std::ranges::count_if(
      source.listings, [](const auto& each) { return each.second.absent_since.has_value(); }));
  return {.name = name,
          .state = source.state,
          .heard = source.heard,
          .why = source.why,
          .listed = source.listings.size() - unlisted,
          .unlisted = unlisted};
}

std::vector<PositionSourceView> PositionSources::views() const {
  std::vector<PositionSourceView> views;
  for (const auto& [name, source] : sources_) views.push_back(view_of(name, source));
  return views;
}

std::optional<PositionSourceView> PositionSources::view(const std::string& name) const {
  const auto known = sources_.find(name);
  if (known == sources_.end()) return std::nullopt;
  return view_of(name, known->second);
}

}  // namespace feedwatch
