// Sources of positions: what is told of them, and what a restart remembers.

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "feedwatch/alert/identity.hpp"
#include "feedwatch/base/saturate.hpp"
#include "feedwatch/base/time_text.hpp"
#include "feedwatch/engine/control_impl.hpp"

namespace feedwatch::engine {
namespace {

using alert::Evidence;

constexpr Duration remember_interval = 250ms;
constexpr std::size_t bytes_a_second = 1U << 20U;  ///< of what is remembered, when it is much

}  // namespace

/// What is open about a listing that is none any more ends; the rest goes on.
void Control::Impl::recover_sources(MonoTime now) {
  const auto is_open = [&](const PositionKey& key) {
    return positions.book().find(key) != nullptr;
  };
  if (ports.state != nullptr) {
    const auto bytes = ports.state->get(std::string(sources_key));
    if (bytes) sources.restore(*bytes, anchor, is_open);
  }
  for (const auto& [key, lease] : positions.book().all()) {
    if (!lease.listed_by.empty()) sources.on_registered_by_list(key);
    const Labels scope = rules::position_scope(key);
    if (pipeline.find(alert::identity_of(rules::position_disputed_name, scope)) != nullptr) {
      sources.disputes().restore(key);
    }
    if (sources.is_absent(key)) continue;
    judged(std::nullopt, rules::position_unlisted_name, scope, now, Evidence::seen, now);
  }
}

Result<void> Control::fail_source(const std::string& source, std::string why) {
  Impl& impl = *impl_;
  if (Result<void> may = impl.sources.may_report(source); !may) return may;
  const MonoTime now = impl.ports.clock.now();
  const auto pending =
      std::ranges::find(impl.lists.rbegin(), impl.lists.rend(), source, &ListUnderWay::source);
  if (pending != impl.lists.rend()) {
    pending->fails_then = std::move(why);
  } else {
    impl.sources.on_failing(source, std::move(why), now);
  }
  impl.run(now);
  return {};
}

Result<void> Control::forget_source(const std::string& source) {
  Impl& impl = *impl_;
  const MonoTime now = impl.ports.clock.now();
  impl.drop_lists(source, "is not taken: its source is forgotten");
  impl.refused.erase(source);
  if (!impl.sources.forget(source, now)) {
    return std::unexpected(Error{source, "is no source of positions (any more)", ""});
  }
  impl.run(now);
  return {};
}

void Control::Impl::judge_sources(MonoTime now) {
  if (stopping) return;
  sources.on_time(now);
  for (const PositionKey& key : sources.take_over()) close_over(key, now);
  for (const PositionSources::Unlisted& unlisted : sources.take_unlisted()) {
    const PositionLease* lease = positions.book().find(unlisted.key);
    if (lease == nullptr) continue;
    judged(unlisted.present ? rules::position_unlisted(*lease, sources.listings(unlisted.key),
                                                       unlisted.since, anchor)
                            : std::nullopt,
           rules::position_unlisted_name, rules::position_scope(unlisted.key), now, Evidence::seen,
           now);
  }
  for (const PositionDisputes::Dispute& dispute : sources.disputes().take_found()) {
    const PositionLease* lease = positions.book().find(dispute.key);
    if (lease == nullptr) continue;
    judged(rules::position_disputed(*lease, dispute), rules::position_disputed_name,
           rules::position_scope(dispute.key), now, Evidence::seen, now);
  }
  for (const PositionSources::Failing& failing : sources.take_failing()) {
    judged(rules::position_source_failing(failing), rules::position_source_failing_name,
           rules::position_source_scope(failing.name), now, Evidence::seen, now);
  }
  judge_twins(now);
}

void Control::Impl::judge_twins(MonoTime now) {
  for (const PositionKey& key : positions.twins().take_changed()) {
    const PositionLease* lease = positions.book().find(key);
    if (lease == nullptr) continue;
    const auto twin = positions.twins().twin_of(key);
    judged(twin ? rules::position_duplicate(*lease, *twin) : std::nullopt,
           rules::position_duplicate_name, rules::position_scope(key), now, Evidence::seen, now);
  }
}

/// All of its sources say so, at least two of them, for a while.
void Control::Impl::close_over(const PositionKey& key, MonoTime now) {
  if (positions.book().find(key) == nullptr) return;
  std::string why = "no longer listed by";
  for (const PositionListing& listing : sources.listings(key)) {
    why += fmt::format("{} {} (since {})", why.ends_with(")") ? "," : "", listing.source,
                       format_time(anchor.at(listing.absent_since.value_or(now))));
  }
  close(key, std::move(why), now);
}

void Control::Impl::remember_sources(MonoTime now) {
  sources_changed = sources.take_changed() || sources_changed;
  if (ports.state == nullptr || !sources_changed || sources_at > now) return;
  std::string bytes = sources.encode(anchor);
  sources_at = plus(now, remember_interval + 1s * (bytes.size() / bytes_a_second));
  ports.state->put(std::string(sources_key), std::move(bytes));
  sources_changed = false;
}

MonoTime Control::Impl::next_of_sources() const {
  const MonoTime next = sources.next_deadline();
  return ports.state != nullptr && sources_changed ? std::min(next, sources_at) : next;
}

const PositionSources& Control::position_sources() const {
  return impl_->sources;
}

}  // namespace feedwatch::engine
