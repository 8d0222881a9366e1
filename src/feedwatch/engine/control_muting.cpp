#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "feedwatch/alert/memory.hpp"
#include "feedwatch/alert/told.hpp"
#include "feedwatch/base/saturate.hpp"
#include "feedwatch/engine/control_impl.hpp"

namespace feedwatch::engine {
namespace {

using alert::Change;

constexpr Duration remember_interval = 250ms;
constexpr std::size_t max_name = 400;
constexpr std::size_t max_comment = 4'096;

SilenceRow row_of(const muting::Silence& silence) {
  SilenceRow row;
  row.id = silence.id;
  row.matchers = muting::json_of(silence.matchers);
  row.starts_at = silence.starts_at;
  row.ends_at = silence.ends_at;
  row.created_by = silence.created_by;
  row.comment = silence.comment;
  row.created_at = silence.created_at;
  row.updated_at = silence.updated_at;
  return row;
}

Error no_alert(const std::string& id) {
  return {"alert", fmt::format("no open one has the id {}", id), "see /v1/alerts?open=true"};
}

}  // namespace

MonoTime Control::Impl::mono_of(WallTime at) const {
  if (at == WallTime::max()) return never_mono;
  return plus(anchor.mono, minus(at, anchor.wall));
}

/// The labels matchers see: scope, name, severity and which monitor speaks.
muting::MutedBy Control::Impl::muted_by(const alert::Alert& alert, MonoTime now) const {
  if (muting.idle()) return {};
  Labels labels = alert.labels;
  labels.emplace_back("alertname", alert.name);
  labels.emplace_back("severity", to_text(alert.severity));
  labels.emplace_back("instance", options.instance);
  return muting.by(labels, anchor.at(now));
}

bool Control::Impl::is_muted(const alert::Alert& alert, MonoTime now) const {
  return alert.ack.has_value() || muted_by(alert, now).any();
}

/// What is told of a change another writer made of an alert, with or without notes of it.
std::optional<alert::Severity> Control::Impl::tell_adopted(
    const AlertRow& row, const std::vector<NotificationRow>& notes, bool is_known, MonoTime now) {
  const bool is_resolved = row.state == to_text(alert::State::resolved);
  Change change;
  change.type = is_resolved ? Change::Type::resolved
                : is_known  ? Change::Type::raised
                            : Change::Type::fired;
  change.alert.identity = row.identity;
  change.alert.name = row.name;
  change.alert.labels = row.labels;
  change.alert.severity = alert::severity_from_text(row.severity);
  // Without notes it is no news: they have left, nobody takes them, or other words were found.
  if (notes.empty() && is_known && !is_resolved) return telling.told(row.identity);
  const bool muted = !notes.empty() && is_muted(change.alert, now);
  if (!telling.take(change, muted)) return std::nullopt;
  return change.alert.severity;
}

void Control::Impl::take_notes(const AlertRow& row, std::vector<NotificationRow> notes,
                               bool is_known, MonoTime now) {
  const auto told = tell_adopted(row, notes, is_known, now);
  if (!told) return withdraw(std::move(notes), now);
  const Notice notice = as_told(row, *told);
  keep_alive(notice, now);
  std::vector<NotificationRow> unheard;
  for (auto& note : notes) {
    const auto sink = std::ranges::find(outbox.sinks(), note.sink);
    const bool heard = sink == outbox.sinks().end() ||
                       is_told_of(static_cast<std::size_t>(sink - outbox.sinks().begin()), notice);
    if (heard) {
      restore_notification(std::move(note), {row}, now);
    } else {
      unheard.push_back(std::move(note));
    }
  }
  withdraw(std::move(unheard), now);
}

void Control::Impl::withdraw(std::vector<NotificationRow> notes, MonoTime now) {
  if (notes.empty()) return;
  std::vector<JournalRow> rows;
  rows.reserve(notes.size());
  for (auto& note : notes) {
    note.state = "failed";
    note.last_error = alert::muted_note;
    note.finished_at = anchor.at(now);
    rows.emplace_back(std::move(note));
  }
  journal.push({journal.next_key("muted"), std::move(rows)}, JournalQueue::Type::notification, now);
}

std::size_t Control::Impl::hearers_of(const Notice& notice) const {
  std::size_t count = 0;
  for (std::size_t sink = 0; sink < outbox.sinks().size(); ++sink) {
    if (is_told_of(sink, notice)) ++count;
  }
  return count;
}

/// A silence or a window begins: what waits for its group, or for its sink's turn, is as if it came
/// now. Once one of the sinks was told the others are too, so that an end is an end to all of them.
/// An acknowledgement takes nothing back: it mutes repeats.
void Control::Impl::withdraw_muted(MonoTime now) {
  if (muting_at > now || muting.idle()) return;
  const auto has_told = [](const std::string& identity) {
    return [&identity](const auto& resend) { return resend && resend->has_told(identity); };
  };
  for (const auto& [identity, news] : outbox.untold()) {
    if (news.sinks.size() != hearers_of(*news.notice)) continue;
    if (std::ranges::any_of(resends, has_told(identity))) continue;
    const alert::Alert* alert = pipeline.find(identity);
    if (alert == nullptr || alert->id != news.notice->alert_id) continue;
    if (!muted_by(*alert, now).any()) continue;
    outbox.take_back(identity, std::string(alert::muted_note));
    telling.take_back(identity);
    for (auto& resend : resends) {
      if (resend) resend->forget(identity);
    }
  }
}

/// What was muted, is not any more and still fires is told now.
void Control::Impl::release_muted(MonoTime now) {
  if (muting_at > now && !ack_changed) return;
  ack_changed = false;
  muting_at = mono_of(muting.next_change(anchor.at(now)));
  if (!telling.owes()) return;
  auto releases =
      telling.release([this](const std::string& identity) { return pipeline.find(identity); },
                      [this, now](const alert::Alert& alert) { return is_muted(alert, now); }, now);
  for (auto& [change, told_before] : releases) {
    refresh_text(change.alert, now);
    pipeline.reword(change.alert);
    std::vector<JournalRow> rows{row_of(change.alert)};
    add_notifications({std::move(change), now}, told_before, now, rows);
    journal.push({journal.next_key("told"), std::move(rows)}, JournalQueue::Type::alert, now);
  }
}

MonoTime Control::Impl::next_muting() const {
  MonoTime next = muting_at;
  if (ports.state != nullptr && pipeline.memory_changed()) next = std::min(next, remember_at);
  return next;
}

void Control::Impl::keep(const std::vector<muting::Silence>& silences, MonoTime now) {
  std::vector<JournalRow> rows;
  rows.reserve(silences.size());
  for (const auto& silence : silences) rows.emplace_back(engine::row_of(silence));
  journal.push({journal.next_key("silence"), std::move(rows)}, JournalQueue::Type::alert, now);
  muting_at = MonoTime::min();
}

Result<void> Control::Impl::acknowledge(const std::string& alert_id, std::optional<alert::Ack> ack,
                                        MonoTime now) {
  const alert::Alert* alert = pipeline.find_id(alert_id);
  if (alert == nullptr) return std::unexpected(no_alert(alert_id));
  const std::string identity = alert->identity;
  if (!pipeline.acknowledge(identity, std::move(ack), now)) {
    return std::unexpected(Error{"alert", "nobody has acknowledged it", ""});
  }
  ack_changed = true;
  return {};
}

/// Seldom enough that ten thousand alerts that come one by one are not written ten thousand times.
void Control::Impl::remember(MonoTime now) {
  if (ports.state == nullptr || !pipeline.memory_changed() || remember_at > now) return;
  ports.state->put(std::string(memory_key),
                   alert::encode_memory(pipeline.memory(), anchor.at(now)));
  remember_at = now + remember_interval;
}

Result<muting::Silence> Control::put_silence(muting::Silence wish) {
  const MonoTime now = impl_->ports.clock.now();
  auto changed = impl_->muting.silences.put(std::move(wish), impl_->anchor.at(now));
  if (!changed) return std::unexpected(changed.error());
  impl_->keep(*changed, now);
  impl_->run(now);
  return std::move(changed->back());
}

Result<muting::Silence> Control::expire_silence(const std::string& id) {
  const MonoTime now = impl_->ports.clock.now();
  auto expired = impl_->muting.silences.expire(id, impl_->anchor.at(now));
  if (!expired) return expired;
  impl_->keep({*expired}, now);
  impl_->run(now);
  return expired;
}

Result<void> Control::acknowledge(const std::string& alert_id, std::string by,
                                  std::string comment) {
  const MonoTime now = impl_->ports.clock.now();
  if (by.empty() || by.size() > max_name) {
    return std::unexpected(
        Error{"by", by.empty() ? "is missing or empty" : "is too long", "say who takes it on"});
  }
  if (comment.size() > max_comment) {
    return std::unexpected(
        Error{"comment", fmt::format("is over {} bytes", max_comment), "say less"});
  }
  auto done = impl_->acknowledge(
      alert_id, alert::Ack{impl_->anchor.at(now), std::move(by), std::move(comment)}, now);
  if (done) impl_->run(now);
  return done;
}

Result<void> Control::unacknowledge(const std::string& alert_id) {
  const MonoTime now = impl_->ports.clock.now();
  auto done = impl_->acknowledge(alert_id, std::nullopt, now);
  if (done) impl_->run(now);
  return done;
}

void Control::set_maintenances(std::vector<muting::Maintenance> maintenances) {
  impl_->muting.set_maintenances(std::move(maintenances));
  impl_->muting_at = MonoTime::min();
  impl_->run(impl_->ports.clock.now());
}

std::vector<muting::Silence> Control::silences() const {
  return impl_->muting.silences.list(impl_->anchor.at(impl_->ports.clock.now()));
}

WallTime Control::utc(MonoTime now) const {
  return impl_->anchor.at(now);
}

}  // namespace feedwatch::engine
