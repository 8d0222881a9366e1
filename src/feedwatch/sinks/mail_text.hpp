#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "feedwatch/base/ports/sink.hpp"
#include "feedwatch/sinks/wording.hpp"

namespace feedwatch::sinks {

struct MailAddresses {
  std::string from;
  std::vector<std::string> to;
};

/// "Sun, 22 Nov 2026 07:40:05 +0000" (RFC 5322).
std::string mail_date(WallTime time);

/// A header's text: as it is while it is short printable ASCII, else encoded words of RFC 2047.
/// Nothing in `text` begins a new header.
std::string header_text(std::string_view text);

/// Base64 in lines of 76 characters.
std::string base64_lines(std::string_view text);

/// One whole message (RFC 5322) with CRLF: a plain text part in UTF-8. Its Message-ID is that of
/// the notification's key, so that every attempt is the same message; messages about one group
/// share a thread.
std::string mail_message(const Notification& notification, const MailAddresses& addresses,
                         const Speaker& speaker);

}  // namespace feedwatch::sinks
