#include "feedwatch/replay/reads.hpp"

#include <charconv>

namespace feedwatch::replay {

FrameType frame_type_of(const capture::Record& record) {
  if (record.session != nullptr && record.session->event == capture::SessionEvent::control) {
    return record.session->operation == "ping" ? FrameType::ping : FrameType::pong;
  }
  return record.binary ? FrameType::binary : FrameType::text;
}

CloseReport close_report_of(const capture::Record& record) {
  const capture::Session& session = *record.session;
  CloseReport report{.phase = capture::dial_phase_of(session.phase).value_or(DialPhase::open),
                     .by_us = session.by_us,
                     .detail = std::string(record.text)};
  if (session.status) report.http_status = static_cast<int>(*session.status);
  if (session.code) report.close_code = static_cast<std::uint16_t>(*session.code);
  if (session.retry) report.retry_after = Duration{*session.retry};
  return report;
}

std::optional<ConnId> conn_of(const capture::Record& record) {
  std::uint32_t number = 0;
  const std::string_view text = record.connection;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return ConnId{number};
}

}  // namespace feedwatch::replay
