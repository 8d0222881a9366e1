#include "feedwatch/protect/position_disputes.hpp"

#include <algorithm>
#include <iterator>

#include "feedwatch/base/saturate.hpp"

namespace feedwatch {

PositionValues values_of(const Position& position) {
  return {position.entry_price, position.quantity};
}

void PositionDisputes::on_said(const PositionKey& key, const std::string& source,
                               const PositionValues& said, const PositionValues& counts,
                               MonoTime now) {
  const auto place = words_.try_emplace(key).first;
  const auto [word, is_new] = place->second.said.try_emplace(source, said);
  if (!is_new && word->second == said && place->second.counts == counts) return;
  word->second = said;
  place->second.counts = counts;
  judge(place, now);
}

void PositionDisputes::on_counts(const PositionKey& key, const PositionValues& counts,
                                 MonoTime now) {
  const auto place = words_.find(key);
  if (place == words_.end() || place->second.counts == counts) return;
  place->second.counts = counts;
  if (!place->second.said.empty()) judge(place, now);
}

void PositionDisputes::on_unsaid(const PositionKey& key, const std::string& source, MonoTime now) {
  const auto place = words_.find(key);
  if (place != words_.end() && place->second.said.erase(source) > 0) judge(place, now);
}

void PositionDisputes::on_absent(const PositionKey& key, const std::string& source, MonoTime now) {
  const auto place = words_.find(key);
  if (place == words_.end()) return;
  // Of what an earlier run has found it is not known who it was.
  const bool was_his = place->second.said.erase(source) > 0 || place->second.said.empty();
  if (was_his) judge(place, now);
}

void PositionDisputes::on_forgotten(const std::string& source, MonoTime now) {
  for (auto place = words_.begin(); place != words_.end();) {
    // Of what an earlier run has found it is not known who it was.
    const bool was_his = place->second.said.erase(source) > 0 || place->second.said.empty();
    place = was_his ? judge(place, now) : std::next(place);
  }
}

void PositionDisputes::on_closed(const PositionKey& key) {
  const auto place = words_.find(key);
  if (place == words_.end()) return;
  if (place->second.since) due_.erase({plus(*place->second.since, told_after_), key});
  if (place->second.told) --told_;
  words_.erase(place);
}

void PositionDisputes::restore(const PositionKey& key) {
  Words& words = words_[key];
  if (!words.told) ++told_;
  words.told = true;
}

void PositionDisputes::on_time(MonoTime now) {
  while (!due_.empty() && due_.begin()->first <= now) {
    const auto [at, key] = *due_.begin();
    due_.erase(due_.begin());
    const auto place = words_.find(key);
    if (place == words_.end() || !place->second.since || place->second.told) continue;
    if (plus(*place->second.since, told_after_) > now) continue;  // it has begun anew
    if (told_ >= max_found) {
      due_.emplace(plus(now, told_after_), key);
      continue;
    }
    place->second.told = true;
    ++told_;
    tell(key, place->second, true, *place->second.since);
  }
}

MonoTime PositionDisputes::next_deadline() const {
  return due_.empty() ? never_mono : due_.begin()->first;
}

/// After any change of words. Answers the place behind it, which may be gone.
PositionDisputes::Place PositionDisputes::judge(Place place, MonoTime now) {
  const PositionKey& key = place->first;
  Words& words = place->second;
  if (std::ranges::any_of(words.said,
                          [&](const auto& each) { return each.second != words.counts; })) {
    if (!words.since) {
      words.since = now;
      if (!words.told) due_.emplace(plus(now, told_after_), key);
    }
    if (words.told) tell(key, words, true, *words.since);
    return std::next(place);
  }
  if (words.since) due_.erase({plus(*words.since, told_after_), key});
  words.since.reset();
  if (words.told) {
    words.told = false;
    --told_;
    tell(key, words, false, now);
  }
  return words.said.empty() ? words_.erase(place) : std::next(place);
}

void PositionDisputes::tell(const PositionKey& key, const Words& words, bool present,
                            MonoTime since) {
  Dispute found{.key = key, .present = present, .since = since, .others = {}};
  for (const auto& [source, said] : words.said) {
    if (present && said != words.counts) found.others.emplace_back(source, said);
  }
  found_.push_back(std::move(found));
}

}  // namespace feedwatch
