#include "feedwatch/protect/protection_decision.hpp"

namespace feedwatch {
namespace {

void append_part(std::string& out, std::string_view part) {
  for (const char each : part) {
    if (each == '/') {
      out += "%2F";
    } else if (each == '%') {
      out += "%25";
    } else {
      out += each;
    }
  }
  out += '/';
}

}  // namespace

std::string ProtectionDecision::idempotency_key() const {
  std::string out;
  append_part(out, key.venue);
  append_part(out, key.symbol);
  append_part(out, key.id);
  return out + std::to_string(to_ns(opened_at)) + '/' + std::to_string(number);
}

std::string_view type_text(const ProtectionDecision& decision) {
  return std::visit([](const auto& what) { return to_text(what.type); }, decision.what);
}

}  // namespace feedwatch
