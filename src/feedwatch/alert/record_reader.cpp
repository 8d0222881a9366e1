#include <charconv>
#include <cstdint>
#include <utility>

#include "feedwatch/alert/payload.hpp"
#include "feedwatch/base/time_text.hpp"

namespace feedwatch::alert {
namespace {

constexpr std::size_t deepest = 32;

/// Appends one code point of the basic plane, which is where every escape of our writer lies.
void append_utf8(std::string& out, unsigned point) {
  if (point < 0x80U) {
    out += static_cast<char>(point);
  } else if (point < 0x800U) {
    out += static_cast<char>(0xC0U | (point >> 6U));
    out += static_cast<char>(0x80U | (point & 0x3FU));
  } else {
    out += static_cast<char>(0xE0U | (point >> 12U));
    out += static_cast<char>(0x80U | ((point >> 6U) & 0x3FU));
    out += static_cast<char>(0x80U | (point & 0x3FU));
  }
}

/// Front to back over one record; the first thing that is not as written stops it for good.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  bool done() const { return ok_ && rest_.empty(); }
  bool failed() const { return !ok_; }

  void expect(std::string_view token) {
    ok_ = ok_ && rest_.starts_with(token);
    if (ok_) rest_.remove_prefix(token.size());
  }

  bool accept(std::string_view token) {
    if (!ok_ || !rest_.starts_with(token)) return false;
    rest_.remove_prefix(token.size());
    return true;
  }

  std::string string() {
    std::string out;
    expect("\"");
    while (ok_ && !rest_.starts_with('"')) character(out);
    expect("\"");
    return out;
  }

  /// The value of the member that has to come next.
  std::string member(std::string_view name) {
    begin(name);
    return string();
  }

  void begin(std::string_view name) {
    expect("\"");
    expect(name);
    expect("\":");
  }

  /// One object as it stands.
  std::string object() {
    const std::string_view from = rest_;
    std::size_t depth = 0;
    if (!rest_.starts_with('{')) ok_ = false;
    while (ok_) {
      if (rest_.starts_with('"')) {
        (void)string();
        continue;
      }
      if (rest_.empty()) {
        ok_ = false;
        break;
      }
      const char c = rest_.front();
      rest_.remove_prefix(1);
      if (c == '{' || c == '[') ++depth;
      if (c == '}' || c == ']') --depth;
      if (depth == 0) break;
      ok_ = depth <= deepest;
    }
    return std::string(from.substr(0, from.size() - rest_.size()));
  }

 private:
  void character(std::string& out) {
    if (rest_.empty() || static_cast<unsigned char>(rest_.front()) < 0x20) {
      ok_ = false;
    } else if (rest_.front() == '\\') {
      escape(out);
    } else {
      out += rest_.front();
      rest_.remove_prefix(1);
    }
  }

  void escape(std::string& out) {
    constexpr std::string_view letters = "\"\\/bfnrt";
    constexpr std::string_view meanings = "\"\\/\b\f\n\r\t";
    const char letter = rest_.size() > 1 ? rest_[1] : '\0';
    if (const std::size_t at = letters.find(letter); at != std::string_view::npos) {
      out += meanings[at];
      rest_.remove_prefix(2);
      return;
    }
    unsigned point = 0;
    const std::string_view digits = rest_.substr(0, 6).size() == 6 ? rest_.substr(2, 4) : "";
    const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), point, 16);
    ok_ = letter == 'u' && digits.size() == 4 && read.ptr == digits.data() + digits.size() &&
          (point < 0xD800U || point > 0xDFFFU);
    if (!ok_) return;
    append_utf8(out, point);
    rest_.remove_prefix(6);
  }

  std::string_view rest_;
  bool ok_ = true;
};

Labels labels_of(Reader& reader) {
  Labels labels;
  reader.expect("{");
  while (!reader.failed() && !reader.accept("}")) {
    if (!labels.empty()) reader.expect(",");
    std::string name = reader.string();
    reader.expect(":");
    std::string value = reader.string();
    labels.emplace_back(std::move(name), std::move(value));
  }
  return labels;
}

}  // namespace

std::optional<Notice> read_notice(std::string_view record) {
  Reader reader(record);
  Notice notice;
  const auto text = [&](std::string_view name, std::string& into) {
    into = reader.member(name);
    reader.expect(",");
  };
  reader.expect("{");
  text("key", notice.key);
  text("alert_id", notice.alert_id);
  text("name", notice.name);
  text("identity", notice.identity);
  text("fingerprint", notice.fingerprint);
  reader.begin("labels");
  notice.labels = labels_of(reader);
  reader.expect(",");
  text("severity", notice.severity);
  text("news", notice.news);
  text("message", notice.message);
  reader.begin("metadata");
  notice.metadata = reader.object();
  reader.expect(",");
  std::string started;
  text("started_at", started);
  reader.begin("resolved_at");
  const bool fires = reader.accept("null");
  const std::string resolved = fires ? std::string() : reader.string();
  reader.expect("}");
  if (!reader.done()) return std::nullopt;
  const auto since = parse_time(started);
  const auto until = fires ? since : parse_time(resolved);
  if (!since || !until) return std::nullopt;
  notice.started_at = *since;
  if (!fires) notice.resolved_at = *until;
  return notice;
}

}  // namespace feedwatch::alert
