#include "feedwatch/store/postgres/pg_connection.hpp"

#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <fstream>

#include "feedwatch/store/postgres/pg_resolve.hpp"

namespace feedwatch::store {
namespace {

/// For people and their tools: which sessions are ours, and that dead ones end soon.
constexpr std::string_view session_sql =
    "SET search_path = feedwatch; SET client_min_messages = error; SET timezone = 'UTC'; "
    "SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3; "
    "SET idle_in_transaction_session_timeout = '60s'; ";

bool is_ok(const PGresult* result) {
  const ExecStatusType status = PQresultStatus(result);
  return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
}

std::string one_line(std::string text) {
  while (text.ends_with('\n')) text.pop_back();
  std::ranges::replace(text, '\n', ' ');
  return text;
}

std::string seconds(Duration limit) {
  return fmt::format("{:g} s", std::chrono::duration<double>(limit).count());
}

/// Of a file that a person wrote: without the end of its line.
std::string read_password(const std::filesystem::path& file) {
  std::ifstream in(file);
  std::string password;
  if (!in || !std::getline(in, password) || password.empty()) {
    throw PgFailure("28000", "the password file " + file.string() + " cannot be read or is empty");
  }
  if (password.ends_with('\r')) password.pop_back();
  return password;
}

}  // namespace

std::string PgConnection::message() const {
  return one_line(PQerrorMessage(raw_.get()));
}

void PgConnection::lost(const std::string& why) {
  raw_.reset();
  throw PgFailure("", why);
}

PGconn* PgConnection::raw() {
  if (raw_ == nullptr) throw PgFailure("", "there is no connection");
  return raw_.get();
}

std::vector<std::pair<std::string, std::string>> PgConnection::keywords(PgWait::Deadline deadline) {
  std::vector<std::pair<std::string, std::string>> all{
      {"application_name", "feedwatch"}, {"client_encoding", "UTF8"}, {"gssencmode", "disable"}};
  const std::string host = target_.get("host");
  if (target_.get("hostaddr").empty() && is_host_name(host)) {
    // Not left to libpq, which would wait for the resolver as long as that likes.
    const std::vector<std::string> addresses = resolve(host, wait_, deadline);
    if (addresses.empty()) throw PgFailure("", "the host name " + host + " cannot be resolved");
    std::string hosts;
    std::string hostaddrs;
    for (const std::string& address : addresses) {
      hosts += (hosts.empty() ? "" : ",") + host;
      hostaddrs += (hostaddrs.empty() ? "" : ",") + address;
    }
    all.emplace_back("hostaddr", hostaddrs);
    all.emplace_back("host", hosts);
  } else if (!host.empty()) {
    all.emplace_back("host", host);
  }
  for (const auto& [keyword, value] : target_.keywords) {
    if (keyword == "host") continue;
    std::erase_if(all, [&](const auto& each) { return each.first == keyword; });
    all.emplace_back(keyword, value);
  }
  if (!target_.password_file.empty()) {
    all.emplace_back("password", read_password(target_.password_file));
  }
  return all;
}

void PgConnection::connect() {
  raw_.reset();
  dial(PgWait::in(limit_));
  PQsetnonblocking(raw(), 1);
  PQsetNoticeProcessor(raw(), [](void*, const char*) {}, nullptr);
  const auto ms = std::chrono::ceil<std::chrono::milliseconds>(limit_).count();
  script(std::string(session_sql) + fmt::format("SET statement_timeout = {}", ms));
}

void PgConnection::dial(PgWait::Deadline deadline) {
  const auto pairs = keywords(deadline);
  std::vector<const char*> names;
  std::vector<const char*> values;
  for (const auto& [name, value] : pairs) {
    names.push_back(name.c_str());
    values.push_back(value.c_str());
  }
  names.push_back(nullptr);
  values.push_back(nullptr);
  raw_.reset(PQconnectStartParams(names.data(), values.data(), 0));
  if (raw_ == nullptr) throw PgFailure("", "no memory is left for a connection");
  PostgresPollingStatusType status = PGRES_POLLING_WRITING;
  if (PQstatus(raw_.get()) == CONNECTION_BAD) lost(message());
  while (status != PGRES_POLLING_OK) {
    await(status == PGRES_POLLING_READING ? POLLIN : POLLOUT, deadline);
    status = PQconnectPoll(raw());
    if (status != PGRES_POLLING_FAILED) continue;
    const std::string why = message();
    // libpq keeps no SQLSTATE of a connection refused: what the server says in words is all.
    const bool refused = why.contains("authentication failed") || why.contains("pg_hba.conf") ||
                         why.contains("no password supplied") ||
                         (why.contains("role \"") && why.contains("does not exist"));
    const bool no_database = why.contains("database \"") && why.contains("does not exist");
    raw_.reset();
    throw PgFailure(refused ? "28000" : no_database ? "3D000" : "", why);
  }
}

void PgConnection::await(short events, PgWait::Deadline deadline) {
  switch (wait_.wait(PQsocket(raw()), events, deadline)) {
    case PgWait::Outcome::ready:
      return;
    case PgWait::Outcome::late:
      lost("the server has not answered for " + seconds(limit_));
    case PgWait::Outcome::interrupted:
      lost("given up because the program ends");
  }
}

bool PgConnection::rest(Duration pause) {
  return wait_.wait(-1, 0, PgWait::in(pause)) == PgWait::Outcome::late && !wait_.interrupted();
}

void PgConnection::flush() {
  while (true) {
    const int left = PQflush(raw());
    if (left < 0) lost(message());
    if (left == 0) return;
    await(POLLIN | POLLOUT, PgWait::in(limit_));
    // The server may wait for us to read before it reads on.
    if (PQconsumeInput(raw()) == 0) lost(message());
  }
}

void PgConnection::exchange() {
  flush();
  await(POLLIN, PgWait::in(limit_));
  if (PQconsumeInput(raw()) == 0) lost(message());
}

/// The answer to what was sent; throws the server's complaint.
PgResult PgConnection::answer() {
  flush();
  PgResult last;
  while (true) {
    while (PQisBusy(raw()) != 0) exchange();
    PgResult result(PQgetResult(raw()));
    if (result.get() == nullptr) break;
    if (last.get() == nullptr || is_ok(last.get())) last = std::move(result);
  }
  if (last.get() == nullptr || !is_ok(last.get())) {
    const PgFailure failure = last.get() == nullptr ? PgFailure("", message()) : last.failure();
    if (PQstatus(raw()) == CONNECTION_BAD) raw_.reset();
    throw failure;
  }
  return last;
}

PgResult PgConnection::run(std::string_view sql, const PgValues& values) {
  PgValues bound = values;
  const std::string text(sql);
  if (PQsendQueryParams(raw(), text.c_str(), bound.size(), bound.types().data(),
                        bound.pointers().data(), bound.lengths().data(), bound.formats().data(),
                        1) == 0) {
    lost(message());
  }
  return answer();
}

void PgConnection::script(const std::string& sql) {
  if (PQsendQuery(raw(), sql.c_str()) == 0) lost(message());
  static_cast<void>(answer());
}

void PgConnection::prepare(const char* name, std::string_view sql) {
  const std::string text(sql);
  if (PQsendPrepare(raw(), name, text.c_str(), 0, nullptr) == 0) lost(message());
  static_cast<void>(answer());
}

void PgConnection::roll_back() {
  if (raw_ == nullptr || PQtransactionStatus(raw_.get()) == PQTRANS_IDLE) return;
  try {
    script("ROLLBACK");
  } catch (const PgFailure&) {
    raw_.reset();
  }
}

PgPipeline::PgPipeline(PgConnection& connection) : connection_(connection) {
  if (PQenterPipelineMode(connection_.raw()) == 0) connection_.lost(connection_.message());
}

PgPipeline::~PgPipeline() {
  if (!finished_) connection_.close();
}

void PgPipeline::add(const char* prepared, PgValues& values) {
  if (PQsendQueryPrepared(connection_.raw(), prepared, values.size(), values.pointers().data(),
                          values.lengths().data(), values.formats().data(), 1) == 0) {
    connection_.lost(connection_.message());
  }
}

void PgPipeline::add(const char* sql) {
  if (PQsendQueryParams(connection_.raw(), sql, 0, nullptr, nullptr, nullptr, nullptr, 1) == 0) {
    connection_.lost(connection_.message());
  }
}

std::vector<PgResult> PgPipeline::finish() {
  if (PQpipelineSync(connection_.raw()) == 0) connection_.lost(connection_.message());
  while (true) {
    while (PQisBusy(connection_.raw()) != 0) connection_.exchange();
    PgResult result(PQgetResult(connection_.raw()));
    if (PQstatus(connection_.raw()) == CONNECTION_BAD) connection_.lost(connection_.message());
    if (result.get() == nullptr) continue;  // the end of one statement's answers
    if (PQresultStatus(result.get()) == PGRES_PIPELINE_SYNC) break;
    take(std::move(result));
  }
  leave();
  if (failure_ != nullptr) throw PgFailure(*failure_);
  return std::move(results_);
}

void PgPipeline::take(PgResult result) {
  if (!is_ok(result.get()) && failure_ == nullptr) {
    failure_ = std::make_unique<PgFailure>(result.failure());
    failed_at_ = answered_;
  }
  ++answered_;
  if (PQresultStatus(result.get()) == PGRES_TUPLES_OK) results_.push_back(std::move(result));
}

void PgPipeline::leave() {
  // Nothing is under way any more, so this cannot fail; if it does, the state is unknown.
  if (PQexitPipelineMode(connection_.raw()) == 0) connection_.lost(connection_.message());
  finished_ = true;
}

}  // namespace feedwatch::store
