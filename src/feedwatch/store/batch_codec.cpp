#include "feedwatch/store/batch_codec.hpp"

#include <bit>
#include <cstring>

namespace feedwatch::store {
namespace {

// Versions of the format, by what they brought.
constexpr std::uint64_t first_version = 1;
constexpr std::uint64_t measured_repairs = 2;     ///< topics and gap of a repair
constexpr std::uint64_t acknowledged_alerts = 3;  ///< and silences, pulses, aged events
constexpr std::uint64_t position_terms = 4;       ///< strategy and rules of a position
constexpr std::uint64_t listed_positions = 5;     ///< whose list has registered it
constexpr std::uint64_t format_version = listed_positions;

/// Writes what `fields` visits.
class Encoder {
 public:
  std::string take() { return std::move(out_); }
  static constexpr bool has(std::uint64_t /*version*/) { return true; }

  void operator()(std::uint64_t value) {
    for (unsigned shift = 0; shift < 64; shift += 8) {
      out_ += static_cast<char>((value >> shift) & 0xffU);
    }
  }
  void operator()(std::int64_t value) { (*this)(static_cast<std::uint64_t>(value)); }
  void operator()(bool value) { out_ += value ? '\1' : '\0'; }
  void operator()(double value) { (*this)(std::bit_cast<std::uint64_t>(value)); }
  void operator()(WallTime value) { (*this)(to_ns(value)); }
  void operator()(const std::string& value) {
    (*this)(static_cast<std::uint64_t>(value.size()));
    out_ += value;
  }
  void operator()(const Labels& labels) {
    (*this)(static_cast<std::uint64_t>(labels.size()));
    for (const auto& [name, value] : labels) {
      (*this)(name);
      (*this)(value);
    }
  }
  template <class T>
  void operator()(const std::optional<T>& value) {
    (*this)(value.has_value());
    if (value) (*this)(*value);
  }

 private:
  std::string out_;
};

/// Counts what Encoder would write.
class Sizer {
 public:
  std::size_t size() const { return size_; }
  static constexpr bool has(std::uint64_t /*version*/) { return true; }

  void operator()(std::uint64_t /*value*/) { size_ += 8; }
  void operator()(std::int64_t /*value*/) { size_ += 8; }
  void operator()(bool /*value*/) { size_ += 1; }
  void operator()(double /*value*/) { size_ += 8; }
  void operator()(WallTime /*value*/) { size_ += 8; }
  void operator()(const std::string& value) { size_ += 8 + value.size(); }
  void operator()(const Labels& labels) {
    size_ += 8;
    for (const auto& [name, value] : labels) size_ += 16 + name.size() + value.size();
  }
  template <class T>
  void operator()(const std::optional<T>& value) {
    size_ += 1;
    if (value) (*this)(*value);
  }

 private:
  std::size_t size_ = 0;
};

/// Reads what `fields` visits; after the first short read everything stays empty and ok() is false.
class Reader {
 public:
  explicit Reader(std::string_view in) : in_(in) {
    (*this)(version_);
    ok_ = ok_ && version_ >= first_version && version_ <= format_version;
  }
  /// Whether the bytes hold what `version` brought.
  bool has(std::uint64_t version) const { return version_ >= version; }
  bool ok() const { return ok_; }
  bool at_end() const { return in_.empty(); }

  void operator()(std::uint64_t& value) {
    value = 0;
    const std::string_view bytes = take(8);
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      value |= static_cast<std::uint64_t>(static_cast<unsigned char>(bytes[i])) << (8U * i);
    }
  }
  void operator()(std::int64_t& value) {
    std::uint64_t raw = 0;
    (*this)(raw);
    value = static_cast<std::int64_t>(raw);
  }
  void operator()(bool& value) {
    const std::string_view byte = take(1);
    value = !byte.empty() && byte[0] != '\0';
  }
  void operator()(double& value) {
    std::uint64_t raw = 0;
    (*this)(raw);
    value = std::bit_cast<double>(raw);
  }
  void operator()(WallTime& value) {
    std::int64_t ns = 0;
    (*this)(ns);
    value = wall_from_ns(ns);
  }
  void operator()(std::string& value) {
    std::uint64_t size = 0;
    (*this)(size);
    value = take(size);
  }
  void operator()(Labels& labels) {
    std::uint64_t count = 0;
    (*this)(count);
    for (std::uint64_t i = 0; i < count && ok_; ++i) {
      auto& [name, value] = labels.emplace_back();
      (*this)(name);
      (*this)(value);
    }
  }
  template <class T>
  void operator()(std::optional<T>& value) {
    bool present = false;
    (*this)(present);
    if (present) (*this)(value.emplace());
  }

 private:
  std::string_view take(std::uint64_t size) {
    if (!ok_ || size > in_.size()) {
      ok_ = false;
      return {};
    }
    const std::string_view head = in_.substr(0, static_cast<std::size_t>(size));
    in_.remove_prefix(head.size());
    return head;
  }

  std::string_view in_;
  bool ok_ = true;
  std::uint64_t version_ = 0;
};

// One list of fields a row type, for both directions: Row is const when encoding.
template <class Visit, class Row>
void fields(Visit& visit, Row& row) {
  using Plain = std::remove_const_t<Row>;
  const auto each = [&visit](auto&... field) { (visit(field), ...); };
  if constexpr (std::is_same_v<Plain, AlertRow>) {
    each(row.id, row.name, row.identity, row.severity, row.state, row.message, row.metadata,
         row.labels, row.started_at, row.updated_at, row.resolved_at);
    if (visit.has(acknowledged_alerts)) each(row.acked_at, row.acked_by, row.ack_comment);
  } else if constexpr (std::is_same_v<Plain, AlertTransitionRow>) {
    each(row.alert_id, row.at, row.from, row.to, row.severity, row.message);
  } else if constexpr (std::is_same_v<Plain, NotificationRow>) {
    each(row.id, row.alert_id, row.sink, row.state, row.payload, row.attempts, row.created_at,
         row.finished_at, row.last_error);
  } else if constexpr (std::is_same_v<Plain, StreamTransitionRow>) {
    each(row.stream, row.at, row.from, row.to, row.reason, row.fault, row.age_seconds, row.merged);
  } else if constexpr (std::is_same_v<Plain, RepairRow>) {
    each(row.id, row.stream, row.step, row.line, row.started_at, row.ended_at, row.ok, row.detail);
    if (visit.has(measured_repairs)) each(row.topics, row.gap_seconds);
  } else if constexpr (std::is_same_v<Plain, SilenceRow>) {
    each(row.id, row.matchers, row.starts_at, row.ends_at, row.created_at, row.updated_at,
         row.created_by, row.comment);
  } else if constexpr (std::is_same_v<Plain, PulseRow>) {
    each(row.name, row.mark, row.at, row.detail, row.count);
  } else if constexpr (std::is_same_v<Plain, AgedMonitoringEventRow>) {
    each(row.id, row.aged_position_id, row.event_type, row.market_price, row.target_price,
         row.price_distance_percent, row.action_taken, row.success, row.error_message,
         row.event_metadata, row.created_at);
  } else if constexpr (std::is_same_v<Plain, TrailingStopRow>) {
    each(row.venue, row.symbol, row.id, row.opened_at, row.state, row.peak, row.stop,
         row.confirmed_stop, row.activation_confirmed, row.last_number, row.decisions,
         row.updated_at);
  } else if constexpr (std::is_same_v<Plain, AgedPositionRow>) {
    each(row.venue, row.symbol, row.id, row.opened_at, row.phase, row.reached, row.exited,
         row.decisions, row.updated_at);
  } else if constexpr (std::is_same_v<Plain, PositionDecisionRow>) {
    each(row.id, row.venue, row.symbol, row.position, row.opened_at, row.number, row.rule, row.type,
         row.price, row.stop, row.peak, row.target, row.phase, row.receive_age_seconds,
         row.event_age_seconds, row.source, row.reason, row.created_at);
  } else {
    static_assert(std::is_same_v<Plain, PositionRow>);
    each(row.venue, row.symbol, row.id, row.side, row.entry_price, row.quantity, row.opened_at,
         row.owner, row.ttl_seconds, row.registered_at, row.updated_at, row.expires_at,
         row.closed_at);
    if (visit.has(position_terms)) each(row.strategy, row.trailing, row.aged);
    if (visit.has(listed_positions)) each(row.listed_by);
  }
}

/// A row of the variant's alternative `index`, filled by the reader.
template <std::size_t I = 0>
std::optional<JournalRow> read_row(Reader& reader, std::uint64_t index) {
  if constexpr (I == std::variant_size_v<JournalRow>) {
    return std::nullopt;
  } else {
    if (index != I) return read_row<I + 1>(reader, index);
    std::variant_alternative_t<I, JournalRow> row;
    fields(reader, row);
    return row;
  }
}

}  // namespace

namespace {

template <class Visit>
void visit_batch(Visit& encode, const JournalBatch& batch) {
  encode(format_version);
  encode(batch.idempotency_key);
  encode(static_cast<std::uint64_t>(batch.rows.size()));
  for (const JournalRow& row : batch.rows) {
    encode(static_cast<std::uint64_t>(row.index()));
    std::visit([&encode](const auto& each) { fields(encode, each); }, row);
  }
}

}  // namespace

std::string encode_batch(const JournalBatch& batch) {
  Encoder encode;
  visit_batch(encode, batch);
  return encode.take();
}

std::size_t encoded_size(const JournalBatch& batch) {
  Sizer sizer;
  visit_batch(sizer, batch);
  return sizer.size();
}

std::optional<JournalBatch> decode_batch(std::string_view bytes) {
  Reader reader(bytes);
  if (!reader.ok()) return std::nullopt;
  std::uint64_t rows = 0;
  JournalBatch batch;
  reader(batch.idempotency_key);
  reader(rows);
  for (std::uint64_t i = 0; i < rows && reader.ok(); ++i) {
    std::uint64_t index = 0;
    reader(index);
    std::optional<JournalRow> row = read_row(reader, index);
    if (!row) return std::nullopt;
    batch.rows.push_back(std::move(*row));
  }
  if (!reader.ok() || !reader.at_end()) return std::nullopt;
  return batch;
}

}  // namespace feedwatch::store
