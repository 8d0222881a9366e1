#include "feedwatch/store/postgres/pg_result.hpp"

#include <array>
#include <bit>
#include <charconv>
#include <string_view>

#include "feedwatch/store/postgres/pg_values.hpp"

namespace feedwatch::store {
namespace {

/// Whether a SQLSTATE is of one of the classes (its first two characters).
template <std::size_t N>
bool is_of(std::string_view sqlstate, const std::array<std::string_view, N>& classes) {
  for (const std::string_view each : classes) {
    if (sqlstate.starts_with(each)) return true;
  }
  return false;
}

std::string field(const PGresult* result, int code) {
  const char* text = PQresultErrorField(result, code);
  return text == nullptr ? std::string{} : std::string{text};
}

}  // namespace

bool PgFailure::permanent() const {
  return is_of(sqlstate_, std::array<std::string_view, 4>{"21", "22", "23", "54"});
}

bool PgFailure::refuses_us() const {
  return is_of(sqlstate_, std::array<std::string_view, 2>{"28", "3D"});
}

PgFailure PgResult::failure() const {
  std::string message = field(raw_.get(), PG_DIAG_MESSAGE_PRIMARY);
  if (message.empty()) message = PQresultErrorMessage(raw_.get());
  while (message.ends_with('\n')) message.pop_back();
  return {field(raw_.get(), PG_DIAG_SQLSTATE), message};
}

std::int64_t PgResult::changes() const {
  const std::string_view text = PQcmdTuples(raw_.get());
  std::int64_t count = 0;
  std::from_chars(text.data(), text.data() + text.size(), count);
  return count;
}

std::string PgRow::text(int column) const {
  return {PQgetvalue(result_, row_, column),
          static_cast<std::size_t>(PQgetlength(result_, row_, column))};
}

/// Numbers of any width come in network order.
std::uint64_t PgRow::bits(int column) const {
  const char* bytes = PQgetvalue(result_, row_, column);
  const int length = PQgetlength(result_, row_, column);
  std::uint64_t value = 0;
  for (int i = 0; i < length && i < 8; ++i) {
    value = value << 8U | static_cast<unsigned char>(bytes[i]);
  }
  return value;
}

bool PgRow::boolean(int column) const {
  return bits(column) != 0;
}

double PgRow::real(int column) const {
  return std::bit_cast<double>(bits(column));
}

WallTime PgRow::time(int column) const {
  return wall_of_pg(integer(column));
}

std::optional<std::string> PgRow::maybe_text(int column) const {
  return is_null(column) ? std::nullopt : std::optional{text(column)};
}

std::optional<bool> PgRow::maybe_bool(int column) const {
  return is_null(column) ? std::nullopt : std::optional{boolean(column)};
}

std::optional<double> PgRow::maybe_real(int column) const {
  return is_null(column) ? std::nullopt : std::optional{real(column)};
}

std::optional<WallTime> PgRow::maybe_time(int column) const {
  return is_null(column) ? std::nullopt : std::optional{time(column)};
}

}  // namespace feedwatch::store
