#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace feedwatch {

/// Why a tick was not stored (semantics §3); counted by reason.
enum class Rejection : std::uint8_t {
  none,
  not_positive,
  crossed_fields,
  unknown_symbol,
  wrong_kind,
  out_of_order,
  old_epoch,
  outside_band,
};
constexpr std::size_t rejection_count = static_cast<std::size_t>(Rejection::outside_band) + 1;

constexpr std::string_view to_text(Rejection rejection) {
  constexpr std::array<std::string_view, rejection_count> words{
      "none",       "not_positive", "crossed_fields", "unknown_symbol",
      "wrong_kind", "out_of_order", "old_epoch",      "outside_band"};
  return words[static_cast<std::size_t>(rejection)];
}

/// What became of a tick at the one gate.
struct Outcome {
  enum class Type : std::uint8_t {
    accepted,   ///< stored: carried, and changed if the value differs
    confirmed,  ///< nothing carried, but the venue implied the value holds
    repeat,     ///< same seq again: confirms where the sheet says so
    ignored,    ///< no field and no implication: renews nothing
    rejected,
  };
  Type type = Type::ignored;
  Rejection rejection = Rejection::none;
  bool sequence_reset = false;  ///< accepted because the venue's order began again
  bool band_broken = false;  ///< accepted although outside the sanity band: it came again and again
  bool backfill = false;     ///< first push of an epoch whose trade time is old
};

}  // namespace feedwatch
