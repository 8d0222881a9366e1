#include "feedwatch/sinks/mail_text.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <span>

#include "feedwatch/base/time_text.hpp"
#include "feedwatch/base/utf8.hpp"

namespace feedwatch::sinks {
namespace {

constexpr std::string_view newline = "\r\n";
constexpr std::size_t max_subject = 200;

std::string base64(std::string_view text) {
  std::string out(4 * ((text.size() + 2) / 3) + 1, '\0');
  // The bytes as OpenSSL spells them.
  const auto* const from = reinterpret_cast<const unsigned char*>(text.data());
  auto* const to = reinterpret_cast<unsigned char*>(out.data());
  out.resize(static_cast<std::size_t>(EVP_EncodeBlock(to, from, static_cast<int>(text.size()))));
  return out;
}

/// 32 hexadecimal digits, whatever the text holds.
std::string digest(std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> bytes{};
  unsigned size = 0;
  EVP_Digest(text.data(), text.size(), bytes.data(), &size, EVP_sha256(), nullptr);
  std::string hex;
  for (const unsigned char byte : std::span(bytes).first(16)) hex += fmt::format("{:02x}", byte);
  return hex;
}

bool is_plain(std::string_view text) {
  return text.size() <= 66 && text.find("=?") == std::string_view::npos &&
         std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~'; });
}

std::string message_id(std::string_view key, std::string_view from) {
  return fmt::format("<{}.feedwatch@{}>", digest(key), from.substr(from.rfind('@') + 1));
}

std::string body_of(const Notification& notification, const Speaker& speaker) {
  std::string text;
  for (const std::string& line : lines_of(notification))
    text.append(one_line(line)).append(newline);
  for (const Notice& notice : notification.notices) {
    text.append(newline).append(one_line(notice.identity)).append(newline);
    text += fmt::format("  since {}", format_time(notice.started_at));
    if (notice.resolved_at) text += fmt::format(", until {}", format_time(*notice.resolved_at));
    text.append(newline);
    if (const std::string url = alert_url(notice, speaker); !url.empty()) {
      text += fmt::format("  {}{}", url, newline);
    }
  }
  if (!speaker.instance.empty()) {
    text += fmt::format("{}-- {}{}", newline, newline, one_line(speaker.instance) + "\r\n");
  }
  return text;
}

}  // namespace

std::string mail_date(WallTime time) {
  constexpr std::array<std::string_view, 7> days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array<std::string_view, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                    "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const Duration since_epoch = time.time_since_epoch();
  const std::chrono::sys_days day{std::chrono::floor<std::chrono::days>(since_epoch)};
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss clock{
      std::chrono::floor<std::chrono::seconds>(since_epoch - day.time_since_epoch())};
  const std::chrono::weekday weekday{day};
  return fmt::format("{}, {:02} {} {:04} {:02}:{:02}:{:02} +0000", days.at(weekday.c_encoding()),
                     static_cast<unsigned>(date.day()),
                     months.at(static_cast<unsigned>(date.month()) - 1),
                     static_cast<int>(date.year()), clock.hours().count(), clock.minutes().count(),
                     clock.seconds().count());
}

std::string header_text(std::string_view text) {
  const std::string line = one_line(text);
  if (is_plain(line)) return line;
  // 45 bytes are 60 characters of base64, with their frame within the 75 an encoded word may have.
  constexpr std::size_t word = 45;
  std::string out;
  for (std::string_view rest = line; !rest.empty();) {
    const std::string_view part = cut_bytes(rest, word);
    out += fmt::format("{}=?UTF-8?B?{}?=", out.empty() ? "" : "\r\n ", base64(part));
    rest.remove_prefix(part.size());
  }
  return out;
}

std::string base64_lines(std::string_view text) {
  constexpr std::size_t line = 57;  // bytes, 76 characters
  std::string out;
  for (; !text.empty(); text.remove_prefix(std::min(line, text.size()))) {
    out.append(base64(text.substr(0, line))).append(newline);
  }
  return out;
}

std::string mail_message(const Notification& notification, const MailAddresses& addresses,
                         const Speaker& speaker) {
  std::string out;
  const auto header = [&](std::string_view name, std::string_view value) {
    out.append(name).append(": ").append(value).append(newline);
  };
  std::string to;
  for (const std::string& each : addresses.to) {
    to.append(to.empty() ? "" : ",\r\n ").append(one_line(each));
  }
  header("Date", mail_date(notification.sent_at));
  header("From", one_line(addresses.from));
  header("To", to);
  header("Subject", header_text(cut_points(headline(notification), max_subject)));
  header("Message-ID", message_id(notification.id, addresses.from));
  header("References", message_id("group " + notification.group_key, addresses.from));
  header("Auto-Submitted", "auto-generated");
  header("MIME-Version", "1.0");
  header("Content-Type", "text/plain; charset=utf-8");
  header("Content-Transfer-Encoding", "base64");
  out.append(newline).append(base64_lines(body_of(notification, speaker)));
  return out;
}

}  // namespace feedwatch::sinks
