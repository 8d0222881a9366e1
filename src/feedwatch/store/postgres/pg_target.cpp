#include "feedwatch/store/postgres/pg_target.hpp"

#include <fmt/format.h>
#include <libpq-fe.h>

#include <algorithm>
#include <array>
#include <memory>

namespace feedwatch::store {
namespace {

Error bad_url(std::string why, std::string fix) {
  return {"store url postgresql://…", std::move(why), std::move(fix)};
}

/// "user:secret@" in front of the host. Looked for by ourselves: libpq repeats what it cannot read.
bool has_password(std::string_view url) {
  const std::string_view rest = url.substr(url.find("://") + 3);
  const std::string_view authority = rest.substr(0, rest.find_first_of("/?#"));
  const std::size_t at = authority.rfind('@');
  return at != authority.npos && authority.substr(0, at).contains(':');
}

constexpr std::array<std::string_view, 2> secrets{"password", "sslpassword"};

std::string shown(const PgTarget& target) {
  const std::string user = target.get("user");
  const std::string host = target.get("host");
  const std::string port = target.get("port");
  return fmt::format("postgresql://{}{}{}{}{}{}/{}", user, user.empty() ? "" : "@",
                     host.contains('/') ? "" : host, port.empty() ? "" : ":", port, "",
                     target.get("dbname"));
}

}  // namespace

bool is_postgres_url(std::string_view url) {
  return url.starts_with("postgresql://") || url.starts_with("postgres://");
}

std::string PgTarget::get(std::string_view keyword) const {
  const auto found =
      std::ranges::find(keywords, keyword, &std::pair<std::string, std::string>::first);
  return found == keywords.end() ? std::string{} : found->second;
}

Result<PgTarget> pg_target(const std::string& url, const std::filesystem::path& password_file) {
  if (!is_postgres_url(url) || url.contains('\0')) {
    return std::unexpected(
        bad_url("is no URL of a PostgreSQL database", "use postgresql://user@host:5432/database"));
  }
  const auto in_a_file = [](const char* what) {
    return bad_url(fmt::format("holds a {}", what),
                   "take it out of the URL and name a file with it in [store] password_file");
  };
  if (has_password(url)) return std::unexpected(in_a_file("password"));
  const std::unique_ptr<PQconninfoOption, void (*)(PQconninfoOption*)> options(
      PQconninfoParse(url.c_str(), nullptr), &PQconninfoFree);
  if (options == nullptr) {
    return std::unexpected(
        bad_url("is not understood: an unknown parameter, or a % without two "
                "hexadecimal digits",
                "use postgresql://user@host:5432/database?sslmode=verify-full"));
  }
  PgTarget target{.keywords = {}, .password_file = password_file, .shown = {}};
  for (const PQconninfoOption* each = options.get(); each->keyword != nullptr; ++each) {
    if (each->val == nullptr) continue;
    if (std::ranges::find(secrets, std::string_view(each->keyword)) != secrets.end()) {
      return std::unexpected(in_a_file(each->keyword));
    }
    target.keywords.emplace_back(each->keyword, each->val);
  }
  if (target.get("dbname").empty()) {
    return std::unexpected(
        bad_url("names no database", "use postgresql://user@host:5432/database"));
  }
  target.shown = shown(target);
  return target;
}

}  // namespace feedwatch::store
