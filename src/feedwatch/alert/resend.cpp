#include "feedwatch/alert/resend.hpp"

#include <algorithm>

#include "feedwatch/alert/payload.hpp"
#include "feedwatch/base/saturate.hpp"

namespace feedwatch::alert {

void Resend::note(const Notice& notice, MonoTime now) {
  const auto known = alerts_.find(notice.identity);
  if (notice.resolved() && known == alerts_.end()) return;
  const bool same = known != alerts_.end() && known->second.notice.alert_id == notice.alert_id;
  Entry entry{notice, notice.resolved() ? plus(now, ended_for) : never_mono,
              same && known->second.told};
  // What is told again is a state: a rise was news once.
  if (!notice.resolved()) entry.notice.news = "repeated";
  alerts_.insert_or_assign(notice.identity, std::move(entry));
  if (round_ == never_mono) round_ = plus(now, limits_.resend);
}

std::optional<Notification> Resend::due(MonoTime now) {
  if (in_flight_ || round_ > now) return std::nullopt;
  std::erase_if(alerts_, [&](const auto& entry) { return entry.second.until <= now; });
  Notification notification;
  std::vector<std::string_view> keys;
  auto next = alerts_.upper_bound(cursor_);
  for (; next != alerts_.end() && keys.size() < limits_.notices; ++next) {
    const Notice& notice = next->second.notice;
    next->second.told = true;
    notification.notices.push_back(notice);
    keys.push_back(notice.key);
    ++(notice.resolved() ? notification.resolved : notification.firing);
    cursor_ = next->first;
  }
  if (keys.empty()) {
    // The round is over.
    cursor_.clear();
    round_ = alerts_.empty() ? never_mono : std::max(plus(round_, limits_.resend), plus(now, 1s));
    return std::nullopt;
  }
  notification.id = set_key(keys);
  in_flight_ = true;
  return notification;
}

bool Resend::has_told(const std::string& identity) const {
  const auto known = alerts_.find(identity);
  return known != alerts_.end() && known->second.told;
}

void Resend::answered(const SinkResult& result, MonoTime now) {
  in_flight_ = false;
  if (result.status == SinkResult::Status::delivered) return;
  cursor_.clear();
  round_ = plus(now, std::max(limits_.resend, result.retry_after.value_or(Duration::zero())));
}

MonoTime Resend::next_deadline() const {
  return in_flight_ ? never_mono : round_;
}

}  // namespace feedwatch::alert
