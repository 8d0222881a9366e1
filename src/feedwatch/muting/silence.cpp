#include "feedwatch/muting/silence.hpp"

#include <algorithm>
#include <array>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "feedwatch/base/saturate.hpp"
#include "feedwatch/base/time_text.hpp"

namespace feedwatch::muting {
namespace {

Error wrong(std::string field, std::string why, std::string fix) {
  return {std::move(field), std::move(why), std::move(fix)};
}

Error unknown(std::string_view id) {
  return wrong("silence", fmt::format("there is none with id {}", id), "see /v1/silences");
}

/// Whether `old` becomes `wish` in place: nobody may find afterwards that what was silenced then is
/// not what is written now.
bool may_change(const Silence& old, const Silence& wish, WallTime now) {
  if (old.state_at(now) == SilenceState::pending) return old.matchers == wish.matchers;
  return old.state_at(now) == SilenceState::active && old.matchers == wish.matchers &&
         old.starts_at == wish.starts_at;
}

}  // namespace

std::string_view to_text(SilenceState state) {
  constexpr std::array<std::string_view, 3> words{"pending", "active", "expired"};
  return words[static_cast<std::size_t>(state)];
}

SilenceState Silence::state_at(WallTime now) const {
  if (now >= ends_at) return SilenceState::expired;
  return now < starts_at ? SilenceState::pending : SilenceState::active;
}

void Silences::restore(Silence silence) {
  std::string id = silence.id;
  silences_.insert_or_assign(std::move(id), std::move(silence));
}

Result<void> Silences::check(const Silence& wish, WallTime now) const {
  if (wish.matchers.empty()) {
    return std::unexpected(wrong("matchers", "there are none",
                                 "name at least one label: a silence of everything is a mistake"));
  }
  if (wish.matchers.size() > options_.max_matchers) {
    return std::unexpected(
        wrong("matchers", fmt::format("over {}", options_.max_matchers), "make several silences"));
  }
  if (std::ranges::all_of(wish.matchers, &Matcher::holds_for_missing)) {
    return std::unexpected(wrong("matchers", "every one of them holds for a missing label",
                                 "at least one must need a value: they silence everything"));
  }
  if (wish.ends_at <= wish.starts_at) {
    return std::unexpected(wrong("endsAt", "is not after startsAt", "give a later one"));
  }
  if (wish.ends_at <= now) {
    return std::unexpected(wrong("endsAt", fmt::format("{} is past", format_time(wish.ends_at)),
                                 "give one in the future"));
  }
  if (wish.created_by.empty() || wish.created_by.size() > options_.max_text / 10) {
    return std::unexpected(wrong("createdBy", wish.created_by.empty() ? "is empty" : "is too long",
                                 "say who wants it"));
  }
  if (wish.comment.empty() || wish.comment.size() > options_.max_text) {
    return std::unexpected(
        wrong("comment", wish.comment.empty() ? "is empty" : "is too long", "say why"));
  }
  const auto open = std::ranges::count_if(silences_, [&](const auto& entry) {
    return entry.second.state_at(now) != SilenceState::expired;
  });
  if (wish.id.empty() && static_cast<std::size_t>(open) >= options_.max_open) {
    return std::unexpected(wrong("silence", fmt::format("{} are open already", open),
                                 "expire some that nobody needs"));
  }
  return {};
}

Result<std::vector<Silence>> Silences::put(Silence wish, WallTime now) {
  const auto old = silences_.find(wish.id);
  if (!wish.id.empty() && old == silences_.end()) return std::unexpected(unknown(wish.id));
  if (wish.starts_at == WallTime{} && old != silences_.end()) {
    wish.starts_at = old->second.starts_at;
  }
  const bool in_place = !wish.id.empty() && may_change(old->second, wish, now);
  const bool began = in_place && old->second.state_at(now) == SilenceState::active;
  if (!began) wish.starts_at = std::max(wish.starts_at, now);
  if (auto checked = check(wish, now); !checked) return std::unexpected(checked.error());

  forget_old(now);
  std::vector<Silence> changed;
  wish.updated_at = now;
  wish.created_at = in_place ? old->second.created_at : now;
  if (!in_place) {
    if (!wish.id.empty() && old->second.state_at(now) != SilenceState::expired) {
      changed.push_back(*expire(wish.id, now));
    }
    wish.id = fmt::format("{:x}-{:x}", static_cast<std::uint64_t>(to_ns(now)), ++made_);
  }
  changed.push_back(wish);
  restore(std::move(wish));
  return changed;
}

Result<Silence> Silences::expire(std::string_view id, WallTime now) {
  const auto found = silences_.find(id);
  if (found == silences_.end()) return std::unexpected(unknown(id));
  Silence& silence = found->second;
  if (silence.state_at(now) == SilenceState::expired) {
    return std::unexpected(
        wrong("silence", fmt::format("{} expired at {}", id, format_time(silence.ends_at)), ""));
  }
  silence.starts_at = std::min(silence.starts_at, now);
  silence.ends_at = silence.updated_at = now;
  return silence;
}

const Silence* Silences::find(std::string_view id) const {
  const auto found = silences_.find(id);
  return found == silences_.end() ? nullptr : &found->second;
}

std::vector<Silence> Silences::list(WallTime now) const {
  std::vector<Silence> list;
  for (const auto& [id, silence] : silences_) {
    const bool old = plus(silence.ends_at, options_.retention) < now;
    if (!old) list.push_back(silence);
  }
  const auto place = [&](const Silence& silence) {
    constexpr std::array<int, 3> order{1, 0, 2};
    return order[static_cast<std::size_t>(silence.state_at(now))];
  };
  std::ranges::sort(list, [&](const Silence& a, const Silence& b) {
    const int a_place = place(a);
    const int b_place = place(b);
    return std::tie(a_place, a.ends_at, a.id) < std::tie(b_place, b.ends_at, b.id);
  });
  return list;
}

std::vector<std::string> Silences::silencing(const Labels& labels, WallTime now) const {
  std::vector<std::string> ids;
  for (const auto& [id, silence] : silences_) {
    if (silence.state_at(now) == SilenceState::active && all_hold(silence.matchers, labels)) {
      ids.push_back(id);
    }
  }
  return ids;
}

WallTime Silences::next_change(WallTime now) const {
  WallTime next = WallTime::max();
  for (const auto& [id, silence] : silences_) {
    if (silence.ends_at > now) next = std::min(next, silence.ends_at);
    if (silence.starts_at > now) next = std::min(next, silence.starts_at);
  }
  return next;
}

void Silences::forget_old(WallTime now) {
  std::vector<std::pair<WallTime, std::string>> expired;
  for (const auto& [id, silence] : silences_) {
    if (silence.state_at(now) == SilenceState::expired) expired.emplace_back(silence.ends_at, id);
  }
  std::ranges::sort(expired);
  std::size_t left = expired.size();
  for (const auto& [ended, id] : expired) {
    if (plus(ended, options_.retention) >= now && left <= options_.max_expired) break;
    silences_.erase(id);
    --left;
  }
}

}  // namespace feedwatch::muting
